package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth/ntlmtest"
	"docket/shared/auth/spnego"
	"docket/shared/keys"
)

// TestACapturedProofIsGoodOnce sends what was captured to 16 instances at the same
// time, in each of its carriers and again in the others.
func TestACapturedProofIsGoodOnce(t *testing.T) {
	f := newFixture(t)
	var all [16]*Authenticator
	for i := range all {
		all[i] = f.instance(nil)
	}
	for round := range 12 {
		u := user()
		type1, type2 := f.begin(f.auth, &u)
		type3, err := u.Type3(type1, type2)
		if err != nil {
			t.Fatal(err)
		}
		var accepted atomic.Int32
		var wait sync.WaitGroup
		for i, a := range all {
			k := carriers[(round+i*(round%2))%len(carriers)] // all in one carrier, or mixed
			wait.Go(func() {
				out, err := a.Authenticate(context.Background(), Request{Authorization: []string{ntlmtest.Header(k.scheme, type3, k.framed, false)}, Host: host, Source: source})
				if err != nil {
					t.Error(err)
				}
				if out.OK {
					accepted.Add(1)
				}
			})
		}
		wait.Wait()
		if accepted.Load() != 1 {
			t.Fatalf("%d of 16 accepted it; want 1", accepted.Load())
		}
		// Bytes that the proof does not cover make no other proof of it.
		type3[20+2]++ // the space said to be there for the response
		if f.ask(f.auth, host, source, ntlmtest.Header("NTLM", type3, false, false)).OK {
			t.Fatal("accepted again with another byte outside the proof")
		}
		// Nor does the password make another proof of a challenge (A7).
		u.Extra = []ntlmtest.Pair{{ID: 99, Value: []byte("again")}}
		if f.ask(f.auth, host, source, f.answer(&u, type1, type2)).OK {
			t.Fatal("a second proof of one challenge is accepted")
		}
	}
	if strings.Contains(f.log.String(), wrong.String()) {
		t.Error("a replay counts as a wrong password")
	}
}

func TestAProofIsForItsChallengeAndHost(t *testing.T) {
	f := newFixture(t)
	u := user()
	type1, mine := f.begin(f.auth, &u)
	_, theirs := f.begin(f.auth, &u)
	// The pairs of one challenge with the nonce of another: what a type 3 looks
	// like that was made for the other.
	other, err := ntlmtest.ReadChallenge(theirs)
	if err != nil {
		t.Fatal(err)
	}
	mixed := u
	mixed.Nonce = &other.Nonce
	if f.ask(f.auth, host, source, f.answer(&mixed, type1, mine)).OK {
		t.Error("accepted for another challenge")
	}
	for _, to := range []string{"other.example:9699", "docket.example", "", host + "."} {
		if f.ask(f.auth, to, source, f.answer(&u, type1, mine)).OK {
			t.Errorf("a proof for %s is accepted at %q", host, to)
		}
	}
	// Another installation, with keys and a realm of its own.
	ring, err := keys.Generate(strings.NewReader(strings.Repeat("k", keys.Size)), f.clock.now(), "Docket")
	if err != nil {
		t.Fatal(err)
	}
	foreign := f.instance(func(c *Config) { c.Ring = ring })
	_, theirs = f.begin(foreign, &u)
	if f.ask(f.auth, host, source, f.answer(&u, type1, theirs)).OK {
		t.Error("a proof for another installation is accepted")
	}
	if !f.ask(f.auth, strings.ToUpper(host), source, f.answer(&u, type1, mine)).OK {
		t.Error("and refused at its own, in capitals")
	}
}

func TestAProofIsForItsTime(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		age  time.Duration
		want bool
	}{{0, true}, {ntlmLife, true}, {ntlmLife + time.Millisecond, false}, {24 * time.Hour, false}, {-ntlmSkew, true}, {-ntlmSkew - time.Millisecond, false}, {-200 * 365 * 24 * time.Hour, false}} {
		header := f.ntlmHeader(user())
		f.clock.add(c.age)
		if out := f.ask(f.auth, host, source, header); out.OK != c.want || isStale(out) {
			t.Errorf("aged %v: %+v; want %v", c.age, out, c.want)
		}
		if log := f.log.String(); !c.want && !strings.Contains(log, late.String()) || strings.Contains(log, wrong.String()) {
			t.Errorf("aged %v: the log has\n%s", c.age, log)
		}
		f.clock.add(-c.age)
	}
}

