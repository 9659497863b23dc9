package clients

import (
	"crypto/rand"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/keys"
	"docket/shared/table/memory"
)

// seen is a request that a watched server got.
type seen struct {
	exchange   string // its exchange parameter
	method     string
	scheme     string // by which it was admitted; "" if it was refused
	body       string
	connection string
}

// watch is a server that admits by an Authenticator and remembers what it got.
type watch struct {
	auth  *auth.Authenticator
	plain *httptest.Server
	tls   *httptest.Server
	ca    string // file of the certificate

	mu   sync.Mutex
	seen []seen
}

var tester = account{`Enterprise\NetwrixUser`, `Netwrix Is, "cöol"`}

func newWatch(t *testing.T, schemes string) *watch {
	t.Helper()
	ring, err := keys.Generate(rand.Reader, time.Now(), "Docket")
	if err != nil {
		t.Fatal(err)
	}
	offered, err := auth.ParseSchemes(schemes)
	if err != nil {
		t.Fatal(err)
	}
	verifiers, err := auth.NewVerifiers(ring, rand.Reader, tester.name, tester.password, offered)
	if err != nil {
		t.Fatal(err)
	}
	directory := access.Open(memory.New(nil), time.Now)
	_, err = directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: tester.name, Verifiers: verifiers})
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{}
	w.auth, err = auth.New(auth.Config{
		Directory: directory, State: memory.New(nil), Ring: ring, Schemes: offered,
		Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.plain, w.tls = httptest.NewServer(w), httptest.NewTLSServer(w)
	t.Cleanup(w.plain.Close)
	t.Cleanup(w.tls.Close)
	w.ca = filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.tls.Certificate().Raw})
	if err := os.WriteFile(w.ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// ServeHTTP answers like the API: 401 and empty, or 200.
func (w *watch) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	out, err := w.auth.Authenticate(r.Context(), auth.Request{
		Method: r.Method, Target: r.RequestURI, Authorization: r.Header.Values("Authorization"),
		UserAgent: r.UserAgent(), Source: host,
	})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	s := seen{exchange: r.URL.Query().Get("exchange"), method: r.Method, connection: r.RemoteAddr}
	if out.OK {
		s.scheme = schemeOf(r.Header.Get("Authorization"))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		s.body = string(body)
	}
	w.mu.Lock()
	w.seen = append(w.seen, s)
	w.mu.Unlock()
	if !out.OK {
		rw.Header().Set("WWW-Authenticate", out.Challenge)
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	io.WriteString(rw, `{"ActivityRecordList":[],"ContinuationMark":"m"}`)
}

var algorithmOf = regexp.MustCompile(`(?i)\balgorithm="?([a-z0-9-]+)`)

// schemeOf is the scheme and, for Digest, its algorithm.
func schemeOf(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Digest") {
		return scheme
	}
	if m := algorithmOf.FindStringSubmatch(rest); m != nil {
		return scheme + " " + strings.ToUpper(m[1])
	}
	return scheme + " MD5"
}

// of returns the requests of an exchange.
func (w *watch) of(exchange string) []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []seen
	for _, s := range w.seen {
		if s.exchange == exchange {
			list = append(list, s)
		}
	}
	return list
}
