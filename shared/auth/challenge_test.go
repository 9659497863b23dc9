package auth

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"docket/shared/access"
)

var anyNonce = regexp.MustCompile(`nonce="[A-Za-z0-9_-]{43}"`)

func TestChallenges(t *testing.T) {
	f := newFixture(t)
	const (
		basic  = `Basic realm="Docket"`
		md5    = `Digest realm="Docket", qop="auth", algorithm=MD5, nonce="N"`
		sha256 = `Digest realm="Docket", qop="auth", algorithm=SHA-256, nonce="N"`
	)
	for _, c := range []struct{ schemes, userAgent, want string }{
		{"digest,basic", "curl/7.88.1", basic + ", " + md5 + ", " + sha256},
		{"digest,basic", "", basic + ", " + md5 + ", " + sha256},
		{"digest,basic", "Java-http-client/17.0.15", basic + ", " + md5 + ", " + sha256},
		{"digest,basic", "Mozilla/5.0 (X11; Linux x86_64)", md5 + ", " + basic},
		{"digest,basic", "python-httpx/0.27.0", md5 + ", " + basic},
		{"digest,basic", "Python-urllib/3.11", md5 + ", " + basic},
		{"digest,basic", "x Mozilla/5.0", basic + ", " + md5 + ", " + sha256},
		{"basic", "Mozilla/5.0", basic},
		{"digest", "curl/8", md5 + ", " + sha256},
		{"digest-sha-256", "Mozilla/5.0", sha256}, // the exception would leave nothing
		{"digest-md5", "", md5},
		// NTLM is last: curl takes what follows for its token.
		{"ntlm,digest,basic", "curl/7.88.1", basic + ", " + md5 + ", " + sha256 + ", NTLM"},
		{"negotiate,ntlm,digest,basic", "curl/7.88.1", basic + ", " + md5 + ", " + sha256 + ", NTLM"}, // no keytab
		{"keytab,ntlm,digest,basic", "curl/7.88.1", basic + ", Negotiate, " + md5 + ", " + sha256 + ", NTLM"},
		{"keytab,ntlm,digest,basic", "Go-http-client/1.1", "Negotiate"},
		{"negotiate,ntlm,digest,basic", "Go-http-client/1.1", "NTLM"},
		{"digest,basic", "Go-http-client/1.1", md5},
		{"digest-sha-256,basic", "Go-http-client/2.0", sha256},
		{"basic", "Go-http-client/1.1", basic},
		{"ntlm,basic", "Java/17.0.15", basic},
		{"ntlm", "Java/17.0.15", "NTLM"},
		{"keytab,ntlm,digest,basic", "Java/17.0.15", basic + ", " + md5 + ", " + sha256},
		{"keytab,ntlm", "Java/17.0.15", "Negotiate"},
		{"keytab", "Mozilla/5.0", "Negotiate"},
		{"ntlm", "Mozilla/5.0", "NTLM"},
		{"keytab,ntlm,digest,basic", "Mozilla/5.0 (X11; Linux x86_64)", md5 + ", " + basic},
		{"keytab,ntlm,digest,basic", "python-httpx/0.27.0", md5 + ", " + basic},
		{"keytab,ntlm,digest,basic", "Python-urllib/3.11", md5 + ", " + basic},
		{"ntlm,basic", "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1", basic + ", NTLM"},
		{"ntlm,basic", "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.22631; en-US) PowerShell/7.4.1", basic + ", NTLM"},
	} {
		list, withTickets := strings.CutPrefix(c.schemes, "keytab")
		if withTickets {
			list = "negotiate" + list
		}
		schemes, err := ParseSchemes(list)
		if err != nil {
			t.Fatal(err)
		}
		a := f.instance(func(k *Config) {
			if k.Schemes = schemes; withTickets {
				k.Kerberos = tickets{}
			}
		})
		out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: target, UserAgent: c.userAgent})
		if err != nil {
			t.Fatal(err)
		}
		nonces := anyNonce.FindAllString(out.Challenge, -1)
		for _, n := range nonces {
			if n != nonces[0] {
				t.Errorf("%s: two nonces in one challenge: clients merge them", c.schemes)
			}
		}
		if got := anyNonce.ReplaceAllString(out.Challenge, `nonce="N"`); got != c.want {
			t.Errorf("%s for %q:\n got %s\nwant %s", c.schemes, c.userAgent, got, c.want)
		}
	}
}

func TestEveryRefusalHasItsOwnNonceAndNothingElse(t *testing.T) {
	f := newFixture(t)
	seen := map[string]bool{}
	plain := ""
	for _, h := range []string{"", "x", "NTLM x", basicHeader("nobody", "x"), basicHeader(userName, "x"), f.login().header(),
		digestLogin{user: "nobody", password: "x", nonce: "old"}.header(), digestLogin{user: userName, password: "x", nonce: f.nonce()}.header()} {
		c := f.send(h).Challenge
		n := anyNonce.FindString(c)
		if seen[n] || n == "" {
			t.Errorf("nonce %q again, or none", n)
		}
		seen[n] = true
		text := anyNonce.ReplaceAllString(c, "")
		if plain == "" {
			plain = text
		}
		if text != plain {
			t.Errorf("%.20q is refused with %q; nobody's credentials with %q", h, text, plain)
		}
	}
	stale := f.send(digestLogin{user: userName, password: userPassword, nonce: "old"}.header()).Challenge
	if strings.Count(stale, ", stale=true") != 2 {
		t.Errorf("%s; want stale=true in both", stale)
	}
}

