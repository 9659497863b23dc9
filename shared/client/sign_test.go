package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"docket/shared/wire"
)

// The example of RFC 7616, section 3.9.1.
func TestAnswerOfTheRFC(t *testing.T) {
	header := `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%s, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c := bestDigest([]string{fmt.Sprintf(header, algorithm)})
		if c == nil {
			t.Fatalf("%s: no challenge", algorithm)
		}
		got := c.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1)
		if !strings.Contains(got, `response="`+want+`"`) || !strings.Contains(got, `nc=00000001`) || !strings.Contains(got, "algorithm="+algorithm) {
			t.Errorf("%s: %s", algorithm, got)
		}
	}
}

func TestBestDigest(t *testing.T) {
	for _, c := range []struct {
		headers []string
		want    string // algorithm and nonce
	}{
		{[]string{`Basic realm="x"`}, ""},
		{[]string{`Basic realm="a, Digest b", Digest realm="x", nonce="n1", qop="auth"`}, " n1"},
		{[]string{`Basic realm=x, Negotiate, Digest realm="x",nonce="n1",qop="auth",algorithm=MD5, Digest nonce="n2", qop=auth, realm="x", algorithm="SHA-256", stale=TRUE, NTLM`}, "SHA-256 n2"},
		{[]string{`NTLM TlRMTVNTUAAC==, Digest nonce="n\"1"`}, ` n"1`},
		{[]string{`Digest nonce="a", algorithm=SHA-512-256`, `Digest nonce="b", algorithm=md5-sess, qop="auth-int,auth"`}, "md5-sess b"},
		{[]string{`Digest nonce="a", qop="auth-int"`}, ""},
		{[]string{`Digest realm="never ends`, `Digest`, `,,,`, `=`}, ""},
	} {
		got := ""
		if d := bestDigest(c.headers); d != nil {
			got = d.algorithm + " " + d.nonce
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.headers, got, c.want)
		}
	}
}

// digestServer checks answers to its own nonces; each is good for limit uses.
type digestServer struct {
	mu           sync.Mutex
	limit, uses  int
	generation   int
	asked, right int
}

func (s *digestServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := fmt.Sprintf("nonce-%d", s.generation)
	ch := &challenge{realm: "docket", nonce: nonce, algorithm: "SHA-256", qop: true}
	best := bestDigest([]string{`Digest realm="docket", nonce="` + nonce + `", algorithm=SHA-256, qop="auth"`})
	ch.hash = best.hash
	params := splitChallenges(r.Header.Get("Authorization"))
	proven := false
	if len(params) == 1 && params[0]["username"] == `CORP\u` && params[0]["uri"] == r.RequestURI {
		var count uint32
		fmt.Sscanf(params[0]["nc"], "%x", &count)
		ch.nonce = params[0]["nonce"]
		want := bestAnswer(ch.answer(`CORP\u`, "secret", r.Method, r.RequestURI, params[0]["cnonce"], count))
		proven = want == params[0]["response"]
	}
	if proven && ch.nonce == nonce && s.uses < s.limit {
		s.uses++
		s.right++
		w.Write([]byte(`{"ActivityRecordList":[],"ContinuationMark":"m"}`))
		return
	}
	if s.uses >= s.limit {
		s.generation, s.uses = s.generation+1, 0
	}
	s.asked++
	stale := ""
	if proven {
		stale = ", stale=true"
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="docket", Digest realm="docket", nonce="nonce-%d", algorithm=SHA-256, qop="auth"%s`, s.generation, stale))
	w.WriteHeader(http.StatusUnauthorized)
}

func bestAnswer(header string) string { return splitChallenges(header)[0]["response"] }

func TestDigest(t *testing.T) {
	s := &digestServer{limit: 7}
	c, _, _ := start(t, Config{User: `CORP\u`, Password: "secret", Scheme: Digest, Format: wire.JSON, Attempts: 1}, s.ServeHTTP)
	for i := range 20 {
		if _, err := c.Enum(context.Background(), "", i); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if s.right != 20 || s.asked != 3 {
		t.Errorf("%d answered, %d challenged, want 20 and 3", s.right, s.asked)
	}
}

func TestDigestInParallel(t *testing.T) {
	s := &digestServer{limit: 1000}
	c, _, _ := start(t, Config{User: `CORP\u`, Password: "secret", Scheme: Digest, Format: wire.JSON, Attempts: 1}, s.ServeHTTP)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				if _, err := c.Enum(context.Background(), "", 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestWrongPassword(t *testing.T) {
	s := &digestServer{limit: 1000}
	c, sc, _ := start(t, Config{User: `CORP\u`, Password: "wrong", Scheme: Digest, Format: wire.JSON}, s.ServeHTTP)
	_, err := c.Enum(context.Background(), "", 0)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized || len(sc.seen) != 2 {
		t.Errorf("%v after %d requests, want 401 after 2: more would count against the account", err, len(sc.seen))
	}
	c, sc, _ = start(t, Config{User: `CORP\u`, Password: "wrong", Format: wire.JSON}, s.ServeHTTP)
	if _, err := c.Enum(context.Background(), "", 0); !errors.As(err, &refused) || len(sc.seen) != 1 {
		t.Errorf("Basic: %v after %d requests", err, len(sc.seen))
	}
}

func TestForeignNames(t *testing.T) {
	c := bestDigest([]string{`Digest realm="x", nonce="n"`})
	if got := c.answer("Jäsøn Doe", "p", "GET", "/", "c", 1); !strings.Contains(got, `username*=UTF-8''J%C3%A4s%C3%B8n%20Doe,`) || strings.Contains(got, "qop") {
		t.Errorf("%s", got)
	}
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Basic realm="a, Digest b", Digest realm="x", nonce="n1", qop="auth"`)
	f.Add(`NTLM TlRMTVNTUAAC==, Digest nonce="n\"1", stale=true`)
	f.Add(`Digest realm="never ends\`)
	f.Fuzz(func(t *testing.T, header string) {
		for _, params := range splitChallenges(header) {
			if params == nil {
				t.Error("a challenge without a list of parameters")
			}
		}
	})
}
