package kerberos

import (
	"testing"
	"time"

	"docket/shared/auth/kerberostest"
)

// The realm of the tests and its service.
const (
	realm = "CORP.EXAMPLE"
	host  = "docket.corp.example"
)

// start is the time of the tests' clocks: of whole seconds, like Kerberos's.
var start = time.Unix(1_800_000_000, 0).UTC()

// ours is the key that the tests' KDC shares with the service.
var ours = kerberostest.Key{Principal: "HTTP/" + host, Realm: realm, Password: "the service's", Version: 3, Cipher: 18}

// newToken is a right token of ann, made at start.
func newToken(t testing.TB) *kerberostest.Token { return kerberostest.New(t, ours, "ann", start) }

func keytabOf(t testing.TB, list ...kerberostest.Key) []byte {
	t.Helper()
	return kerberostest.Keytab(t, start, list...)
}

// pacOf is a PAC of ann as a KDC signs it.
func pacOf(t testing.TB, logon []byte) []byte {
	return kerberostest.PAC(t, ours, "ann", start, logon)
}

// acceptor takes tickets of the realm at a time.
func acceptor(t testing.TB, now time.Time, change func(*Config)) *Acceptor {
	t.Helper()
	c := Config{Keytab: keytabOf(t, ours), Realms: map[string]string{realm: "Corp"}, Now: func() time.Time { return now }}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
