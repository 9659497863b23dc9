package auth

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/memory"
)

const (
	userName     = `Enterprise\NetwrixUser`
	userPassword = "NetwrixIsCool"
	target       = "/netwrix/api/v1/activity_records/enum?format=json&count=1"
	source       = "192.0.2.7"
)

// clock is a time that tests set.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// logged is a log that instances share.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fixture is an installation with one account.
type fixture struct {
	testing.TB
	clock     *clock
	ring      *keys.Ring
	directory *access.Directory
	state     table.Table
	log       *logged
	auth      *Authenticator
}

// sealedUser are the verifiers of the account under one ring, made once: a
// password costs its hash.
var sealedUser = sync.OnceValues(func() (*keys.Ring, []access.Verifier) {
	ring, err := keys.Generate(rand.Reader, time.Unix(1_800_000_000, 0), "Docket")
	if err != nil {
		panic(err)
	}
	list, err := NewVerifiers(ring, rand.Reader, userName, userPassword, order)
	if err != nil {
		panic(err)
	}
	return ring, list
})

func newFixture(t testing.TB) *fixture {
	t.Helper()
	ring, verifiers := sealedUser()
	f := &fixture{TB: t, clock: &clock{t: time.UnixMilli(1_800_000_000_123)}, ring: ring, log: &logged{}}
	f.state = memory.New(f.clock.now)
	f.directory = access.Open(memory.New(f.clock.now), f.clock.now)
	f.edit(func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: userName, Verifiers: verifiers})
	})
	f.auth = f.instance(nil)
	return f
}

// instance is one more Authenticator over the same tables.
func (f *fixture) instance(change func(*Config)) *Authenticator {
	f.Helper()
	c := Config{
		Directory: f.directory, State: f.state, Ring: f.ring, Schemes: order, Now: f.clock.now, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		f.Fatal(err)
	}
	return a
}

func (f *fixture) edit(change func(*access.Draft) error) {
	f.Helper()
	if _, err := f.directory.Edit("test", rand.Reader).Update(context.Background(), change); err != nil {
		f.Fatal(err)
	}
}

// send is a GET of target with the header, from source.
func (f *fixture) send(header string) Outcome { return f.sendTo(f.auth, source, header) }

func (f *fixture) sendTo(a *Authenticator, source, header string) Outcome {
	f.Helper()
	r := Request{Method: "GET", Target: target, Source: source}
	if header != "" {
		r.Authorization = []string{header}
	}
	out, err := a.Authenticate(context.Background(), r)
	if err != nil {
		f.Fatalf("%v", err)
	}
	if out.Challenge == "" {
		f.Fatal("an outcome without a challenge")
	}
	if !out.OK && out.Account.Name != "" {
		f.Fatalf("a refusal with the account %q", out.Account.Name)
	}
	return out
}

func (f *fixture) nonce() string {
	f.Helper()
	n, err := f.auth.nonces.issue()
	if err != nil {
		f.Fatal(err)
	}
	return n
}

func basicHeader(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// digestLogin is a Digest client of its own making: it shares no code with
// what it tests.
type digestLogin struct {
	user, password    string // user goes into HA1
	shown             string // the parameter that names the user; "" is username="..." with the backslash escaped
	realm, nonce, uri string
	method, algorithm string // "" is GET, MD5
	nc, cnonce, qop   string // "" is 00000001, "c", auth
	extra             string // more parameters
}

func (l digestLogin) header() string {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&l.realm, "Docket")
	def(&l.uri, target)
	def(&l.method, "GET")
	def(&l.nc, "00000001")
	def(&l.cnonce, "c")
	def(&l.qop, "auth")
	def(&l.shown, `username="`+strings.ReplaceAll(l.user, `\`, `\\`)+`"`)
	h := func(s string) string { return hexOf(md5.New(), s) }
	if strings.HasPrefix(strings.ToUpper(l.algorithm), "SHA-256") {
		h = func(s string) string { return hexOf(sha256.New(), s) }
	}
	a1 := h(l.user + ":" + l.realm + ":" + l.password)
	if strings.HasSuffix(l.algorithm, "-sess") {
		a1 = h(a1 + ":" + l.nonce + ":" + l.cnonce)
	}
	a2 := h(l.method + ":" + l.uri)
	response := h(a1 + ":" + l.nonce + ":" + l.nc + ":" + l.cnonce + ":" + l.qop + ":" + a2)
	list := []string{l.shown, `realm="` + l.realm + `"`, `nonce="` + l.nonce + `"`, `uri="` + l.uri + `"`,
		`cnonce="` + l.cnonce + `"`, `nc=` + l.nc, `qop=` + l.qop, `response="` + response + `"`}
	if l.algorithm != "" {
		list = append(list, "algorithm="+l.algorithm)
	}
	if l.extra != "" {
		list = append(list, l.extra)
	}
	return "Digest " + strings.Join(list, ", ")
}

func hexOf(h hash.Hash, s string) string {
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil))
}

// login is a right one.
func (f *fixture) login() digestLogin {
	return digestLogin{user: userName, password: userPassword, nonce: f.nonce()}
}

// isStale reports whether a challenge says that only the nonce was at fault.
func isStale(out Outcome) bool { return strings.Contains(out.Challenge, "stale=true") }

// steps counts the work that a does for a request.
func steps(a *Authenticator, do func()) string {
	counts := map[string]int{}
	var mu sync.Mutex
	a.vault.count = func(s string) { mu.Lock(); counts[s]++; mu.Unlock() }
	do()
	a.vault.count = nil
	var list []string
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%d %s", counts[s], s))
	}
	return strings.Join(list, ", ")
}
