package auth

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/keys"
	"docket/shared/table/memory"
)

// recorded is one header of a client.
type recorded struct{ client, header string }

// recordedClients are the headers of testdata/clients.txt.
func recordedClients(t testing.TB) []recorded {
	t.Helper()
	text, err := os.ReadFile("testdata/clients.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []recorded
	for line := range strings.Lines(string(text)) {
		if client, header, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			list = append(list, recorded{client, header})
		}
	}
	if len(list) < 18 {
		t.Fatalf("%d headers", len(list))
	}
	return list
}

// recordedTickets are the headers of clients with a Kerberos ticket, which package
// kerberos has with the keys that open them.
func recordedTickets(t testing.TB) []recorded {
	t.Helper()
	text, err := os.ReadFile("kerberos/testdata/clients.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []recorded
	for line := range strings.Lines(string(text)) {
		if client, header, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && strings.HasPrefix(header, "Negotiate ") {
			list = append(list, recorded{client, header})
		}
	}
	if len(list) < 3 {
		t.Fatalf("%d headers", len(list))
	}
	return list
}

// token is the bytes of a header.
func (r recorded) token(t testing.TB) []byte {
	t.Helper()
	_, text, _ := strings.Cut(r.header, " ")
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRecordedClients shows what clients sent to the installation that they sent it
// to, whose ring, time and address are these: each signs in, once.
func TestRecordedClients(t *testing.T) {
	const at = "127.0.0.1:9792"
	ring, err := keys.Parse([]byte(`{"realm":"Docket","seed":"recorded-handshakes-of-clients-0123456789abcdef"}`))
	if err != nil {
		t.Fatal(err)
	}
	list, err := NewVerifiers(ring, zeros{}, userName, userPassword, []Scheme{NTLM})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{TB: t, clock: &clock{t: time.UnixMilli(1_800_000_000_123)}, ring: ring, log: &logged{}}
	f.state, f.directory = memory.New(f.clock.now), access.Open(memory.New(f.clock.now), f.clock.now)
	f.edit(func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: userName, Verifiers: list})
	})
	f.auth = f.instance(nil)
	for i, r := range recordedClients(t) {
		first, old := i%2 == 0, strings.Contains(r.client, "NTLMv1")
		out := f.ask(f.auth, at, source, r.header)
		scheme, _, _ := strings.Cut(r.header, " ")
		switch {
		case first && (out.OK || !strings.HasPrefix(out.Challenge, scheme+" T") && !strings.HasPrefix(out.Challenge, scheme+" o")):
			t.Errorf("%s, first leg: %+v; want a challenge", r.client, out)
		case !first && out.OK == old:
			t.Errorf("%s, second leg: accepted %v", r.client, out.OK)
		case !first && f.ask(f.auth, at, source, r.header).OK:
			t.Errorf("%s, second leg: accepted again", r.client)
		}
	}
	if !strings.Contains(f.log.String(), unsafe.String()) || strings.Contains(f.log.String(), wrong.String()) {
		t.Errorf("the log has\n%s", f.log)
	}
}
