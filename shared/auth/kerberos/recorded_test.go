package kerberos

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/keys"
	"docket/shared/table/memory"
)

// recorded is what clients of an MIT realm sent (cmd/docket/clients, -record).
type recorded struct {
	keytab  []byte
	at      time.Time
	headers map[string]string // by client
}

func readRecorded(t testing.TB) recorded {
	t.Helper()
	text, err := os.ReadFile("testdata/clients.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := recorded{headers: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "\t")
		switch name {
		case "keytab":
			r.keytab, err = base64.StdEncoding.DecodeString(value)
		case "time":
			var seconds int64
			seconds, err = strconv.ParseInt(value, 10, 64)
			r.at = time.Unix(seconds, 0)
		default:
			r.headers[name] = value
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(r.headers) < 3 || len(r.keytab) == 0 {
		t.Fatalf("%d headers, %d bytes of keytab", len(r.headers), len(r.keytab))
	}
	return r
}

// instance is one for some time after the recording.
func (r recorded) instance(t testing.TB, keytab []byte, late time.Duration) *auth.Authenticator {
	t.Helper()
	now := func() time.Time { return r.at.Add(late) }
	ring, err := keys.Generate(rand.Reader, r.at, "Docket")
	if err != nil {
		t.Fatal(err)
	}
	directory := access.Open(memory.New(now), now)
	_, err = directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: `Enterprise\NetwrixUser`, Schemes: []string{"negotiate"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	tickets, err := Read(keytab, []string{"DOCKET.TEST=Enterprise"}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Config{
		Directory: directory, State: memory.New(now), Ring: ring, Schemes: []auth.Scheme{auth.Negotiate}, Now: now, Rand: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Kerberos: tickets,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestRecordedClients shows what clients sent to the service that they sent it to: each
// is accepted once, not when it is old, and not with other keys.
func TestRecordedClients(t *testing.T) {
	r := readRecorded(t)
	now, old, other := r.instance(t, r.keytab, time.Minute), r.instance(t, r.keytab, 20*time.Minute), r.instance(t, keytabOf(t, ours), time.Minute)
	ask := func(a *auth.Authenticator, header string) bool {
		out, err := a.Authenticate(t.Context(), auth.Request{Method: "GET", Target: "/", Authorization: []string{header}})
		if err != nil {
			t.Fatal(err)
		}
		return out.OK
	}
	for client, header := range r.headers {
		if ask(old, header) || ask(other, header) {
			t.Errorf("%s: accepted when it is old, or by other keys", client)
		}
		if first, again := ask(now, header), ask(now, header); !first || again {
			t.Errorf("%s: accepted %v, and again %v; want once", client, first, again)
		}
	}
}
