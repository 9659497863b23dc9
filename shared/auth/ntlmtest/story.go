package ntlmtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Run signs in to a server of the API that offers negotiate, ntlm, digest and basic
// without a keytab, in each way in which clients carry NTLM: reading, going on and
// writing on one connection. root is the address of its activity_records; c is
// an account that may read and write. All servers must pass alike.
func Run(t *testing.T, root string, c Client) {
	t.Run("offer", func(t *testing.T) { checkOffers(t, root) })
	for name, k := range map[string]Transport{
		"NTLM": {Scheme: "NTLM"}, "Negotiate": {Scheme: "Negotiate"}, "SPNEGO": {Scheme: "Negotiate", Framed: true},
		"NTLM at once": {Scheme: "NTLM", Eager: true}, "SPNEGO at once": {Scheme: "Negotiate", Framed: true, Eager: true},
	} {
		k.Client = c
		t.Run(name, func(t *testing.T) { checkSession(t, root, k) })
	}
}

// checkOffers looks at the 401 of somebody who has shown nothing yet.
func checkOffers(t *testing.T, root string) {
	for agent, want := range map[string]string{
		"curl/7.88.1": "Basic Digest Digest NTLM", "Mozilla/5.0 (X11)": "Digest Basic", "Mozilla/5.0 PowerShell/7.4": "Basic Digest Digest NTLM",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, root+"/enum", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", agent)
		status, header, _ := do(t, http.DefaultTransport, r)
		values := header.Values("WWW-Authenticate")
		if status != http.StatusUnauthorized || len(values) != 1 {
			t.Fatalf("%s: status %d, challenges %q; want one header", agent, status, values)
		}
		var words []string
		for _, part := range strings.Split(values[0], ", ") {
			if word, _, _ := strings.Cut(part, " "); !strings.Contains(word, "=") {
				words = append(words, word)
			}
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%s is offered %q; want %q", agent, got, want)
		}
	}
}

// checkSession makes three requests on one connection, then shows the last proof
// again, to several at once.
func checkSession(t *testing.T, root string, k Transport) {
	var connections atomic.Int32
	var dialer net.Dialer
	base := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		connections.Add(1)
		return dialer.DialContext(ctx, network, address)
	}}
	defer base.CloseIdleConnections()
	var sent string
	k.Base, k.Sent = base, func(header string) { sent = header }
	const record = `[{"Who":"ntlm","Where":"here","ObjectType":"File","What":"signed in","Action":"Read","When":"2026-01-01T12:00:00Z"}]`
	for _, step := range []struct{ method, path, body, want string }{
		{http.MethodGet, "/enum?format=json&count=1", "", "ContinuationMark"},
		{http.MethodPost, "/?format=json", record, ""},
		{http.MethodPost, "/search?format=json&count=1", `{"FilterList":{"Who":{"Equals":"ntlm"}}}`, "signed in"},
	} {
		status, _, body := do(t, &k, request(t, step.method, root+step.path, step.body))
		if status != http.StatusOK || !strings.Contains(body, step.want) {
			t.Fatalf("%s %s: status %d, %q", step.method, step.path, status, body)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections; want one, kept", n)
	}
	var again sync.WaitGroup
	for range 4 {
		r := request(t, http.MethodGet, root+"/enum?format=json&count=1", "")
		r.Header.Set("Authorization", sent)
		again.Go(func() {
			if status, _, _ := do(t, http.DefaultTransport, r); status != http.StatusUnauthorized {
				t.Errorf("status %d for a proof that was used", status)
			}
		})
	}
	again.Wait()
	k.Client.Password += "x"
	if status, _, _ := do(t, &k, request(t, http.MethodGet, root+"/enum", "")); status != http.StatusUnauthorized {
		t.Errorf("status %d for another password", status)
	}
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// do sends a request and reads the answer to its end.
func do(t *testing.T, by http.RoundTripper, r *http.Request) (status int, header http.Header, body string) {
	answer, err := by.RoundTrip(r)
	if err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return 0, nil, ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}