// TestAUseIsRememberedAsLongAsItsChallengeIsGood, also by a table whose clock is
// ahead.
func TestAUseIsRememberedAsLongAsItsChallengeIsGood(t *testing.T) {
	f := newFixture(t)
	header := f.ntlmHeader(user())
	if !f.ask(f.auth, host, source, header).OK {
		t.Fatal("refused")
	}
	for range 14 {
		f.clock.add(10 * time.Second)
		if f.ask(f.auth, host, source, header).OK {
			t.Fatal("accepted again")
		}
	}
}

// TestAChallengeOutlivesOneRotation is accepted once, in its time, by whoever has the
// new ring; by one rotated twice not at all.
func TestAChallengeOutlivesOneRotation(t *testing.T) {
	f := newFixture(t)
	ring := f.ring
	var rotated [2]*Authenticator
	for i := range rotated {
		var err error
		if ring, err = ring.Rotate(strings.NewReader(strings.Repeat("r", keys.Size)), f.clock.now()); err != nil {
			t.Fatal(err)
		}
		rotated[i] = f.instance(func(c *Config) { c.Ring = ring })
	}
	header, late := f.ntlmHeader(user()), f.ntlmHeader(user())
	if f.ask(rotated[1], host, source, header).OK {
		t.Error("accepted after two rotations")
	}
	if !f.ask(rotated[0], host, source, header).OK {
		t.Error("refused after one rotation")
	}
	if f.ask(rotated[0], host, source, header).OK || f.ask(f.auth, host, source, header).OK {
		t.Error("accepted twice, before and after a rotation")
	}
	f.clock.add(ntlmLife + time.Second)
	if f.ask(rotated[0], host, source, late).OK {
		t.Error("accepted after its time")
	}
}

func TestGuessingByNTLM(t *testing.T) {
	f := newFixture(t)
	guess := user()
	guess.Password = "guess"
	const stranger = "198.51.100.1"
	before := f.ntlmHeader(user())
	for range pairLimit {
		f.ask(f.auth, host, stranger, f.ntlmHeader(guess))
	}
	if f.ask(f.auth, host, stranger, f.ntlmHeader(user())).OK || f.send(basicHeader(userName, userPassword)).OK != true {
		t.Error("want the right password delayed where the guesses came from, and nowhere else")
	}
	if f.sendTo(f.auth, stranger, basicHeader(userName, userPassword)).OK {
		t.Error("guesses by NTLM do not count for Basic")
	}
	if !f.ask(f.auth, host, source, before).OK {
		t.Error("the owner is locked out by a stranger")
	}
	f.clock.add(pairDelay + time.Millisecond)
	if !f.ask(f.auth, host, stranger, f.ntlmHeader(user())).OK {
		t.Error("still refused after the delay")
	}
}

// TestWhatIsNoGuess may happen any number of times.
func TestWhatIsNoGuess(t *testing.T) {
	f := newFixture(t)
	u := user()
	stateless := u
	stateless.Edit = without(3)
	old := f.ntlmHeader(u)
	f.clock.add(ntlmLife + time.Second)
	used := f.ntlmHeader(u)
	f.ask(f.auth, host, source, used)
	for range 2 * pairLimit {
		f.begin(f.auth, &u)
		f.ask(f.auth, host, source, f.ntlmHeader(stateless))
		f.ask(f.auth, host, source, old)
		f.ask(f.auth, host, source, used)
		f.ask(f.auth, host, source, "NTLM "+strings.Repeat("A", 64))
		f.ask(f.auth, host, source, "Negotiate "+strings.Repeat("A", 64))
	}
	if !f.ask(f.auth, host, source, f.ntlmHeader(u)).OK {
		t.Error("refused after what was no guess")
	}
}

