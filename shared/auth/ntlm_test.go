package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"docket/shared/access"
	"docket/shared/auth/ntlmtest"
	"docket/shared/table"
)

const host = "docket.example:9699"

// user is the account's own client.
func user() ntlmtest.Client {
	return ntlmtest.Client{User: "NetwrixUser", Domain: "Enterprise", Workstation: "WS1", Password: userPassword}
}

// carriers are the ways in which clients send NTLM.
var carriers = []struct {
	scheme string
	framed bool
}{{"NTLM", false}, {"Negotiate", false}, {"Negotiate", true}}

// ask sends one request to host.
func (f *fixture) ask(a *Authenticator, host, source, header string) Outcome {
	f.Helper()
	out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: target, Authorization: []string{header}, Host: host, Source: source})
	if err != nil {
		f.Fatal(err)
	}
	return out
}

// begin is the first leg of a handshake: both messages.
func (f *fixture) begin(a *Authenticator, c *ntlmtest.Client) (type1, type2 []byte) {
	f.Helper()
	type1 = c.Type1()
	out := f.ask(a, host, source, ntlmtest.Header("NTLM", type1, false, true))
	type2, err := (&ntlmtest.Transport{Scheme: "NTLM"}).ReadHeader(out.Challenge)
	if err != nil || out.OK {
		f.Fatalf("%+v: %v", out, err)
	}
	return type1, type2
}

// answer is the header of the second leg.
func (f *fixture) answer(c *ntlmtest.Client, type1, type2 []byte) string {
	f.Helper()
	type3, err := c.Type3(type1, type2)
	if err != nil {
		f.Fatal(err)
	}
	return ntlmtest.Header("NTLM", type3, false, false)
}

// ntlmHeader is a whole handshake, up to the header that is still to be sent.
func (f *fixture) ntlmHeader(c ntlmtest.Client) string {
	f.Helper()
	type1, type2 := f.begin(f.auth, &c)
	return f.answer(&c, type1, type2)
}

