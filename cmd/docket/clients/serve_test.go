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

var demo = account{`Enterprise\NetwrixUser`, "NetwrixIsCool"}

// binary builds docket once for all tests.
var binary = sync.OnceValues(func() (string, error) {
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
		if path, err := binary(); err == nil {
			os.RemoveAll(filepath.Dir(path))
		}
	}
	os.Exit(code)
}

var built bool // whether binary was called

// server is a running `docket serve --demo`.
type server struct {
	url string
	ca  string // "" with --http
}

var listens = regexp.MustCompile(`listens on (https?://[0-9.:]+)`)

func serve(t *testing.T, secure bool) server {
	t.Helper()
	built = true
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--demo"}
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

// get asks for one record.
func (s server) get(t *testing.T, who account) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+base+"/enum?format=json&count=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(who.name, who.password)
	answer, err := s.client(t).Do(r)
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
func (s server) mark(t *testing.T) string {
	t.Helper()
	answer, body := s.get(t, demo)
	var page struct{ ContinuationMark string }
	if err := json.Unmarshal(body, &page); err != nil || page.ContinuationMark == "" {
		t.Fatalf("status %d, %q: no mark: %v", answer.StatusCode, body, err)
	}
	return page.ContinuationMark
}

// refuses checks that the others' 200 says something.
func (s server) refuses(t *testing.T, who account) {
	t.Helper()
	answer, body := s.get(t, who)
	if answer.StatusCode != http.StatusUnauthorized || len(body) != 0 || answer.Header.Get("WWW-Authenticate") == "" {
		t.Fatalf("a wrong password: status %d, %q, %v; want 401, empty, with a challenge", answer.StatusCode, body, answer.Header)
	}
}

// TestClientsSignInToServe runs the matrix against the server itself.
func TestClientsSignInToServe(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %v", secure), func(t *testing.T) {
			s := serve(t, secure)
			s.refuses(t, account{demo.name, "NetwrixIsCooL"})
			b := writeBodies(t, s.mark(t))
			ca := s.ca
			if ca == "" {
				ca = newWatch(t, "basic").ca // clients want one; it is not used
			}
			t.Run("clients", func(t *testing.T) {
				for _, c := range matrix {
					t.Run(c.name, func(t *testing.T) {
						c.require(t)
						t.Parallel()
						right := c.send(t, demo, ca, script(s.url, b))
						if !slices.Equal(right, []string{"200", "200", "200", "200", "200", "200"}) {
							t.Errorf("statuses %v; want 200 six times", right)
						}
					})
				}
			})
		})
	}
}
