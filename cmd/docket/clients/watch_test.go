package clients

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
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
	"docket/shared/auth/kerberos"
	"docket/shared/keys"
	"docket/shared/table/memory"
)

// seen is a request that a watched server got.
type seen struct {
	exchange   string // its exchange parameter
	method     string
	sent       string // the credentials it came with, as sentBy says it
	scheme     string // by which it was admitted; "" if it was refused
	body       string
	header     string // Authorization
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

var tester = account{name: `Enterprise\NetwrixUser`, password: `Netwrix Is, "cöol"`}

// installation is what all watched servers have in common: making it takes longer
// than anything a client does.
var installation = sync.OnceValues(func() (i struct {
	ring      *keys.Ring
	verifiers []access.Verifier
}, err error) {
	if i.ring, err = keys.Generate(rand.Reader, time.Now(), "Docket"); err != nil {
		return i, err
	}
	all, err := auth.ParseSchemes("basic,digest,ntlm")
	if err != nil {
		return i, err
	}
	i.verifiers, err = auth.NewVerifiers(i.ring, rand.Reader, tester.name, tester.password, all)
	return i, err
})

// noTickets is a keytab of a realm from which nobody here has a ticket, for where
// there is none: with it Negotiate is offered.
type noTickets struct{}

func (noTickets) Accept(context.Context, []byte) (auth.Ticket, error) {
	return auth.Ticket{}, auth.ErrTicket
}

// newWatch makes one for an offer, which takes tickets if it has a keytab, of a realm
// if there is one.
func newWatch(t *testing.T, of Offer, k *Ticket) *watch {
	t.Helper()
	common, err := installation()
	if err != nil {
		t.Fatal(err)
	}
	schemes, err := auth.ParseSchemes(of.Schemes)
	if err != nil {
		t.Fatal(err)
	}
	directory := access.Open(memory.New(nil), time.Now)
	_, err = directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: tester.name, Verifiers: common.verifiers, Schemes: []string{"basic", "digest", "ntlm", "negotiate"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	config := auth.Config{
		Directory: directory, State: memory.New(nil), Ring: common.ring, Schemes: schemes,
		Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	if of.Keytab {
		config.Kerberos = noTickets{}
	}
	if of.Keytab && k != nil {
		keytab, err := os.ReadFile(k.Keytab)
		if err != nil {
			t.Fatal(err)
		}
		if config.Kerberos, err = kerberos.Read(keytab, Realms, nil, time.Now); err != nil {
			t.Fatal(err)
		}
	}
	w := &watch{}
	if w.auth, err = auth.New(config); err != nil {
		t.Fatal(err)
	}
	w.plain, w.tls = httptest.NewServer(w), httptest.NewTLSServer(w)
	t.Cleanup(w.plain.Close)
	t.Cleanup(w.tls.Close)
	// The certificate is the same for all of them.
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
		UserAgent: r.UserAgent(), Host: r.Host, Source: host,
	})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	header := r.Header.Get("Authorization")
	s := seen{exchange: r.URL.Query().Get("exchange"), method: r.Method, header: header, sent: sentBy(header), connection: r.RemoteAddr}
	if out.OK {
		s.scheme = schemeOf(header)
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
	if strings.HasPrefix(header, "Negotiate ") {
		rw.Header().Set("Persistent-Auth", "false")
	}
	io.WriteString(rw, `{"ActivityRecordList":[],"ContinuationMark":"m"}`)
}

var algorithmOf = regexp.MustCompile(`(?i)\balgorithm="?([a-z0-9-]+)`)

// schemeOf is the scheme and, for Digest, its algorithm; for Negotiate what it
// carries.
func schemeOf(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	switch {
	case strings.EqualFold(scheme, "Digest"):
		if m := algorithmOf.FindStringSubmatch(rest); m != nil {
			return scheme + " " + strings.ToUpper(m[1])
		}
		return byMD5
	case strings.EqualFold(scheme, "Negotiate"):
		switch kind, framed := messageOf(rest); {
		case kind != 0 && framed:
			return byFramed
		case kind != 0:
			return byBare
		}
		return byTicket
	}
	return scheme
}

// sentBy is the scheme of a header and, for NTLM, which of its messages it is.
func sentBy(header string) string {
	if header == "" {
		return "nothing"
	}
	scheme, rest, _ := strings.Cut(header, " ")
	if kind, _ := messageOf(rest); kind != 0 {
		return fmt.Sprintf("%s type %d", scheme, kind)
	}
	return schemeOf(header)
}

// messageOf is the type of an NTLM message (MS-NLMP 2.2.1), 0 if a token has none,
// and whether there is something around it.
func messageOf(token string) (kind uint32, framed bool) {
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	before, message, ok := bytes.Cut(b, []byte("NTLMSSP\x00"))
	if !ok || len(message) < 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(message), len(before) > 0
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
