package auth

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/keys"
	"docket/shared/table"
)

// The example of RFC 7616, section 3.9.1.
func TestResponsesOfTheRFC(t *testing.T) {
	for s, want := range map[Scheme]string{
		DigestMD5:    "8ca523f5e9506fed4657c9700eebdbec",
		DigestSHA256: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		p := proof{algorithm: algorithms[s], method: "GET", uri: "/dir/index.html", nc: "00000001",
			nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"}
		pair := pairOf(algorithms[s], "Mufasa", "http-auth@example.org", "Circle of Life")
		if got := hex.EncodeToString(p.response(pair[:p.size()])); got != want {
			t.Errorf("%s: response %s; want %s", s, got, want)
		}
	}
}

func TestDigestIsAccepted(t *testing.T) {
	f := newFixture(t)
	for name, change := range map[string]func(*digestLogin){
		"without an algorithm":           func(l *digestLogin) {},
		"MD5":                            func(l *digestLogin) { l.algorithm = "MD5" },
		"SHA-256":                        func(l *digestLogin) { l.algorithm = "SHA-256" },
		"MD5-sess":                       func(l *digestLogin) { l.algorithm = "MD5-sess" },
		"SHA-256-sess":                   func(l *digestLogin) { l.algorithm = "SHA-256-sess" },
		"backslash not escaped":          func(l *digestLogin) { l.shown = `username="Enterprise\NetwrixUser"` },
		"in lower case":                  func(l *digestLogin) { l.user = `enterprise\netwrixuser` },
		"in upper case":                  func(l *digestLogin) { l.user = `ENTERPRISE\NETWRIXUSER` },
		"without its domain":             func(l *digestLogin) { l.user = `NetwrixUser` },
		"without its domain, lower case": func(l *digestLogin) { l.user = `netwrixuser` },
		"user@domain":                    func(l *digestLogin) { l.user = `NetwrixUser@Enterprise` },
		"username*":                      func(l *digestLogin) { l.shown = `username*=UTF-8''Enterprise%5CNetwrixUser` },
		"userhash=false":                 func(l *digestLogin) { l.extra = "userhash=false" },
		"with opaque":                    func(l *digestLogin) { l.extra = `opaque=""` },
		"with an unknown parameter":      func(l *digestLogin) { l.extra = `x="y, z=\"1\""` },
		"a late nc":                      func(l *digestLogin) { l.nc = "0000fffe" },
	} {
		l := f.login()
		change(&l)
		if out := f.send(l.header()); !out.OK || out.Account.Name != userName {
			t.Errorf("%s: %+v; want it accepted\n%s", name, out, l.header())
		}
	}
}

func TestDigestParametersInAnyDress(t *testing.T) {
	f := newFixture(t)
	for name, dress := range map[string]func(string) string{
		"quoted algorithm, qop and nc": func(h string) string {
			h = strings.Replace(h, "qop=auth", `qop="auth"`, 1)
			h = strings.Replace(h, "nc=00000001", `nc="00000001"`, 1)
			return strings.Replace(h, "algorithm=MD5", `algorithm="MD5"`, 1)
		},
		"lower case names":        func(h string) string { return strings.Replace(h, "algorithm=MD5", "ALGORITHM=md5", 1) },
		"scheme in another case":  func(h string) string { return strings.Replace(h, "Digest", "dIGEST", 1) },
		"no spaces after commas":  func(h string) string { return strings.ReplaceAll(h, ", ", ",") },
		"spaces around separator": func(h string) string { return strings.ReplaceAll(h, "=\"", " = \"") },
		"empty elements":          func(h string) string { return strings.ReplaceAll(h, ", ", ",, ,\t") },
		"in reverse order": func(h string) string {
			list := strings.Split(strings.TrimPrefix(h, "Digest "), ", ")
			for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
				list[i], list[j] = list[j], list[i]
			}
			return "Digest " + strings.Join(list, ", ")
		},
	} {
		l := f.login()
		l.algorithm = "MD5"
		h := dress(l.header())
		if out := f.send(h); !out.OK {
			t.Errorf("%s: refused\n%s", name, h)
		}
	}
}

