package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"docket/shared/auth/kerberostest"
)

// TestTicketFlags says what to change, before anything runs.
func TestTicketFlags(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := kerberostest.Key{Principal: "HTTP/x", Realm: "R", Password: "p", Version: 1, Cipher: 18}
	good := write("good", kerberostest.Keytab(t, time.Now(), key), 0o600)
	open := write("open", kerberostest.Keytab(t, time.Now(), key), 0o644)
	bad := write("bad", []byte("x"), 0o600)
	realms := []string{"R=Corp"}
	for name, c := range map[string]struct {
		flags    ticketFlags
		ok, warn bool
	}{
		"none":              {ticketFlags{}, true, false},
		"all":               {ticketFlags{good, realms, []string{"S-1-5-32-544=A"}}, true, false},
		"open to all":       {ticketFlags{open, realms, nil}, true, true},
		"no realm":          {ticketFlags{good, nil, nil}, false, false},
		"no keytab":         {ticketFlags{"", realms, nil}, false, false},
		"groups alone":      {ticketFlags{"", nil, []string{"S-1-5-32-544=A"}}, false, false},
		"not there":         {ticketFlags{filepath.Join(dir, "none"), realms, nil}, false, false},
		"not a keytab":      {ticketFlags{bad, realms, nil}, false, false},
		"not a realm":       {ticketFlags{good, []string{"R"}, nil}, false, false},
		"not a SID":         {ticketFlags{good, realms, []string{"544=A"}}, false, false},
		"a realm twice":     {ticketFlags{good, []string{"R=a", "R=b"}, nil}, false, false},
		"a realm of nobody": {ticketFlags{good, []string{"R="}, nil}, false, false},
	} {
		tickets, err := c.flags.read()
		if (err == nil) != c.ok || c.ok && (tickets != nil) != (c.flags.keytab != "") {
			t.Errorf("%s: %v, %v", name, tickets, err)
		}
		if c.flags.readableByOthers() != c.warn {
			t.Errorf("%s: a warning: %v", name, !c.warn)
		}
	}
}

func TestIsKeytab(t *testing.T) {
	for id, want := range map[string]bool{
		"Keytab": true, "Keytab62B82B21": true, "arn:aws:secretsmanager:us-east-1:1:secret:Keytab62B82B21-AbCdEf": true,
		"KeyRing": false, "KeyRing9F8E": false, "arn:aws:secretsmanager:us-east-1:1:secret:KeyRing-AbCdEf": false, "": false,
	} {
		if isKeytab(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