// TestNTLMTellsNothing: known and unknown names, with and without NTLM, take the
// same steps and get the same answer; and a refusal writes nothing.
func TestNTLMTellsNothing(t *testing.T) {
	f := newFixture(t)
	writes := &spy{Table: f.state}
	f.auth = f.instance(func(c *Config) { c.State = writes })
	f.edit(func(d *access.Draft) error {
		for name, disabled := range map[string]bool{`Enterprise\without1234`: false, `Enterprise\disabled123`: true} {
			if err := d.AddAccount(access.Account{Name: name, Disabled: disabled}); err != nil {
				return err
			}
		}
		return nil
	})
	wantSteps, wantText := "", ""
	for _, name := range []string{"NetwrixUser", "NobodyAtAll", "without1234", "disabled123"} {
		u := user()
		u.User, u.Password = name, "wrong"
		header := f.ntlmHeader(u)
		var out Outcome
		got := steps(f.auth, func() { out = f.ask(f.auth, host, source, header) })
		text := anyNonce.ReplaceAllString(out.Challenge, "")
		if wantSteps == "" {
			wantSteps, wantText = got, text
		}
		if got != wantSteps || text != wantText || out.OK {
			t.Errorf("%s: %s, %q; want %s, %q", name, got, text, wantSteps, wantText)
		}
	}
	if wantSteps == "" || writes.writes.Load() != 0 {
		t.Errorf("steps %q, %d writes", wantSteps, writes.writes.Load())
	}
}

func TestNTLMLogsTellNoSecret(t *testing.T) {
	f := newFixture(t)
	const canary = "c4n4ry"
	for range pairLimit + 1 {
		f.ask(f.auth, host, source, f.ntlmHeader(ntlmtest.Client{User: canary, Domain: canary, Workstation: canary, Password: canary}))
	}
	u := user()
	u.Password = canary
	f.ask(f.auth, host, source, f.ntlmHeader(u))
	f.ask(f.auth, host, source, "NTLM "+canary)
	f.ask(f.auth, host, source, "Negotiate "+canary)
	log := f.log.String()
	for _, secret := range []string{canary, "TlRMTVNTUA", "NTLMSSP"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "scheme=ntlm account="+`"Enterprise\\NetwrixUser"`) && !strings.Contains(log, `scheme=ntlm account=Enterprise\NetwrixUser`) {
		t.Errorf("the log does not tell whose password is guessed:\n%s", log)
	}
}

// tickets accepts what is in it.
type tickets struct {
	known map[string]Ticket
	err   error
}

func (k tickets) Accept(_ context.Context, token []byte) (Ticket, error) {
	if k.err != nil {
		return Ticket{}, k.err
	}
	ticket, ok := k.known[string(token)]
	if !ok {
		return Ticket{}, ErrTicket
	}
	return ticket, nil
}

// kerberosToken is GSS-API's frame around the mechanism's name and some text.
func kerberosToken(text string) string {
	return "\x60" + string(rune(11+len(text))) + "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" + text
}

func TestTickets(t *testing.T) {
	f := newFixture(t)
	f.edit(func(d *access.Draft) error {
		if err := d.AddAccount(access.Account{Name: `Enterprise\ticket`, Schemes: []string{"negotiate"}}); err != nil {
			return err
		}
		return d.AddAccount(access.Account{Name: `Enterprise\off`, Schemes: []string{"negotiate"}, Disabled: true})
	})
	taker := tickets{known: map[string]Ticket{
		kerberosToken("ann"):    {Account: "ticket@Enterprise", Groups: []string{"Auditors"}, Use: [32]byte{1}, End: f.clock.now()},
		kerberosToken("again"):  {Account: "ticket@Enterprise", Use: [32]byte{2}, End: f.clock.now()},
		kerberosToken("off"):    {Account: "off@Enterprise", Use: [32]byte{3}, End: f.clock.now()},
		kerberosToken("user"):   {Account: userName, Use: [32]byte{4}, End: f.clock.now()}, // whose schemes do not name it
		kerberosToken("nobody"): {Account: "nobody", Use: [32]byte{5}, End: f.clock.now()},
	}}
	a := f.instance(func(c *Config) { c.Kerberos = taker })
	for text, want := range map[string]string{"ann": `Enterprise\ticket`, "off": "", "user": "", "nobody": "", "forged": ""} {
		out := f.ask(a, host, source, ntlmtest.Header("Negotiate", []byte(kerberosToken(text)), false, true))
		if out.OK != (want != "") || out.Account.Name != want || (want != "") != (len(out.Groups) == 1) {
			t.Errorf("%s: %+v; want %q", text, out, want)
		}
	}
	for i, want := range []bool{true, false, false} {
		if out := f.ask(a, host, source, ntlmtest.Header("Negotiate", []byte(kerberosToken("again")), i == 2, true)); out.OK != want {
			t.Errorf("use %d of a ticket: %v", i+1, out.OK)
		}
	}
	if out := f.ask(f.auth, host, source, ntlmtest.Header("Negotiate", []byte(kerberosToken("ann")), false, true)); out.OK {
		t.Error("a ticket is accepted where there is no keytab")
	}
	taker.err = errors.New("clock is gone")
	a = f.instance(func(c *Config) { c.Kerberos = taker })
	if out, err := a.Authenticate(t.Context(), Request{Authorization: []string{ntlmtest.Header("Negotiate", []byte(kerberosToken("ann")), false, true)}}); err == nil || out.OK {
		t.Errorf("%+v, %v; want the error", out, err)
	}
}