func TestParseSchemes(t *testing.T) {
	for list, want := range map[string]string{
		"basic":                         "basic",
		"digest":                        "digest-md5 digest-sha-256",
		"digest,basic":                  "basic digest-md5 digest-sha-256",
		" Digest-SHA-256 ,BASIC, basic": "basic digest-sha-256",
		"ntlm,digest,negotiate,basic":   "basic negotiate digest-md5 digest-sha-256 ntlm",
	} {
		got, err := ParseSchemes(list)
		var words []string
		for _, s := range got {
			words = append(words, string(s))
		}
		if err != nil || strings.Join(words, " ") != want {
			t.Errorf("%q: %v, %v; want %s", list, words, err, want)
		}
	}
	for _, list := range []string{"", ",", "basic,", "kerberos", "basic digest", strings.Repeat("x", 1000)} {
		if got, err := ParseSchemes(list); !errors.Is(err, ErrScheme) || len(err.Error()) > 200 {
			t.Errorf("%.20q: %v, %v; want ErrScheme", list, got, err)
		}
	}
}

func TestSchemesThatAreNotOfferedAreRefused(t *testing.T) {
	f := newFixture(t)
	basic, digest := basicHeader(userName, userPassword), func() string { return f.login().header() }
	a := f.instance(func(c *Config) { c.Schemes = []Scheme{DigestSHA256} })
	if f.sendTo(a, source, basic).OK || f.sendTo(a, source, digest()).OK {
		t.Error("Basic or MD5 is accepted where SHA-256 alone is offered")
	}
	a = f.instance(func(c *Config) { c.Schemes = []Scheme{Basic} })
	if !f.sendTo(a, source, basic).OK || f.sendTo(a, source, digest()).OK {
		t.Error("want Basic accepted and Digest refused where Basic alone is offered")
	}
}

func TestAccountsChooseTheirSchemes(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		schemes                []string
		basic, md5, sha256, ok bool
	}{
		{nil, true, true, true, true},
		{[]string{"basic"}, true, false, false, true},
		{[]string{"digest"}, false, true, true, true},
		{[]string{"digest-sha-256"}, false, false, true, true},
		{[]string{"negotiate"}, false, false, false, true},
	} {
		f.edit(func(d *access.Draft) error {
			return d.UpdateAccount(userName, func(a *access.Account) { a.Schemes = c.schemes })
		})
		sha := f.login()
		sha.algorithm = "SHA-256"
		if f.send(basicHeader(userName, userPassword)).OK != c.basic || f.send(f.login().header()).OK != c.md5 || f.send(sha.header()).OK != c.sha256 {
			t.Errorf("%v: want Basic %v, MD5 %v, SHA-256 %v", c.schemes, c.basic, c.md5, c.sha256)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	f := newFixture(t)
	for what, change := range map[string]func(*Config){
		"no directory":                func(c *Config) { c.Directory = nil },
		"no table":                    func(c *Config) { c.State = nil },
		"no clock":                    func(c *Config) { c.Now = nil },
		"no scheme":                   func(c *Config) { c.Schemes = nil },
		"an unknown scheme":           func(c *Config) { c.Schemes = []Scheme{"kerberos"} },
		"Negotiate alone, no tickets": func(c *Config) { c.Schemes = []Scheme{Negotiate} },
		"negative hashes":             func(c *Config) { c.Hashes = -1 },
	} {
		c := Config{Directory: f.directory, State: f.state, Ring: f.ring, Schemes: order, Now: f.clock.now, Rand: strings.NewReader(""), Log: f.auth.log}
		change(&c)
		if a, err := New(c); a != nil || !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v; want ErrConfig", what, err)
		}
	}
}

func TestNoRandomnessIsAnError(t *testing.T) {
	f := newFixture(t)
	a := f.instance(func(c *Config) { c.Rand = strings.NewReader("short") })
	if out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: target}); err == nil || out.OK {
		t.Errorf("%+v, %v; want an error", out, err)
	}
}

type brokenDirectory struct{}

func (brokenDirectory) Snapshot(context.Context) (*access.Snapshot, error) {
	return nil, errors.New("directory is gone")
}

func TestNoDirectoryIsAnError(t *testing.T) {
	f := newFixture(t)
	a := f.instance(func(c *Config) { c.Directory = brokenDirectory{} })
	for _, h := range []string{basicHeader(userName, userPassword), f.login().header()} {
		out, err := a.Authenticate(context.Background(), Request{Method: "GET", Target: target, Authorization: []string{h}})
		if err == nil || out.OK || !strings.Contains(err.Error(), "directory is gone") {
			t.Errorf("%+v, %v; want the directory's error", out, err)
		}
	}
	if out := f.sendTo(a, source, ""); out.OK {
		t.Error("accepted without credentials")
	}
}

// I-5: nothing of what was sent or stored is in the log.
func TestLogsTellNoSecret(t *testing.T) {
	f := newFixture(t)
	const canary = "c4n4ry"
	l := digestLogin{user: canary + "user", password: canary + "password", nonce: canary + "nonce", cnonce: canary + "cnonce", realm: canary}
	headers := []string{l.header(), canary, "Basic " + canary, "Digest username=" + canary, basicHeader(canary, canary), basicHeader(userName, canary)}
	l.realm = ""
	headers = append(headers, l.header())
	l.user = userName
	headers = append(headers, l.header())
	right := f.login()
	right.nonce, right.cnonce = canary, canary
	headers = append(headers, right.header())
	for _, h := range headers {
		f.send(h)
	}
	l.user = canary
	for range pairLimit {
		f.send(l.header())
	}
	log := f.log.String()
	for _, secret := range []string{canary, userPassword, "Digest ", "Basic ", "YzRuNHJ5"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	for _, want := range []string{"wrong name or password", "stale nonce", "malformed", "source=" + source, "wait after too many failures"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}
