package rehearsal

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"docket/cmd/docket/clients"
	"docket/cmd/docket/realm"
	"docket/shared/access"
	"docket/shared/auth/kerberostest"
	"docket/shared/auth/ntlmtest"
)

// checkSignIn signs in by NTLM to the AWS deployment as to a local server (TestNTLM of
// cmd/docket): the legs of a handshake meet whatever instance of the authorizer is
// free.
func checkSignIn(t *testing.T, b built) {
	r := start(t, b, "--auth", "negotiate,ntlm,digest,basic")
	ntlmtest.Run(t, r.url+"/netwrix/api/v1/activity_records", ntlmtest.Client{
		Domain: "Enterprise", User: "NetwrixUser", Workstation: "WS1", Password: "NetwrixIsCool", MIC: true,
	})
}

// checkTickets signs in by Kerberos: what a ticket says of groups passes from the
// authorizer to the functions.
func checkTickets(t *testing.T, b built) {
	r := start(t, b, kerberostest.Flags(t, time.Now, access.AdministratorsGroup)...)
	kerberostest.Run(t, r.url+"/netwrix/api/v1/activity_records", time.Now)
}

// checkClients sends the client matrix to rehearsals of every offer: what holds for a
// local server holds for the AWS deployment, there are no differences.
func checkClients(t *testing.T, b built) {
	switch reason := realm.Missing(); {
	case reason != "" && os.Getenv("CI") != "":
		t.Fatal(reason)
	case reason != "":
		t.Skip(reason)
	}
	home := realm.Start(t)
	home.AddUser(t, "NetwrixUser", "NetwrixIsCool")
	there := clients.Elsewhere{Ticket: &clients.Ticket{Config: home.Config(), Keytab: home.Keytab(t, "docket.keytab")}}
	there.Ticket.Env = home.Ticket(t, "NetwrixUser", "NetwrixIsCool")
	for _, o := range clients.Offers {
		flags := []string{"--auth", o.Schemes}
		if o.Keytab {
			flags = append(flags, "--keytab", there.Ticket.Keytab, "--realm", clients.Realms[0])
		}
		there.URLs = append(there.URLs, start(t, b, flags...).url)
	}
	text, err := json.Marshal(there)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "elsewhere.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", "test", "-count=1", "-run", "^TestClientsSignInElsewhere$", "./cmd/docket/clients")
	c.Dir = repository
	c.Env = append(os.Environ(), clients.Variable+"="+file)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("clients: %v\n%s", err, out)
	}
}
