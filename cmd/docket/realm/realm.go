// Package realm runs a Kerberos realm for tests: MIT's KDC on a port of 127.0.0.1, in
// a temporary folder, as whoever runs the test. Nothing of the machine's own Kerberos
// is read or changed.
package realm

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Name is the realm's.
const Name = "DOCKET.TEST"

// Services are the principals whose keys a keytab gets: what clients ask tickets for
// by the two names of a server on this machine.
var Services = []string{"HTTP/localhost", "HTTP/127.0.0.1"}

// Realm is a running one.
type Realm struct {
	dir string
	env []string
}

// Missing says why no realm can run here, "" if one can.
func Missing() string {
	for _, program := range []string{"krb5kdc", "kdb5_util", "kadmin.local", "kinit"} {
		if find(program) == "" {
			return program + " is not installed (Debian: krb5-kdc, krb5-admin-server, krb5-user)"
		}
	}
	return ""
}

// find looks where Debian puts what administrators use, too.
func find(program string) string {
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

const clientConfig = `[libdefaults]
 default_realm = %[1]s
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 %[1]s = {
  kdc = 127.0.0.1:%[2]d
 }
[domain_realm]
 localhost = %[1]s
`

const serverConfig = `[kdcdefaults]
 kdc_listen = 127.0.0.1:%[2]d
 kdc_tcp_listen = 127.0.0.1:%[2]d
[realms]
 %[1]s = {
  database_name = %[3]s/principal
  key_stash_file = %[3]s/stash
  acl_file = %[3]s/acl
  supported_enctypes = aes256-cts:normal aes128-cts:normal
 }
[logging]
 kdc = STDERR
`

// tries is how often a port is looked for: somebody else may take it before the KDC
// does.
const tries = 5

// Start makes a realm with the services' principals and runs its KDC until the test
// ends.
func Start(t testing.TB) *Realm {
	t.Helper()
	r := &Realm{dir: t.TempDir()}
	r.env = []string{"KRB5_CONFIG=" + r.Config(), "KRB5_KDC_PROFILE=" + filepath.Join(r.dir, "kdc.conf"), "KRB5RCACHEDIR=" + r.dir}
	r.configure(t)
	r.run(t, "kdb5_util", "-r", Name, "create", "-s", "-P", "a master key for tests")
	for _, s := range Services {
		r.Admin(t, "addprinc -randkey "+s)
	}
	var said string
	for range tries {
		var running bool
		if said, running = r.serve(t); running {
			return r
		}
		r.configure(t)
	}
	t.Fatalf("the KDC does not start:\n%s", said)
	return nil
}

// configure chooses a port.
func (r *Realm) configure(t testing.TB) {
	t.Helper()
	port := freePort(t)
	for path, text := range map[string]string{
		r.Config():                       fmt.Sprintf(clientConfig, Name, port),
		filepath.Join(r.dir, "kdc.conf"): fmt.Sprintf(serverConfig, Name, port, r.dir),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (r *Realm) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(find(program), args...)
	cmd.Env = append(os.Environ(), r.env...)
	cmd.Dir = r.dir
	return cmd
}

func (r *Realm) run(t testing.TB, program string, args ...string) {
	t.Helper()
	if out, err := r.command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// Admin runs a command of kadmin.
func (r *Realm) Admin(t testing.TB, query string) {
	t.Helper()
	out, err := r.command("kadmin.local", "-r", Name, "-q", query).CombinedOutput()
	// It succeeds whatever the command did.
	if err != nil || strings.Contains(string(out), ": ") && strings.Contains(string(out), " while ") {
		t.Fatalf("kadmin %s: %v\n%s", query, err, out)
	}
}

// serve runs the KDC, which is ready when it says so. If it ends instead, what it said
// is returned.
func (r *Realm) serve(t testing.TB) (said string, running bool) {
	t.Helper()
	kdc := r.command("krb5kdc", "-n", "-r", Name)
	stderr, err := kdc.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := kdc.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan string, 1)
	go func() {
		var all strings.Builder
		reader := bufio.NewReader(stderr)
		for told := false; ; {
			line, err := reader.ReadString('\n')
			all.WriteString(line)
			if !told && strings.Contains(line, "commencing operation") {
				told = true
				close(ready)
			}
			if err != nil { // it closed its end
				ended <- all.String()
				return
			}
		}
	}()
	select {
	case <-ready:
	case said = <-ended:
		return said + fmt.Sprint(kdc.Wait()), false
	}
	t.Cleanup(func() {
		if err := kdc.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		all := <-ended
		if err := kdc.Wait(); err != nil {
			t.Errorf("krb5kdc: %v\n%s", err, all)
		}
	})
	return "", true
}

// AddUser makes a principal with a password, which has no blanks and quotes.
func (r *Realm) AddUser(t testing.TB, name, password string) {
	t.Helper()
	r.Admin(t, fmt.Sprintf("addprinc -pw %s %s", password, name))
}

// Keytab writes keys of the services into a file: each call makes new ones, of the
// next version, and keeps the older ones in the same file.
func (r *Realm) Keytab(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(r.dir, name)
	r.Admin(t, "ktadd -k "+path+" "+strings.Join(Services, " "))
	return path
}

// Ticket signs a user in, and returns what a client's environment needs to have the
// ticket.
func (r *Realm) Ticket(t testing.TB, name, password string) []string {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "ccache")
	env := append(r.env[:len(r.env):len(r.env)], "KRB5CCNAME=FILE:"+cache)
	kinit := r.command("kinit", name)
	kinit.Env = append(os.Environ(), env...)
	kinit.Stdin = strings.NewReader(password + "\n")
	if out, err := kinit.CombinedOutput(); err != nil {
		t.Fatalf("kinit %s: %v\n%s", name, err, out)
	}
	return env
}

// NoTicket is the environment of somebody who is in the realm and has no ticket.
func (r *Realm) NoTicket() []string {
	return append(r.env[:len(r.env):len(r.env)], "KRB5CCNAME=FILE:"+filepath.Join(r.dir, "none"))
}

// Config is the file that tells clients where the KDC is.
func (r *Realm) Config() string { return filepath.Join(r.dir, "krb5.conf") }