func TestDigestIsRefused(t *testing.T) {
	f := newFixture(t)
	for name, change := range map[string]func(*digestLogin){
		"wrong password":          func(l *digestLogin) { l.password = "netwrixiscool" },
		"empty password":          func(l *digestLogin) { l.password = "" },
		"unknown user":            func(l *digestLogin) { l.user = `Enterprise\Nobody` },
		"form that is not stored": func(l *digestLogin) { l.user = `eNTERPRISE\NetwrixUser` },
		"another domain":          func(l *digestLogin) { l.user = `Other\NetwrixUser` },
		"name of another in HA1":  func(l *digestLogin) { l.shown = `username="Enterprise\\Nobody"` },
		"another realm":           func(l *digestLogin) { l.realm = "docket" },
		"another method":          func(l *digestLogin) { l.method = "POST" },
		"another uri":             func(l *digestLogin) { l.uri = "/netwrix/api/v1/activity_records/search" },
		"uri without the query":   func(l *digestLogin) { l.uri, _, _ = strings.Cut(target, "?") },
		"uri in another order":    func(l *digestLogin) { l.uri = "/netwrix/api/v1/activity_records/enum?count=1&format=json" },
		"auth-int":                func(l *digestLogin) { l.qop = "auth-int" },
		"SHA-512-256":             func(l *digestLogin) { l.algorithm = "SHA-512-256" },
		"token algorithm":         func(l *digestLogin) { l.algorithm = "token" },
		"userhash":                func(l *digestLogin) { l.extra = "userhash=true" },
		"nc of 7 digits":          func(l *digestLogin) { l.nc = "0000001" },
		"nc not hex":              func(l *digestLogin) { l.nc = "0000000g" },
		"both user names":         func(l *digestLogin) { l.extra = `username*=UTF-8''Enterprise%5CNetwrixUser` },
		"username* in Latin-1":    func(l *digestLogin) { l.shown = `username*=ISO-8859-1''Enterprise%5CNetwrixUser` },
		"username* quoted":        func(l *digestLogin) { l.shown = `username*="UTF-8''Enterprise%5CNetwrixUser"` },
		"username* bad escape":    func(l *digestLogin) { l.shown = `username*=UTF-8''Enterprise%5` },
		"no user name":            func(l *digestLogin) { l.shown = `x=y` },
		"empty user name":         func(l *digestLogin) { l.shown = `username=""` },
		"a parameter twice":       func(l *digestLogin) { l.extra = `NC=00000001` },
		"a long cnonce":           func(l *digestLogin) { l.cnonce = strings.Repeat("c", maxNonce+1) },
		"too many parameters":     func(l *digestLogin) { l.extra = manyParameters() },
		"a quote that stays open": func(l *digestLogin) { l.extra = `x="y` },
		"a parameter of nothing":  func(l *digestLogin) { l.extra = `x=` },
		"no separator":            func(l *digestLogin) { l.extra = `x="y" z=1` },
		"a name that is no token": func(l *digestLogin) { l.extra = `x y=1` },
		"response of MD5's size":  func(l *digestLogin) { l.algorithm, l.extra = "", "algorithm=SHA-256" },
		"a very long name":        func(l *digestLogin) { l.user = strings.Repeat("n", 2*maxName+1) },
		"a long name":             func(l *digestLogin) { l.user = strings.Repeat("n", 2*maxName) },
	} {
		l := f.login()
		change(&l)
		out := f.send(l.header())
		if out.OK || isStale(out) {
			t.Errorf("%s: %+v; want it refused without stale", name, out)
		}
	}
	if l := f.login(); !f.send(l.header()).OK {
		t.Error("the login that the others were made of is refused")
	}
}

// manyParameters are too many, each well-formed.
func manyParameters() string {
	var list []string
	for i := range maxParams {
		list = append(list, fmt.Sprintf("x%d=y", i))
	}
	return strings.Join(list, ", ")
}

// A parameter that is left out is not taken for empty.
func TestDigestNeedsItsParameters(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"username", "realm", "nonce", "uri", "cnonce", "nc", "qop", "response"} {
		var kept []string
		for _, p := range strings.Split(strings.TrimPrefix(f.login().header(), "Digest "), ", ") {
			if !strings.HasPrefix(p, name+"=") {
				kept = append(kept, p)
			}
		}
		if f.send("Digest " + strings.Join(kept, ", ")).OK {
			t.Errorf("accepted without %s", name)
		}
	}
}