func TestNTLMOverConnectionsThatMeetManyInstances(t *testing.T) {
	f := newFixture(t)
	instances := []*Authenticator{f.auth, f.instance(nil), f.instance(nil)}
	var n, connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a := instances[n.Add(1)%int64(len(instances))]
		out, err := a.Authenticate(r.Context(), Request{Method: r.Method, Target: r.RequestURI, Authorization: r.Header.Values("Authorization"), Host: r.Host, Source: source})
		if err != nil {
			t.Error(err)
		}
		if !out.OK {
			w.Header().Set("WWW-Authenticate", out.Challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "%s sent %d bytes", out.Account.Name, len(body))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	for _, c := range carriers {
		for _, eager := range []bool{false, true} {
			connections.Store(0)
			base := &http.Transport{}
			client := http.Client{Transport: &ntlmtest.Transport{Client: user(), Base: base, Scheme: c.scheme, Framed: c.framed, Eager: eager}}
			for i := range 3 {
				body := strings.Repeat("b", i*100)
				answer, err := client.Post(server.URL+target, "text/plain", strings.NewReader(body))
				if err != nil {
					t.Fatalf("%+v: %v", c, err)
				}
				text, err := io.ReadAll(answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if want := fmt.Sprintf("%s sent %d bytes", userName, len(body)); string(text) != want {
					t.Errorf("%+v, request %d: %d %q; want %q", c, i, answer.StatusCode, text, want)
				}
			}
			base.CloseIdleConnections()
			if connections.Load() != 1 {
				t.Errorf("%+v: %d connections for three sign-ins; want one, kept", c, connections.Load())
			}
		}
	}
}

func TestHowClientsDiffer(t *testing.T) {
	f := newFixture(t)
	for what, change := range map[string]func(*ntlmtest.Client){
		"nothing special":       func(*ntlmtest.Client) {},
		"an integrity code":     func(c *ntlmtest.Client) { c.MIC = true },
		"a version":             func(c *ntlmtest.Client) { c.Version = true },
		"zeros after the pairs": func(c *ntlmtest.Client) { c.Trailing = true },
		"bytes for characters":  func(c *ntlmtest.Client) { c.Bytes = true },
		"a target name and a binding": func(c *ntlmtest.Client) {
			c.Extra = []ntlmtest.Pair{{ID: 9, Value: []byte("H\x00T\x00")}, {ID: 10, Value: make([]byte, 16)}}
		},
		"an unknown pair":            func(c *ntlmtest.Client) { c.Extra = []ntlmtest.Pair{{ID: 77, Value: []byte("x")}} },
		"the user in capitals":       func(c *ntlmtest.Client) { c.User = strings.ToUpper(c.User) },
		"the domain in lower case":   func(c *ntlmtest.Client) { c.Domain = "enterprise" },
		"no domain":                  func(c *ntlmtest.Client) { c.Domain = "" },
		"the target's domain":        func(c *ntlmtest.Client) { c.Domain = "DOCKET" },
		"its own machine for domain": func(c *ntlmtest.Client) { c.Domain = "WS1" },
		"user@domain":                func(c *ntlmtest.Client) { c.User, c.Domain = "netwrixuser@enterprise", "" },
		"user@domain with a domain":  func(c *ntlmtest.Client) { c.User, c.Domain = "netwrixuser@enterprise", "DOCKET" },
		"all in the user":            func(c *ntlmtest.Client) { c.User, c.Domain = userName, "" },
		"no workstation":             func(c *ntlmtest.Client) { c.Workstation = "" },
	} {
		c := user()
		change(&c)
		if out := f.ask(f.auth, host, source, f.ntlmHeader(c)); !out.OK || out.Account.Name != userName {
			t.Errorf("%s: %+v", what, out)
		}
	}
}

func TestTextThatIsNotASCII(t *testing.T) {
	f := newFixture(t)
	const name, password = "Z\u00fcrich\\j\u00fcrg wei\u00df", "s\u00fc\u00df \u30e6 \U0001F600"
	list, err := NewVerifiers(f.ring, zeros{}, name, password, []Scheme{NTLM})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error { return d.AddAccount(access.Account{Name: name, Verifiers: list}) })
	for _, bytes := range []bool{false, true} {
		for _, domain := range []string{"Z\u00fcrich", ""} {
			c := ntlmtest.Client{User: "j\u00fcrg wei\u00df", Domain: domain, Password: password, Bytes: bytes}
			if out := f.ask(f.auth, host, source, f.ntlmHeader(c)); !out.OK || out.Account.Name != name {
				t.Errorf("bytes for characters %v, domain %q: %+v", bytes, domain, out)
			}
			c.Password += "x"
			if f.ask(f.auth, host, source, f.ntlmHeader(c)).OK {
				t.Errorf("bytes for characters %v: accepted with another password", bytes)
			}
		}
	}
}

func TestTheChallengeIsOneThatClientsTake(t *testing.T) {
	f := newFixture(t)
	c := user()
	_, type2 := f.begin(f.auth, &c)
	got, err := ntlmtest.ReadChallenge(type2)
	if err != nil {
		t.Fatal(err)
	}
	size := 4
	var ids []uint16
	for _, p := range got.Pairs {
		size += 4 + len(p.Value)
		ids = append(ids, p.ID)
	}
	if fmt.Sprint(ids) != "[2 1 4 3 7]" || size > 400 || got.Target != "DOCKET" {
		t.Errorf("pairs %v of %d bytes for %s; curl has room for 400, .NET needs 1 and 2, others drop what they do not know", ids, size, got.Target)
	}
	const must, may = 1 | 1<<2 | 1<<9 | 1<<15 | 1<<16 | 1<<19 | 1<<23 | 1<<25, 1<<4 | 1<<5 | 1<<29 | 1<<30 | 1<<31
	if got.Flags&must != must || got.Flags&^(must|may) != 0 {
		t.Errorf("flags %08x", got.Flags)
	}
	_, again := f.begin(f.auth, &c)
	if other, err := ntlmtest.ReadChallenge(again); err != nil || other.Nonce == got.Nonce {
		t.Errorf("the same nonce twice, %v", err)
	}
}

func TestAType1IsAnsweredAlone(t *testing.T) {
	f := newFixture(t)
	c := user()
	for _, k := range carriers {
		out := f.ask(f.auth, host, source, ntlmtest.Header(k.scheme, c.Type1(), k.framed, true))
		rest, ok := strings.CutPrefix(out.Challenge, k.scheme+" ")
		if _, err := base64.StdEncoding.DecodeString(rest); !ok || err != nil || out.OK {
			t.Errorf("%+v: %q; want one challenge", k, out.Challenge)
		}
	}
	if f.log.String() != "" {
		t.Errorf("first legs are in the log:\n%s", f.log)
	}
}

// TestNTLMIsRefused are the sign-ins that look right but for one thing.
func TestNTLMIsRefused(t *testing.T) {
	f := newFixture(t)
	for what, change := range map[string]func(*ntlmtest.Client){
		"another password":  func(c *ntlmtest.Client) { c.Password += "x" },
		"no password":       func(c *ntlmtest.Client) { c.Password = "" },
		"another user":      func(c *ntlmtest.Client) { c.User = "NetwrixUser2" },
		"nobody":            func(c *ntlmtest.Client) { c.User = "" },
		"another nonce":     func(c *ntlmtest.Client) { c.Nonce = &[8]byte{1} },
		"no state":          func(c *ntlmtest.Client) { c.Edit = func([]ntlmtest.Pair) []ntlmtest.Pair { return nil } },
		"no time":           func(c *ntlmtest.Client) { c.Edit = without(7) },
		"no label":          func(c *ntlmtest.Client) { c.Edit = without(3) },
		"a later time":      func(c *ntlmtest.Client) { c.Edit = edited(7, func(v []byte) { v[3]++ }) },
		"a time of 2 bytes": func(c *ntlmtest.Client) { c.Edit = cut(7, 2) },
		"another label":     func(c *ntlmtest.Client) { c.Edit = edited(3, func(v []byte) { v[len(v)-2] ^= 1 }) },
		"an unknown key":    func(c *ntlmtest.Client) { c.Edit = edited(3, func(v []byte) { v[10] ^= 2 }) },
		"a cut label":       func(c *ntlmtest.Client) { c.Edit = cut(3, 20) },
		"a label in capitals": func(c *ntlmtest.Client) {
			c.Edit = edited(3, func(v []byte) { copy(v, strings.ToUpper(string(v))) })
		},
	} {
		c := user()
		change(&c)
		if f.ask(f.auth, host, source, f.ntlmHeader(c)).OK {
			t.Errorf("%s: accepted", what)
		}
		f.clock.add(window + maxDelay) // none of these is refused for the one before
	}
	if f.ask(f.auth, host, source, f.ntlmHeader(user())).OK != true {
		t.Error("and the right one is refused")
	}
}

func without(id uint16) func([]ntlmtest.Pair) []ntlmtest.Pair {
	return func(list []ntlmtest.Pair) (kept []ntlmtest.Pair) {
		for _, p := range list {
			if p.ID != id {
				kept = append(kept, p)
			}
		}
		return kept
	}
}

func edited(id uint16, change func([]byte)) func([]ntlmtest.Pair) []ntlmtest.Pair {
	return func(list []ntlmtest.Pair) []ntlmtest.Pair {
		for _, p := range list {
			if p.ID == id {
				change(p.Value)
			}
		}
		return list
	}
}

func cut(id uint16, n int) func([]ntlmtest.Pair) []ntlmtest.Pair {
	return func(list []ntlmtest.Pair) []ntlmtest.Pair {
		for i, p := range list {
			if p.ID == id {
				list[i].Value = p.Value[:n]
			}
		}
		return list
	}
}

func TestNTLMNeedsItsSchemes(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		offered               []Scheme
		account               []string
		raw, inside, inFrames bool
	}{
		{order, nil, true, true, true},
		{order, []string{"ntlm"}, true, true, true},
		{order, []string{"basic", "digest", "negotiate"}, false, false, false},
		{[]Scheme{NTLM}, nil, true, false, false},
		{[]Scheme{Negotiate, Basic}, nil, false, false, false},
		{[]Scheme{Basic, DigestMD5}, nil, false, false, false},
	} {
		f.edit(func(d *access.Draft) error {
			return d.UpdateAccount(userName, func(a *access.Account) { a.Schemes = c.account })
		})
		a := f.instance(func(k *Config) { k.Schemes = c.offered })
		for i, want := range []bool{c.raw, c.inside, c.inFrames} {
			u := user()
			type1, type2 := f.begin(f.auth, &u)
			type3, err := u.Type3(type1, type2)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.ask(a, host, source, ntlmtest.Header(carriers[i].scheme, type3, carriers[i].framed, false)).OK; got != want {
				t.Errorf("offered %v, account %v, %+v: %v; want %v", c.offered, c.account, carriers[i], got, want)
			}
		}
	}
}

