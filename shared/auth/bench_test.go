package auth

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth/ntlmtest"
)

func benchmark(b *testing.B, f *fixture, header func(i int) string) {
	f.auth = f.instance(func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
	if !f.ask(f.auth, host, source, header(0)).OK {
		b.Fatal("refused")
	}
	headers := make([]string, b.N)
	for i := range headers {
		headers[i] = header(i + 1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, h := range headers {
		if out := f.ask(f.auth, host, source, h); !out.OK {
			b.Fatalf("%+v", out)
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

// The second leg of NTLM, which proves the password.
func BenchmarkNTLM(b *testing.B) {
	f := newFixture(b)
	u := user()
	benchmark(b, f, func(int) string { return f.ntlmHeader(u) })
}

// The first leg.
func BenchmarkNTLMBegin(b *testing.B) {
	f := newFixture(b)
	u := user()
	first := ntlmtest.Header("NTLM", u.Type1(), false, true)
	b.ReportAllocs()
	for b.Loop() {
		f.ask(f.auth, host, source, first)
	}
}

// What a wrong password takes, for a name that somebody has, one that nobody has, and
// an account without the scheme, in turn: the medians, in ns, and how far apart
// they are is what a guesser could measure. It is reported, not asserted.
func BenchmarkRefusal(b *testing.B) {
	f := newFixture(b)
	f.auth = f.instance(func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
	f.edit(func(d *access.Draft) error { return d.AddAccount(access.Account{Name: `Enterprise\WithNothing`}) })
	names := []string{"NetwrixUser", "NobodyAtAll", "WithNothing"}
	for scheme, header := range map[string]func(name string) string{
		"Digest": func(name string) string {
			return digestLogin{user: `Enterprise\` + name, password: "wrong", nonce: f.nonce()}.header()
		},
		"NTLM": func(name string) string {
			u := user()
			u.User, u.Password = name, "wrong"
			return f.ntlmHeader(u)
		},
	} {
		b.Run(scheme, func(b *testing.B) {
			var headers [3]string
			var took [3][]time.Duration
			for i, name := range names {
				headers[i] = header(name)
			}
			for b.Loop() {
				f.clock.add(window + maxDelay) // or it would be refused unseen
				for i, h := range headers {
					start := time.Now()
					f.ask(f.auth, host, source, h)
					took[i] = append(took[i], time.Since(start))
				}
			}
			for i, name := range names {
				slices.Sort(took[i])
				b.ReportMetric(float64(took[i][len(took[i])/2]), name)
			}
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