func TestStaleNonces(t *testing.T) {
	f := newFixture(t)
	foreignRing, err := keys.Generate(strings.NewReader(strings.Repeat("other", 20)), f.clock.now(), "Docket")
	if err != nil {
		t.Fatal(err)
	}
	otherRealm, err := newNonces(foreignRing, f.clock.now, strings.NewReader("12345678")).issue()
	if err != nil {
		t.Fatal(err)
	}
	old := f.nonce()
	f.clock.add(nonceLife)
	if l := f.login(); !f.send(digestLogin{user: userName, password: userPassword, nonce: old}.header()).OK || !f.send(l.header()).OK {
		t.Error("a nonce of exactly its life is refused")
	}
	f.clock.add(time.Millisecond)
	future := func(by time.Duration) string {
		f.clock.add(by)
		defer f.clock.add(-by)
		return f.nonce()
	}
	changed := []byte(f.nonce())
	changed[20] ^= 1
	for name, nonce := range map[string]string{
		"a ms too old":           old,
		"a ms too far ahead":     future(nonceSkew + time.Millisecond),
		"of a foreign ring":      otherRealm,
		"changed":                string(changed),
		"cut":                    f.nonce()[:42],
		"with a newline's worth": f.nonce() + "=",
		"anything":               "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	} {
		l := digestLogin{user: userName, password: userPassword, nonce: nonce}
		if out := f.send(l.header()); out.OK || !isStale(out) {
			t.Errorf("%s, right proof: %+v; want stale", name, out)
		}
		l.password = "wrong"
		if out := f.send(l.header()); out.OK || isStale(out) {
			t.Errorf("%s, wrong proof: %+v; want refused, not stale", name, out)
		}
		f.send(basicHeader(userName, userPassword)) // forgets the failures
	}
	if !f.send(digestLogin{user: userName, password: userPassword, nonce: future(nonceSkew)}.header()).OK {
		t.Error("a nonce within the skew is refused")
	}
}

// Every bit of a nonce is sealed.
func TestNoncesAreSealed(t *testing.T) {
	f := newFixture(t)
	n := f.nonce()
	if _, ok := f.auth.nonces.open(n); !ok || len(n) != 43 {
		t.Fatalf("nonce %q does not open", n)
	}
	for i := range n {
		for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
			if b := []byte(n); b[i] != byte(c) {
				b[i] = byte(c)
				if _, ok := f.auth.nonces.open(string(b)); ok {
					t.Fatalf("%q opens, made of %q", b, n)
				}
			}
		}
	}
}

// A nonce of the key before this one is good, of the one before that it is not.
func TestNoncesOutliveOneRotation(t *testing.T) {
	f := newFixture(t)
	n := f.nonce()
	ring := f.ring
	for rotation, want := range []bool{true, false} {
		var err error
		if ring, err = ring.Rotate(strings.NewReader(strings.Repeat("r", keys.Size)), f.clock.now()); err != nil {
			t.Fatal(err)
		}
		if _, ok := newNonces(ring, f.clock.now, nil).open(n); ok != want {
			t.Errorf("after %d rotations it opens: %v; want %v", rotation+1, ok, want)
		}
		a := f.instance(func(c *Config) { c.Ring = ring })
		out := f.sendTo(a, source, digestLogin{user: userName, password: userPassword, nonce: n}.header())
		if out.OK != want || isStale(out) == want {
			t.Errorf("after %d rotations: %+v; want OK %v, else stale", rotation+1, out, want)
		}
	}
}

func TestReplayOnManyInstances(t *testing.T) {
	f := newFixture(t)
	const instances = 16
	var all [instances]*Authenticator
	for i := range all {
		all[i] = f.instance(nil)
	}
	for range 20 {
		h := f.login().header()
		var accepted, staled atomic.Int32
		var wait sync.WaitGroup
		for _, a := range all {
			wait.Go(func() {
				out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: target, Authorization: []string{h}, Source: source})
				switch {
				case err != nil:
					t.Error(err)
				case out.OK:
					accepted.Add(1)
				case isStale(out):
					staled.Add(1)
				}
			})
		}
		wait.Wait()
		if accepted.Load() != 1 || staled.Load() != instances-1 {
			t.Fatalf("%d accepted and %d stale; want 1 and %d", accepted.Load(), staled.Load(), instances-1)
		}
	}
}

// Browsers and .NET use one nonce many times, in parallel and out of order.
func TestANonceServesManyRequests(t *testing.T) {
	f := newFixture(t)
	l := f.login()
	for _, use := range [][2]string{{"00000003", "c"}, {"00000001", "c"}, {"00000002", "c"}, {"00000001", "d"}} {
		l.nc, l.cnonce = use[0], use[1]
		if !f.send(l.header()).OK {
			t.Errorf("use %v is refused", use)
		}
		if out := f.send(l.header()); out.OK || !isStale(out) {
			t.Errorf("use %v again: %+v; want stale", use, out)
		}
	}
	l.nc = "0000000a"
	if !f.send(l.header()).OK {
		t.Error("use 0000000a is refused")
	}
	if l.nc = "0000000A"; f.send(l.header()).OK {
		t.Error("use 0000000A is accepted after 0000000a")
	}
}

