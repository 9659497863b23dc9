package clients

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"docket/cmd/docket/realm"

	krb5 "github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/spnego"
)

// newTicket starts a realm for a test and signs its user in, whose account is of the
// domain Enterprise. It is nil where no realm can run; the clients that need one say
// so.
func newTicket(t *testing.T) *Ticket {
	t.Helper()
	if realm.Missing() != "" {
		return nil
	}
	return newTicketOf(t, realm.Start(t))
}

func newTicketOf(t *testing.T, r *realm.Realm) *Ticket {
	t.Helper()
	r.AddUser(t, "NetwrixUser", "NetwrixIsCool")
	k := &Ticket{Config: r.Config(), Keytab: r.Keytab(t, "docket.keytab")}
	k.Env = r.Ticket(t, "NetwrixUser", "NetwrixIsCool")
	return k
}

// TestKeysAreRotated goes on with a ticket for the service that was made before its
// keys were changed, and with one of after, at a server that knows both keys and at
// one that knows the older alone.
func TestKeysAreRotated(t *testing.T) {
	if reason := needsTicket("curl")(); reason != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	r := realm.Start(t)
	who := account{ticket: newTicketOf(t, r)}
	of := Offers[ofTickets]
	ask := func(w *watch, env []string) string {
		t.Helper()
		who := account{ticket: &Ticket{Env: env}}
		out, err := curlTicket(t.Context(), t, who, w.ca, []exchange{{{"GET", w.plain.URL + "/", ""}}})
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	before := newWatch(t, of, who.ticket)
	if got := ask(before, who.ticket.Env); got != "200" {
		t.Fatalf("before: %s", got)
	}
	r.Keytab(t, "docket.keytab")
	after, fresh := newWatch(t, of, who.ticket), r.Ticket(t, "NetwrixUser", "NetwrixIsCool")
	for _, c := range []struct {
		name string
		w    *watch
		env  []string
		want string
	}{
		{"both keys, older ticket", after, who.ticket.Env, "200"}, {"both keys, newer ticket", after, fresh, "200"},
		{"older key, older ticket", before, who.ticket.Env, "200"}, {"older key, newer ticket", before, fresh, "401"},
	} {
		if got := ask(c.w, c.env); got != c.want {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
}

// needsTicket wants a realm, and a program unless it is Go's.
func needsTicket(name string) func() string {
	return func() string {
		if reason := realm.Missing(); reason != "" || name == "go" {
			return reason
		}
		return needs(name)()
	}
}

// cache is the file of the ticket.
func (k *Ticket) cache() string {
	const name = "KRB5CCNAME=FILE:"
	i := slices.IndexFunc(k.Env, func(s string) bool { return strings.HasPrefix(s, name) })
	return k.Env[i][len(name):]
}

func curlTicket(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
	cmd := curls(ctx, "--negotiate", ":", ca, script)
	cmd.Env = append(os.Environ(), who.ticket.Env...)
	return output(cmd)
}

// debianPython is the interpreter that sees Debian's packages, whichever comes first
// on the path.
const debianPython = "/usr/bin/python3"

func needsDebianModule(name string) func() string {
	return func() string {
		if reason := realm.Missing(); reason != "" {
			return reason
		}
		if exec.Command(debianPython, "-c", "import "+name).Run() != nil {
			return debianPython + " has no " + name + " (Debian: python3-requests-kerberos)"
		}
		return ""
	}
}

func pythonTicket(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
	cmd := scripted(script, exec.CommandContext(ctx, debianPython, "testdata/requests_client.py", "ticket", "", "", ca))
	cmd.Env = append(os.Environ(), who.ticket.Env...)
	return output(cmd)
}

// javaTicket has no password to fall back to.
func javaTicket(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
	cmd := scripted(script, exec.CommandContext(ctx, "java", "-XX:TieredStopAtLevel=1", "-Djavax.security.auth.useSubjectCredsOnly=false",
		"-Djava.security.krb5.conf="+who.ticket.Config, "testdata/UrlConnection.java", "", "", ca))
	cmd.Env = append(os.Environ(), who.ticket.Env...)
	return output(cmd)
}

// goTicket is gokrb5's own client. It asks for tickets by the server's name.
func goTicket(who account, base http.RoundTripper) http.RoundTripper {
	return ticketed{who.ticket, base}
}

type ticketed struct {
	ticket *Ticket
	base   http.RoundTripper
}

func (k ticketed) RoundTrip(r *http.Request) (*http.Response, error) {
	conf, err := config.Load(k.ticket.Config)
	if err != nil {
		return nil, fmt.Errorf("read the realm's configuration: %w", err)
	}
	cache, err := credentials.LoadCCache(k.ticket.cache())
	if err != nil {
		return nil, fmt.Errorf("read the ticket: %w", err)
	}
	user, err := krb5.NewFromCCache(cache, conf, krb5.DisablePAFXFAST(true))
	if err != nil {
		return nil, fmt.Errorf("use the ticket: %w", err)
	}
	defer user.Destroy()
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	return spnego.NewClient(user, &http.Client{Transport: k.base}, "HTTP/"+r.URL.Hostname()).Do(r)
}
