package auth

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
)

func benchmark(b *testing.B, f *fixture, header func(i int) string) {
	f.auth = f.instance(func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
	if !f.send(header(0)).OK {
		b.Fatal("refused")
	}
	headers := make([]string, b.N)
	for i := range headers {
		headers[i] = header(i + 1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, h := range headers {
		out, err := f.auth.Authenticate(context.Background(), Request{Method: "GET", Target: target, Authorization: []string{h}, Source: source})
		if err != nil || !out.OK {
			b.Fatalf("%+v, %v", out, err)
		}
	}
}

// A check with its directory read and its conditional put in memory.
func BenchmarkDigest(b *testing.B) {
	for _, algorithm := range []string{"MD5", "SHA-256"} {
		b.Run(algorithm, func(b *testing.B) {
			f := newFixture(b)
			l := f.login()
			l.algorithm = algorithm
			benchmark(b, f, func(i int) string {
				l.nc = fmt.Sprintf("%08x", i)
				return l.header()
			})
		})
	}
}

func BenchmarkBasicWarm(b *testing.B) {
	header := basicHeader(userName, userPassword)
	benchmark(b, newFixture(b), func(int) string { return header })
}

func BenchmarkBasicCold(b *testing.B) {
	f := newFixture(b)
	a := f.auth
	c := a.candidate(must(f.directory.Snapshot(context.Background())), userName, Basic, "")
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := checkHash(c.plain, userPassword); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkChallenge(b *testing.B) {
	f := newFixture(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.auth.challenge("curl/7.88.1", false); err != nil {
			b.Fatal(err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
