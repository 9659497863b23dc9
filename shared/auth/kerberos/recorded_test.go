package kerberos

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/auth/spnego"
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

// instances are n over the same tables, some time after the recording.
func (r recorded) instances(t testing.TB, n int, keytab []byte, late time.Duration) []*auth.Authenticator {
	t.Helper()
	now := func() time.Time { return r.at.Add(late) }
	ring, err := keys.Generate(rand.Reader, r.at, "Docket")
	if err != nil {
		t.Fatal(err)
	}
	directory, state := access.Open(memory.New(now), now), memory.New(now)
	_, err = directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: `Enterprise\NetwrixUser`, Schemes: []string{"negotiate"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	list := make([]*auth.Authenticator, n)
	for i := range list {
		tickets, err := Read(keytab, []string{"DOCKET.TEST=Enterprise"}, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		list[i], err = auth.New(auth.Config{
			Directory: directory, State: state, Ring: ring, Schemes: []auth.Scheme{auth.Negotiate}, Now: now, Rand: rand.Reader,
			Log: slog.New(slog.DiscardHandler), Kerberos: tickets,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// TestRecordedClients shows what clients sent to the service that they sent it to, on 16
// instances at once: each is accepted once, not when it is old, and not with other
// keys.
func TestRecordedClients(t *testing.T) {
	r := readRecorded(t)
	now := r.instances(t, 16, r.keytab, time.Minute)
	bad := append(r.instances(t, 1, r.keytab, 20*time.Minute), r.instances(t, 1, keytabOf(t, ours), time.Minute)...)
	for client, header := range r.headers {
		count := func(list []*auth.Authenticator) int {
			var in atomic.Int32
			var all sync.WaitGroup
			for _, a := range list {
				all.Go(func() {
					out, err := a.Authenticate(t.Context(), auth.Request{Method: "GET", Target: "/", Authorization: []string{header}})
					if err != nil {
						t.Error(err)
					}
					if out.OK {
						in.Add(1)
					}
				})
			}
			all.Wait()
			return int(in.Load())
		}
		if count(bad) != 0 {
			t.Errorf("%s: accepted when it is old, or by other keys", client)
		}
		if n := count(now); n != 1 {
			t.Errorf("%s: accepted %d times", client, n)
		}
	}
}

// TestMITSealsPACs opens the PACs of the recorded tickets: a KDC of MIT signs them as
// Windows does, and puts no groups in.
func TestMITSealsPACs(t *testing.T) {
	r := readRecorded(t)
	a, err := Read(r.keytab, []string{"DOCKET.TEST=Enterprise"}, nil, func() time.Time { return r.at })
	if err != nil {
		t.Fatal(err)
	}
	for client, header := range r.headers {
		q, err := readRequest(tokenOf(t, header))
		if err != nil {
			t.Fatal(err)
		}
		key, err := a.openTicket(q)
		if err != nil {
			t.Fatal(err)
		}
		data, err := q.pac()
		if err != nil {
			t.Fatalf("%s: %v", client, err)
		}
		p, err := readPAC(data)
		if err != nil {
			t.Fatalf("%s: %v", client, err)
		}
		if !p.sealed(key) || !p.of("NetwrixUser", q.Ticket.DecryptedEncPart.AuthTime) || len(p.buffer(bufferLogon)) != 0 {
			t.Errorf("%s: sealed %v, buffers %v", client, p.sealed(key), p.spans)
		}
		p.data[p.spans[bufferClient].at] ^= 1
		if p.sealed(key) {
			t.Errorf("%s: an altered PAC is sealed", client)
		}
	}
}

// tokenOf is the Kerberos token of a header.
func tokenOf(t testing.TB, header string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "Negotiate "))
	if err != nil {
		t.Fatal(err)
	}
	token, err := spnego.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return token.Inner
}