// TestANameIsOfOneAccount: the domain decides, and only one that nobody has is
// passed over.
func TestANameIsOfOneAccount(t *testing.T) {
	f := newFixture(t)
	const other, password = `Branch\NetwrixUser`, "other password"
	list, err := NewVerifiers(f.ring, zeros{}, other, password, []Scheme{NTLM})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error {
		if err := d.AddAccount(access.Account{Name: other, Verifiers: list}); err != nil {
			return err
		}
		return d.SetDefaultDomain("Enterprise")
	})
	for _, c := range []struct{ domain, password, want string }{
		{"Enterprise", userPassword, userName},
		{"Branch", password, other},
		{"", userPassword, userName},
		{"WS1", userPassword, userName},
		{"Branch", userPassword, ""}, // the password of the default domain's
		{"Enterprise", password, ""},
		{"", password, ""},
	} {
		u := user()
		u.Domain, u.Password = c.domain, c.password
		out := f.ask(f.auth, host, source, f.ntlmHeader(u))
		if out.OK != (c.want != "") || out.Account.Name != c.want {
			t.Errorf("%q with %q: %v as %q; want %q", c.domain, c.password, out.OK, out.Account.Name, c.want)
		}
	}
}

func TestNTLMFailuresOfOursAreErrors(t *testing.T) {
	f := newFixture(t)
	u := user()
	broken := f.instance(func(c *Config) { c.Directory = brokenDirectory{} })
	if out, err := broken.Authenticate(t.Context(), Request{Authorization: []string{f.ntlmHeader(u)}, Host: host}); err == nil || out.OK {
		t.Errorf("no directory: %+v, %v", out, err)
	}
	full := f.instance(func(c *Config) { c.State = &spy{Table: f.state, err: table.ErrUnavailable} })
	if out, err := full.Authenticate(t.Context(), Request{Authorization: []string{f.ntlmHeader(u)}, Host: host}); err == nil || out.OK {
		t.Errorf("no table: %+v, %v", out, err)
	}
	dry := f.instance(func(c *Config) { c.Rand = strings.NewReader("short") })
	if out, err := dry.Authenticate(t.Context(), Request{Authorization: []string{ntlmtest.Header("NTLM", u.Type1(), false, true)}}); err == nil || out.OK {
		t.Errorf("no randomness: %+v, %v", out, err)
	}
}
