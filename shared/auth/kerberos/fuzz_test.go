package kerberos

import (
	"errors"
	"testing"
	"time"

	"docket/shared/auth"
	"docket/shared/auth/kerberostest"
)

// FuzzAccept takes any token: nothing panics, and nothing that nobody sealed is
// accepted.
func FuzzAccept(f *testing.F) {
	right := newToken(f)
	right.Part.AuthorizationData = kerberostest.With(f, pacOf(f, kerberostest.Logons(f)["MS-PAC"]))
	a := acceptor(f, start, func(c *Config) { c.Groups = map[string]string{"S-1-5-32-544": "x"} })
	f.Add(right.Bytes(f))
	f.Add(newToken(f).Bytes(f))
	for _, header := range readRecorded(f).headers {
		f.Add(tokenOf(f, header))
	}
	f.Fuzz(func(t *testing.T, token []byte) {
		got, err := a.Accept(t.Context(), token)
		if err != nil && !errors.Is(err, auth.ErrTicket) {
			t.Fatalf("%v", err)
		}
		if err == nil && got.Account != `Corp\ann` {
			t.Fatalf("%+v", got)
		}
	})
}

// FuzzSealed takes any content of a ticket and an authenticator that a KDC and a
// client sealed: hostile, but with a right key.
func FuzzSealed(f *testing.F) {
	part, made := newToken(f).Plain(f)
	f.Add(part, made)
	rich := newToken(f)
	rich.Part.AuthorizationData = kerberostest.With(f, pacOf(f, kerberostest.Logons(f)["domain"]))
	part, made = rich.Plain(f)
	f.Add(part, made)
	a := acceptor(f, start, func(c *Config) { c.Groups = map[string]string{"S-1-5-32-544": "x"} })
	key, session := ours.Secret(f), newToken(f).Part.Key
	f.Fuzz(func(t *testing.T, part, made []byte) {
		token := newToken(t).Seal(t, key, session, part, made)
		if _, err := a.Accept(t.Context(), token); err != nil && !errors.Is(err, auth.ErrTicket) {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzPAC takes any PAC under our own key.
func FuzzPAC(f *testing.F) {
	for _, logon := range kerberostest.Logons(f) {
		f.Add(pacOf(f, logon))
	}
	recording := readRecorded(f)
	a, err := Read(recording.keytab, []string{"DOCKET.TEST=Enterprise"}, nil, func() time.Time { return recording.at })
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range recording.headers {
		q, err := readRequest(tokenOf(f, header))
		if err != nil {
			f.Fatal(err)
		}
		if _, err := a.openTicket(q); err != nil {
			f.Fatal(err)
		}
		b, err := q.pac()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	key := serviceKey{EncryptionKey: ours.Secret(f)}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPAC(b)
		if err != nil {
			return
		}
		p.sealed(&key)
		p.of("ann", start)
		if list, err := readLogon(p.buffer(bufferLogon)); err == nil && len(list) > 3*maxSIDs {
			t.Fatalf("%d SIDs", len(list))
		}
	})
}

// FuzzKeytab takes any keytab.
func FuzzKeytab(f *testing.F) {
	f.Add(keytabOf(f, ours))
	f.Fuzz(func(t *testing.T, b []byte) {
		if keys, err := readKeytab(b); err == nil && len(keys) == 0 || err != nil && !errors.Is(err, auth.ErrConfig) {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
	})
}
