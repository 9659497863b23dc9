package auth

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"docket/shared/access"
	"docket/shared/table/memory"
)

// seeds are headers as clients send them, recorded from them but for the names.
var seeds = []string{
	// curl 7.88
	`Basic RW50ZXJwcmlzZVxOZXR3cml4VXNlcjpOZXR3cml4SXNDb29s`,
	`Digest username="Enterprise\\NetwrixUser", realm="Docket", nonce="AQAAAAEBoxVYkXt0c2VlZHNlZWTb8eCvmKBEiMXg5wY", uri="/netwrix/api/v1/activity_records/enum?format=json", cnonce="NmY1ZTNlYTc0ZTcyYTYwOWQzOTk5MDE0MmUwYjVhNzI=", nc=00000001, qop=auth, response="0f40a2d8d5e3ee4e1a1f38a6dd8e1f1d8bfa0b1f5b5c5d6ed0cb3c7be0a0e6aa", algorithm=SHA-256`,
	// Python requests
	`Digest username="Enterprise\NetwrixUser", realm="Docket", nonce="AQAAAAEBoxVYkXt0c2VlZHNlZWTb8eCvmKBEiMXg5wY", uri="/netwrix/api/v1/activity_records/", response="8ca523f5e9506fed4657c9700eebdbec", algorithm="MD5", qop="auth", nc=00000001, cnonce="3ba0a1e2f6a5c4d7"`,
	// Java HttpURLConnection
	`Digest username="Enterprise\NetwrixUser", realm="Docket", nonce="AQAAAAEBoxVYkXt0c2VlZHNlZWTb8eCvmKBEiMXg5wY", nc=00000001, uri="/netwrix/api/v1/activity_records/enum", response="8ca523f5e9506fed4657c9700eebdbec", algorithm="MD5", cnonce="KNDPEKKDDPMPBBCKLOHOEJHIOLPPPDGKGKGIBNIE", qop="auth"`,
	// .NET: the bare name
	`Digest username="NetwrixUser",realm="Docket",nonce="AQAAAAEBoxVYkXt0c2VlZHNlZWTb8eCvmKBEiMXg5wY",uri="/netwrix/api/v1/activity_records/enum",algorithm=MD5,cnonce="0a4f113b",nc=00000001,qop=auth,response="8ca523f5e9506fed4657c9700eebdbec"`,
	// Chromium
	`Digest username="Enterprise\\NetwrixUser", realm="Docket", nonce="AQAAAAEBoxVYkXt0c2VlZHNlZWTb8eCvmKBEiMXg5wY", uri="/netwrix/api/v1/activity_records/enum", algorithm=MD5, response="8ca523f5e9506fed4657c9700eebdbec", qop=auth, nc=00000001, cnonce="b6e1b5d3f9c0a7e2"`,
	`Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="Docket", uri="/doe.json", algorithm=SHA-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm", qop=auth, response="ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd", userhash=false`,
	`NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=`,
	`Negotiate YIIBZgYGKwYBBQUCoIIBWjCCAVagDTALBgkqhkiG9xIBAgI=`,
	`Digest username="\\\"", =, ,,a=b`,
	"Basic \xff",
}

// FuzzAuthorization signs in with anything: no panic, and nobody is admitted,
// for no seed is of the account that there is.
func FuzzAuthorization(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	ring, list := sealedUser()
	now := func() time.Time { return time.UnixMilli(1_800_000_000_000) }
	directory := access.Open(memory.New(now), now)
	_, err := directory.Edit("fuzz", strings.NewReader(strings.Repeat("r", 4096))).Update(context.Background(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: `Enterprise\Somebody`, Verifiers: list[:1]})
	})
	if err != nil {
		f.Fatal(err)
	}
	a, err := New(Config{Directory: directory, State: memory.New(now), Ring: ring, Schemes: order, Now: now, Rand: zeros{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: "/", Authorization: []string{header}, Source: source})
		if err != nil || out.OK || out.Challenge == "" {
			t.Fatalf("%+v, %v", out, err)
		}
	})
}

// zeros is randomness without any, for one goroutine or many.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ io.Reader = zeros{}

// FuzzDigestParameters reads parameters, and again what is written from them:
// the same values must come out.
func FuzzDigestParameters(f *testing.F) {
	for _, s := range seeds {
		if _, rest, ok := strings.Cut(s, " "); ok {
			f.Add(rest)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, ok := readParams(s)
		if !ok {
			return
		}
		if len(list) == 0 || len(list) > maxParams {
			t.Fatalf("%d parameters of %q", len(list), s)
		}
		var b strings.Builder
		for _, p := range list {
			raw := p.raw
			if p.quoted {
				raw = `"` + raw + `"`
			}
			b.WriteString(p.name + "=" + raw + " ,\t,")
		}
		again, ok := readParams(b.String())
		if !ok || len(again) != len(list) {
			t.Fatalf("%q is read as %v, and %q as %v", s, list, b.String(), again)
		}
		for i := range list {
			if again[i] != list[i] {
				t.Fatalf("parameter %d of %q: %+v, then %+v", i, s, list[i], again[i])
			}
		}
		c, ok := readDigest(s)
		if ok && (len(c.names) == 0 || c.nonce == "" || len(c.nc) != 8 || len(c.response) != c.size()) {
			t.Fatalf("%q is taken for Digest: %+v", s, c)
		}
		if ok {
			for _, n := range c.names {
				if !utf8.ValidString(n) || n == "" {
					t.Fatalf("%q: name %q", s, n)
				}
			}
		}
	})
}

func FuzzNonce(f *testing.F) {
	ring, _ := sealedUser()
	now := func() time.Time { return time.UnixMilli(1_800_000_000_000) }
	n := newNonces(ring, now, zeros{})
	text, err := n.issue()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("dcd98b7102dd2f0e8b11d0f600bfb0c093")
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := n.open(s); ok && s != text {
			t.Fatalf("%q opens", s)
		}
	})
}