// spy counts writes and fails them on demand.
type spy struct {
	table.Table
	writes atomic.Int32
	err    error
}

func (s *spy) Write(ctx context.Context, ops ...table.Op) error {
	s.writes.Add(1)
	if s.err != nil {
		return s.err
	}
	return s.Table.Write(ctx, ops...)
}

func TestRefusalsWriteNothing(t *testing.T) {
	f := newFixture(t)
	s := &spy{Table: f.state}
	f.auth = f.instance(func(c *Config) { c.State = s })
	f.send("")
	f.send(digestLogin{user: userName, password: "wrong", nonce: f.nonce()}.header())
	f.send(digestLogin{user: "nobody", password: "wrong", nonce: f.nonce()}.header())
	f.send(basicHeader("nobody", "wrong"))
	f.send(digestLogin{user: userName, password: userPassword, nonce: "foreign"}.header())
	if n := s.writes.Load(); n != 0 {
		t.Errorf("%d writes; want none", n)
	}
	if !f.send(f.login().header()).OK || s.writes.Load() != 1 {
		t.Errorf("%d writes for one sign-in; want 1", s.writes.Load())
	}
}

// A table that does not answer lets nobody in.
func TestReplaysUnknownIsAnError(t *testing.T) {
	f := newFixture(t)
	s := &spy{Table: f.state, err: table.ErrUnavailable}
	a := f.instance(func(c *Config) { c.State = s })
	out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: target, Authorization: []string{f.login().header()}})
	if err == nil || out.OK || !strings.Contains(err.Error(), "unavailable") {
		t.Errorf("%+v, %v; want the table's error", out, err)
	}
}

func TestOptionalReadingsOfURI(t *testing.T) {
	f := newFixture(t)
	l := f.login()
	l.uri, _, _ = strings.Cut(target, "?")
	if a := f.instance(func(c *Config) { c.PathOnly = true }); !f.sendTo(a, source, l.header()).OK {
		t.Error("PathOnly: a uri without the query is refused")
	}
	l = f.login()
	l.uri = "/stage" + target
	r := Request{Method: "GET", Target: target, Authorization: []string{l.header()}, SameTarget: func(uri string) bool { return uri == "/stage"+target }}
	if out, err := f.auth.Authenticate(context.Background(), r); err != nil || !out.OK {
		t.Errorf("SameTarget: %+v, %v", out, err)
	}
	r.SameTarget = func(string) bool { return false }
	if out, err := f.auth.Authenticate(context.Background(), r); err != nil || out.OK || isStale(out) {
		t.Errorf("SameTarget says no: %+v, %v", out, err)
	}
}

// Names and passwords beyond ASCII, as clients send them.
func TestDigestBeyondASCII(t *testing.T) {
	f := newFixture(t)
	const name, password = `Enterprise\Jäsøn`, "pässwörd"
	list, err := NewVerifiers(f.ring, strings.NewReader(strings.Repeat("x", 4096)), name, password, []Scheme{DigestMD5})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error { return d.AddAccount(access.Account{Name: name, Verifiers: list}) })
	latin := func(s string) string {
		b := make([]byte, 0, len(s))
		for _, r := range s {
			b = append(b, byte(r))
		}
		return string(b)
	}
	for what, l := range map[string]digestLogin{
		"UTF-8":     {user: name, password: password},
		"Latin-1":   {user: latin(name), password: latin(password)},
		"username*": {user: name, password: password, shown: `username*=utf-8'en'Enterprise%5CJ%C3%A4s%C3%B8n`},
		"bare":      {user: latin("Jäsøn"), password: latin(password)},
	} {
		l.nonce = f.nonce()
		if out := f.send(l.header()); !out.OK || out.Account.Name != name {
			t.Errorf("%s: %+v", what, out)
		}
	}
}

// A password that Latin-1 cannot write has its UTF-8 reading alone.
func TestDigestBeyondLatin1(t *testing.T) {
	f := newFixture(t)
	const name, password = `Enterprise\Łukasz`, "100 €"
	list, err := NewVerifiers(f.ring, strings.NewReader(strings.Repeat("x", 4096)), name, password, []Scheme{DigestSHA256})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error { return d.AddAccount(access.Account{Name: name, Verifiers: list}) })
	l := digestLogin{user: name, password: password, nonce: f.nonce(), algorithm: "SHA-256"}
	if !f.send(l.header()).OK {
		t.Error("refused")
	}
	l.nonce, l.password = f.nonce(), "100 ?"
	if f.send(l.header()).OK {
		t.Error("a replacement character is accepted")
	}
}
