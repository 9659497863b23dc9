package realm

import (
	"os"
	"testing"

	"github.com/jcmturner/gokrb5/v8/keytab"
)

// require skips a test where there can be no realm; in continuous integration it
// fails.
func require(t *testing.T) {
	t.Helper()
	switch reason := Missing(); {
	case reason == "":
	case os.Getenv("CI") == "true":
		t.Fatal(reason)
	default:
		t.Skip(reason)
	}
}

func TestRealm(t *testing.T) {
	require(t)
	r := Start(t)
	r.AddUser(t, "ann", "NetwrixIsCool")
	r.Ticket(t, "ann", "NetwrixIsCool")
	for keys := 4; keys <= 8; keys += 4 {
		kt, err := keytab.Load(r.Keytab(t, "service.keytab"))
		if err != nil || len(kt.Entries) != keys {
			t.Fatalf("%v, %v; want %d keys", kt, err, keys)
		}
	}
}
