package kerberostest

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The service of the story.
var service = Key{Principal: "HTTP/docket.example", Realm: "EXAMPLE", Password: "the service's", Version: 1, Cipher: 18}

// Flags writes a keytab and returns the flags with which a server of the demo is to
// be started for Run: users of the realm have the demo's accounts, one group of their
// tickets may do everything.
func Flags(t testing.TB, now func() time.Time, administrators string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "docket.keytab")
	if err := os.WriteFile(file, Keytab(t, now(), service), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--auth", "negotiate,digest,basic", "--keytab", file, "--realm", service.Realm + "=Enterprise", "--group-sid", DomainUsers + "=" + administrators}
}

// Run shows tickets to a server that was started with Flags. root is the URL of the API
// up to its endpoints.
func Run(t *testing.T, root string, now func() time.Time) {
	t.Run("accounts", func(t *testing.T) { checkAccounts(t, root, now) })
	t.Run("groups", func(t *testing.T) { checkGroups(t, root, now) })
	t.Run("copies", func(t *testing.T) { checkCopies(t, root, now) })
}

// get asks for a record.
func get(t testing.TB, root, header string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, root+"/enum?format=json&count=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", header)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer
}

func checkAccounts(t *testing.T, root string, now func() time.Time) {
	other := service
	other.Password = "another's"
	old := New(t, service, "NetwrixUser", now().Add(-10*time.Minute))
	for name, c := range map[string]struct {
		token *Token
		want  int
	}{
		"a user":           {New(t, service, "netwrixuser", now()), http.StatusOK},
		"nobody here":      {New(t, service, "nobody", now()), http.StatusUnauthorized},
		"another's ticket": {New(t, other, "NetwrixUser", now()), http.StatusUnauthorized},
		"an old token":     {old, http.StatusUnauthorized},
	} {
		answer := get(t, root, c.token.Header(t))
		if answer.StatusCode != c.want {
			t.Errorf("%s: status %d; want %d", name, answer.StatusCode, c.want)
		}
		if said := answer.Header.Get("Persistent-Auth"); (said == "false") != (c.want == http.StatusOK) {
			t.Errorf("%s: Persistent-Auth %q", name, said)
		}
		if challenge := answer.Header.Values("WWW-Authenticate"); c.want != http.StatusOK && (len(challenge) != 1 || !strings.Contains(challenge[0], "Negotiate")) {
			t.Errorf("%s: challenges %q", name, challenge)
		}
	}
}

// checkGroups reads by an account that may only write, with a ticket that is of a
// group that may read, for this request alone.
func checkGroups(t *testing.T, root string, now func() time.Time) {
	const writer = "Contributor"
	ask := func(change func(*Token)) int {
		t.Helper()
		token := New(t, service, writer, now())
		change(token)
		return get(t, root, token.Header(t)).StatusCode
	}
	logon := Logons(t)["MS-PAC"]
	right := func(k *Token) { k.Part.AuthorizationData = With(t, PAC(t, service, writer, k.Made.CTime, logon)) }
	wrong := func(k *Token) { k.Part.AuthorizationData = With(t, PAC(t, service, "ann", k.Made.CTime, logon)) }
	for i, c := range []struct {
		change func(*Token)
		want   int
	}{
		{func(*Token) {}, http.StatusUnauthorized}, {right, http.StatusOK}, {wrong, http.StatusUnauthorized}, {func(*Token) {}, http.StatusUnauthorized},
	} {
		if got := ask(c.change); got != c.want {
			t.Errorf("request %d: status %d; want %d", i+1, got, c.want)
		}
	}
}

// checkCopies sends a token many times at once.
func checkCopies(t *testing.T, root string, now func() time.Time) {
	header := New(t, service, "NetwrixUser", now()).Header(t)
	var in atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if get(t, root, header).StatusCode == http.StatusOK {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 {
		t.Errorf("a token was good %d times", in.Load())
	}
}
