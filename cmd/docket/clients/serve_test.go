package clients

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

var demo = account{name: `Enterprise\NetwrixUser`, password: "NetwrixIsCool"}

// program builds docket once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "docket-clients-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "docket")
	if out, err := exec.Command("go", "build", "-o", path, "docket/cmd/docket").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build docket: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built {
		if path, err := program(); err == nil {
			os.RemoveAll(filepath.Dir(path))
		}
	}
	os.Exit(code)
}

var built bool // whether program was called

// server is a running `docket serve --demo`.
type server struct {
	url string
	ca  string // "" with --http
}

var listens = regexp.MustCompile(`listens on (https?://[0-9.:]+)`)

// serve starts one that Offers some schemes. pair is the directory of its
// certificate and key; "" leaves it to make one.
func serve(t *testing.T, secure bool, schemes, pair string, more ...string) server {
	t.Helper()
	built = true
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if pair != "" {
		if err := os.CopyFS(data, os.DirFS(pair)); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--demo", "--auth", schemes}
	args = append(args, more...)
	if !secure {
		args = append(args, "--http")
	}
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("docket serve: %v\n%s", err, stderr.String())
		}
	})
	url := make(chan string, 1)
	go func() {
		defer close(url)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if m := listens.FindStringSubmatch(lines.Text()); m != nil {
				url <- m[1]
			}
		}
	}()
	s := server{}
	select {
	case s.url = <-url:
	case <-time.After(time.Minute):
	}
	if s.url == "" {
		t.Fatal("docket serve did not say where it listens")
	}
	if secure {
		s.ca = filepath.Join(data, "tls.crt")
	}
	return s
}

// client is one that trusts the server's certificate.
func (s server) client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	if s.ca != "" {
		pem, err := os.ReadFile(s.ca)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			t.Fatalf("no certificate in %s", s.ca)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// get asks for one record, by a scheme that the offer has.
func (s server) get(t *testing.T, who account, of int) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+base+"/enum?format=json&count=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(who.name, who.password)
	c := s.client(t)
	switch of {
	case ofNTLM:
		c.Transport = goNTLM(who, c.Transport)
	case ofSHA256:
		c.Transport = goDigest(who, c.Transport)
	case ofTickets:
		c.Transport = goTicket(who, c.Transport)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

// mark returns the mark behind the first record.
func (s server) mark(t *testing.T, who account, of int) string {
	t.Helper()
	answer, body := s.get(t, who, of)
	var page struct{ ContinuationMark string }
	if err := json.Unmarshal(body, &page); err != nil || page.ContinuationMark == "" {
		t.Fatalf("status %d, %q: no mark: %v", answer.StatusCode, body, err)
	}
	return page.ContinuationMark
}

// refuses checks that the others' 200 says something.
func (s server) refuses(t *testing.T) {
	t.Helper()
	answer, body := s.get(t, account{name: demo.name, password: "NetwrixIsCooL"}, ofDefault)
	if answer.StatusCode != http.StatusUnauthorized || len(body) != 0 || answer.Header.Get("WWW-Authenticate") == "" {
		t.Fatalf("a wrong password: status %d, %q, %v; want 401, empty, with a challenge", answer.StatusCode, body, answer.Header)
	}
}

// TestClientsSignInToServe runs the matrix against the server itself, with offers
// that differ in more than what is left out.
func TestClientsSignInToServe(t *testing.T) {
	who := demo
	who.ticket = newTicket(t)
	var visits []visit
	pair, ca := t.TempDir(), ""
	for _, of := range []int{ofDefault, ofAll, ofAllKeytab, ofTickets} {
		var flags []string
		if Offers[of].Keytab {
			if who.ticket == nil {
				continue
			}
			flags = []string{"--keytab", who.ticket.Keytab, "--realm", Realms[0]}
		}
		plain, secure := serve(t, false, Offers[of].Schemes, "", flags...), serve(t, true, Offers[of].Schemes, pair, flags...)
		if ca == "" {
			// All servers have the first one's: two of the same name confuse clients.
			ca = secure.ca
			for _, file := range []string{"tls.crt", "tls.key"} {
				copyFile(t, filepath.Join(filepath.Dir(ca), file), filepath.Join(pair, file))
			}
		}
		for protocol, s := range map[string]server{"HTTP": plain, "HTTPS": secure} {
			s.refuses(t)
			visits = append(visits, visit{of: of, protocol: protocol, url: s.url, bodies: writeBodies(t, s.mark(t, who, of))})
		}
	}
	visitAll(t, who, ca, visits)
}

// visitAll sends all clients to servers that are none of ours to watch.
func visitAll(t *testing.T, who account, ca string, visits []visit) {
	t.Run("clients", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				c.require(t)
				t.Parallel()
				for i, statuses := range c.sendAll(t, who, ca, visits) {
					for step, x := range script(visits[i].url, visits[i].bodies) {
						if want := c.want(visits[i].of, len(x)); !slices.Equal(statuses[step], want) {
							t.Errorf("%v, %s, %s: statuses %v; want %v", Offers[visits[i].of], visits[i].protocol, steps[step], statuses[step], want)
						}
					}
				}
			})
		}
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
