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
	"docket/shared/auth/ntlmtest"
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
	for _, r := range append(recordedClients(f), recordedTickets(f)...) {
		f.Add(r.header)
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

// FuzzNTLM sends any message in each of its carriers to an installation whose account
// has NTLM: no panic, nobody is admitted without the password, and what answers a
// type 1 is one challenge.
func FuzzNTLM(f *testing.F) {
	fix := newFixture(f)
	a := fix.instance(func(c *Config) { c.Log, c.Rand = slog.New(slog.DiscardHandler), zeros{} })
	stranger := user()
	stranger.Password = "not it"
	type1, type2 := fix.begin(a, &stranger)
	f.Add(type1)
	f.Add(type2)
	for _, r := range recordedClients(f) {
		f.Add(r.token(f))
	}
	for _, change := range []func(*ntlmtest.Client){
		func(*ntlmtest.Client) {},
		func(c *ntlmtest.Client) {
			c.MIC, c.Extra = true, []ntlmtest.Pair{{ID: 9, Value: []byte("H\x00")}, {ID: 10, Value: make([]byte, 16)}}
		},
		func(c *ntlmtest.Client) { c.Bytes, c.Trailing, c.User = true, true, "J\u00fcrg" },
		func(c *ntlmtest.Client) { c.Edit = without(7) },
	} {
		c := stranger
		change(&c)
		type3, err := c.Type3(type1, type2)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(type3)
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, k := range carriers {
			for _, first := range []bool{true, false} {
				h := ntlmtest.Header(k.scheme, message, k.framed, first)
				out, err := a.Authenticate(context.Background(), Request{Authorization: []string{h}, Host: host, Source: source})
				if err != nil || out.OK || out.Challenge == "" {
					t.Fatalf("%q: %+v, %v", h, out, err)
				}
				if begun := strings.HasPrefix(out.Challenge, k.scheme+" "); begun && strings.Contains(out.Challenge, ",") {
					t.Fatalf("%q is answered by %q", h, out.Challenge)
				}
			}
		}
	})
}

// FuzzNegotiate sends any token, to an installation that takes tickets.
func FuzzNegotiate(f *testing.F) {
	fix := newFixture(f)
	a := fix.instance(func(c *Config) { c.Log, c.Kerberos = slog.New(slog.DiscardHandler), tickets{} })
	u := user()
	for _, token := range [][]byte{u.Type1(), ntlmtest.FrameInit(u.Type1()), ntlmtest.FrameAnswer(u.Type1()), []byte(kerberosToken("x")), []byte("NTLMSSP\x00")} {
		f.Add(token)
	}
	for _, r := range append(recordedClients(f), recordedTickets(f)...) {
		f.Add(r.token(f))
	}
	f.Fuzz(func(t *testing.T, token []byte) {
		out, err := a.Authenticate(context.Background(), Request{Authorization: []string{ntlmtest.Header("Negotiate", token, false, true)}, Host: host, Source: source})
		if err != nil || out.OK || out.Challenge == "" {
			t.Fatalf("%x: %+v, %v", token, out, err)
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