// TestAMechanismIsChosen where a client begins with one that is not taken here, as
// Windows does that has a ticket for a server without a keytab.
func TestAMechanismIsChosen(t *testing.T) {
	f := newFixture(t)
	const both = "\x60\x2b\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x21\x30\x1f\xa0\x1d\x30\x1b\x06\x0b\x2a\x86\x48\x82\xf7\x12\x01\x02\x02\x00\x00"
	krb5, ntlm := "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"
	frame := func(mechs, token string) []byte {
		list := "\xa0" + string(rune(2+len(mechs))) + "\x30" + string(rune(len(mechs))) + mechs
		if token != "" {
			list += "\xa2" + string(rune(2+len(token))) + "\x04" + string(rune(len(token))) + token
		}
		inner := "\x06\x06\x2b\x06\x01\x05\x05\x02\xa0" + string(rune(2+len(list))) + "\x30" + string(rune(len(list))) + list
		return []byte("\x60" + string(rune(len(inner))) + inner)
	}
	for _, c := range []struct {
		what    string
		token   []byte
		schemes []Scheme
		want    spnego.Mech
	}{
		{"a ticket, then NTLM", frame(krb5+ntlm, kerberosToken("x")), order, spnego.NTLM},
		{"no token yet", frame(krb5+ntlm, ""), order, spnego.NTLM},
		{"a ticket alone", frame(krb5, kerberosToken("x")), order, spnego.Unknown},
		{"NTLM that is not a scheme here", frame(krb5+ntlm, kerberosToken("x")), []Scheme{Negotiate, Basic}, spnego.Unknown},
		{"no frame", []byte(kerberosToken("x")), order, spnego.Unknown},
		{"broken", []byte(both), order, spnego.Unknown},
	} {
		a := f.instance(func(k *Config) { k.Schemes = c.schemes })
		out := f.ask(a, host, source, ntlmtest.Header("Negotiate", c.token, false, true))
		want := header(spnego.Challenge(c.want, nil))
		if chosen := out.Challenge == want; chosen != (c.want != spnego.Unknown) || out.OK {
			t.Errorf("%s: %q; want %v asked for", c.what, out.Challenge, c.want)
		}
	}
}

// TestWhatIsTooLargeIsRefused unread: the names, the pairs and the whole.
func TestWhatIsTooLargeIsRefused(t *testing.T) {
	f := newFixture(t)
	for what, change := range map[string]func(*ntlmtest.Client){
		"a user":        func(c *ntlmtest.Client) { c.User = strings.Repeat("u", maxName+1) },
		"a domain":      func(c *ntlmtest.Client) { c.Domain = strings.Repeat("d", maxName) },
		"a control":     func(c *ntlmtest.Client) { c.User += "\x01" },
		"a pair":        func(c *ntlmtest.Client) { c.Extra = []ntlmtest.Pair{{ID: 99, Value: make([]byte, 8<<10)}} },
		"a workstation": func(c *ntlmtest.Client) { c.Workstation = strings.Repeat("w", 8<<10) },
		"many pairs": func(c *ntlmtest.Client) {
			for i := range 40 {
				c.Extra = append(c.Extra, ntlmtest.Pair{ID: uint16(100 + i)})
			}
		},
	} {
		u := user()
		change(&u)
		if f.ask(f.auth, host, source, f.ntlmHeader(u)).OK {
			t.Errorf("%s: accepted", what)
		}
	}
	if log := f.log.String(); strings.Count(log, malformed.String()) != 6 || strings.Contains(log, wrong.String()) {
		t.Errorf("the log has\n%s", log)
	}
}
