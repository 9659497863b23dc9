package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/access"
)

func TestBasic(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{userName, `ENTERPRISE\netwrixuser`, "NetwrixUser", "netwrixuser@enterprise"} {
		if out := f.send(basicHeader(name, userPassword)); !out.OK || out.Account.Name != userName {
			t.Errorf("%s: %+v; want it accepted", name, out)
		}
	}
	if !f.send("bAsIc " + strings.TrimPrefix(basicHeader(userName, userPassword), "Basic ")).OK {
		t.Error("the scheme in another case is refused")
	}
}

func TestBasicIsRefused(t *testing.T) {
	f := newFixture(t)
	encode := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, header := range map[string]string{
		"wrong password":          basicHeader(userName, "NetwrixIsCooL"),
		"password and more":       basicHeader(userName, userPassword+" "),
		"password cut":            basicHeader(userName, userPassword[:12]),
		"unknown name":            basicHeader("nobody", userPassword),
		"another domain":          basicHeader(`Other\NetwrixUser`, userPassword),
		"look-alike name":         basicHeader("Enterprise\\N\u0435twrixUser", userPassword), // Cyrillic e
		"no colon":                encode(userName),
		"empty name":              encode(":" + userPassword),
		"empty password":          encode(userName + ":"),
		"control character":       encode(userName + ":" + userPassword + "\x00"),
		"name with a line feed":   encode(userName + "\n:" + userPassword),
		"long":                    encode(userName + ":" + strings.Repeat("p", maxPassword+1)),
		"not base64":              "Basic Enterprise:Cool",
		"base64 without padding":  strings.TrimRight(encode(userName+":"+userPassword+"x"), "="),
		"URL alphabet":            "Basic " + base64.URLEncoding.EncodeToString([]byte("\xfb\xff:\xfb\xff\xfe")),
		"nothing after the name":  "Basic",
		"only space after it":     "Basic  ",
		"no space":                strings.Replace(basicHeader(userName, userPassword), " ", "", 1),
		"a tab":                   strings.Replace(basicHeader(userName, userPassword), " ", "\t", 1),
		"more after it":           basicHeader(userName, userPassword) + ", x",
		"another scheme":          "Bearer " + strings.TrimPrefix(basicHeader(userName, userPassword), "Basic "),
		"scheme that is no token": "Ba(sic " + strings.TrimPrefix(basicHeader(userName, userPassword), "Basic "),
		"a huge header":           "Basic " + strings.Repeat("A", maxAuthorization),
		"NTLM type 1":             "NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=",
	} {
		if out := f.send(header); out.OK || isStale(out) {
			t.Errorf("%s: %+v; want it refused", name, out)
		}
	}
	if !f.send(basicHeader(userName, userPassword)).OK {
		t.Error("the right password is refused after them")
	}
}

func TestTwoHeadersAreNone(t *testing.T) {
	f := newFixture(t)
	h := basicHeader(userName, userPassword)
	for _, list := range [][]string{{h, h}, {"", h}, {h, "Digest x=y"}} {
		out, err := f.auth.Authenticate(context.Background(), Request{Method: "GET", Target: target, Authorization: list})
		if err != nil || out.OK {
			t.Errorf("%d headers: %+v, %v; want them refused", len(list), out, err)
		}
	}
}

func TestBasicBeyondASCII(t *testing.T) {
	f := newFixture(t)
	const name, password = `Enterprise\Jäsøn`, "Z\u00fcrich \u20ac"
	list, err := NewVerifiers(f.ring, strings.NewReader(strings.Repeat("x", 4096)), name, "Zu\u0308rich \u20ac", []Scheme{Basic})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error { return d.AddAccount(access.Account{Name: name, Verifiers: list}) })
	if !f.send(basicHeader(name, password)).OK || !f.send(basicHeader(name, "Zu\u0308rich \u20ac")).OK {
		t.Error("UTF-8 is refused in one of its normal forms")
	}
	list, err = NewVerifiers(f.ring, strings.NewReader(strings.Repeat("x", 4096)), name, "Z\u00fcrich", []Scheme{Basic})
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error { return d.SetPassword(name, list) })
	if !f.send(basicHeader("Enterprise\\J\xe4s\xf8n", "Z\xfcrich")).OK {
		t.Error("Latin-1 is refused")
	}
}

// A password is hashed once a minute, and at once when anything changed.
func TestPasswordsAreRemembered(t *testing.T) {
	f := newFixture(t)
	right := basicHeader(userName, userPassword)
	hashed := func() bool {
		return strings.Contains(steps(f.auth, func() {
			if !f.send(right).OK {
				t.Fatal("refused")
			}
		}), "hash")
	}
	if !hashed() || hashed() {
		t.Fatal("want the first sign-in hashed and the second not")
	}
	f.clock.add(memoryLife - time.Millisecond)
	if hashed() {
		t.Error("hashed again before its minute was over")
	}
	f.clock.add(time.Millisecond)
	if !hashed() {
		t.Error("remembered for longer than a minute")
	}
	if f.send(basicHeader(userName, userPassword+"x")).OK {
		t.Error("another password is accepted while one is remembered")
	}
	f.edit(func(d *access.Draft) error {
		return d.UpdateAccount(userName, func(a *access.Account) { a.Disabled = true })
	})
	if f.send(right).OK {
		t.Error("a disabled account is remembered")
	}
	f.edit(func(d *access.Draft) error {
		return d.UpdateAccount(userName, func(a *access.Account) { a.Disabled, a.Schemes = false, []string{"digest"} })
	})
	if f.send(right).OK {
		t.Error("an account that may not use Basic any more is remembered")
	}
	list, err := NewVerifiers(f.ring, strings.NewReader(strings.Repeat("y", 4096)), userName, "new", order)
	if err != nil {
		t.Fatal(err)
	}
	f.edit(func(d *access.Draft) error {
		return d.UpdateAccount(userName, func(a *access.Account) { a.Schemes, a.Verifiers = nil, list })
	})
	if f.send(right).OK {
		t.Error("the old password is remembered")
	}
	if !f.send(basicHeader(userName, "new")).OK {
		t.Error("the new password is refused")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	c := &clock{t: time.Unix(1, 0)}
	m := &remembered{now: c.now, until: map[fingerprint]int64{}}
	for i := range 3 * maxMemories {
		m.add(fingerprint{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	if len(m.until) != maxMemories || len(m.queue) != maxMemories {
		t.Errorf("%d and %d remembered; want %d", len(m.until), len(m.queue), maxMemories)
	}
	last := 3*maxMemories - 1
	if !m.has(fingerprint{byte(last), byte(last >> 8), byte(last >> 16)}) || m.has(fingerprint{}) {
		t.Error("want the newest kept and the oldest gone")
	}
	c.add(-time.Hour)
	if m.has(fingerprint{byte(last), byte(last >> 8), byte(last >> 16)}) {
		t.Error("remembered for an hour and more when the clock is set back")
	}
}

// Equal credentials at one time cost one hash, and are all answered.
func TestEqualPasswordsAreHashedTogether(t *testing.T) {
	f := newFixture(t)
	for password, want := range map[string]bool{userPassword: true, "wrong": false} {
		f.auth.vault.count = nil
		got := steps(f.auth, func() {
			var wait sync.WaitGroup
			for range 200 {
				wait.Go(func() {
					if out := f.send(basicHeader(userName, password)); out.OK != want {
						t.Errorf("%q: %v; want %v", password, out.OK, want)
					}
				})
			}
			wait.Wait()
		})
		var fake, hash, open int
		if _, err := fmt.Sscanf(got, "%d fake, %d hash, %d open", &fake, &hash, &open); err != nil || hash > pairLimit {
			t.Errorf("%q: %s; want few hashes", password, got)
		}
	}
}

// Many different guesses at once: few wait, the others are told to come back,
// and no more run at a time than allowed.
func TestHashesAreBounded(t *testing.T) {
	f := newFixture(t)
	h := newHashes(Config{Ring: f.ring, Now: f.clock.now, Hashes: 1}, func(string) {})
	release := make(chan struct{})
	admit := func() bool { <-release; return false }
	k := candidate{sealed: []byte("s")}
	results := make(chan error)
	const guesses = 2 * maxWaiting
	for i := range guesses {
		go func() {
			_, err := h.check(context.Background(), &k, fmt.Sprint("guess ", i), fmt.Sprintf("192.0.2.%d", i%32), admit)
			results <- err
		}()
	}
	for range guesses - maxWaiting - 1 { // one runs
		if err := <-results; !errors.Is(err, ErrBusy) {
			t.Fatalf("%v; want ErrBusy", err)
		}
	}
	close(release)
	for range maxWaiting + 1 {
		if err := <-results; err != nil {
			t.Fatalf("%v; want an answer", err)
		}
	}
	if len(h.running) != 0 || h.waiting != 0 || len(h.sources) != 0 {
		t.Errorf("%d run, %d wait, %d sources after all ended", len(h.running), h.waiting, len(h.sources))
	}
}

// One address leaves room for others.
func TestOneAddressCannotFillTheQueue(t *testing.T) {
	f := newFixture(t)
	h := newHashes(Config{Ring: f.ring, Now: f.clock.now, Hashes: 1}, func(string) {})
	for i := range maxWaitingSource + 1 {
		if got := h.queue("2001:db8::"); got != (i < maxWaitingSource) {
			t.Fatalf("place %d: %v", i+1, got)
		}
	}
	if !h.queue("192.0.2.1") {
		t.Error("another address finds no place")
	}
}

// A request that is given up does not wait for its hash.
func TestCheckEndsWithItsRequest(t *testing.T) {
	f := newFixture(t)
	h := newHashes(Config{Ring: f.ring, Now: f.clock.now, Hashes: 1}, func(string) {})
	h.running <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	k := candidate{sealed: []byte("s")}
	if _, err := h.check(ctx, &k, "p", source, func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want the context's error", err)
	}
	<-h.running
}

// What is refused from one address does not spoil the same password from
// another at the same time.
func TestAddressesAreCheckedApart(t *testing.T) {
	f := newFixture(t)
	h := newHashes(Config{Ring: f.ring, Now: f.clock.now, Hashes: 2}, func(string) {})
	snap, err := f.directory.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	k := f.auth.candidate(snap, userName, Basic, "")
	begun, end := make(chan struct{}), make(chan struct{})
	refused := make(chan answer)
	go func() {
		a, err := h.check(context.Background(), &k, userPassword, "198.51.100.1", func() bool { close(begun); <-end; return false })
		if err != nil {
			t.Error(err)
		}
		refused <- a
	}()
	<-begun
	if a, err := h.check(context.Background(), &k, userPassword, source, func() bool { return true }); err != nil || a != fits {
		t.Errorf("%v, %v; want it to fit", a, err)
	}
	close(end)
	if a := <-refused; a != notAdmitted {
		t.Errorf("the other address: %v; want not admitted", a)
	}
	if a, err := h.check(context.Background(), &k, userPassword, "198.51.100.1", func() bool { return false }); err != nil || a != notAdmitted {
		t.Errorf("remembered, but throttled: %v, %v; want not admitted", a, err)
	}
}

// A request whose password finds no place in the queue is an error, not a 401.
func TestBusyIsAnError(t *testing.T) {
	f := newFixture(t)
	h := f.auth.methods[0].(*basic).hashes
	for range maxWaitingSource {
		h.queue(networkOf(source))
	}
	r := Request{Method: "GET", Target: target, Authorization: []string{basicHeader(userName, userPassword)}, Source: source}
	if out, err := f.auth.Authenticate(context.Background(), r); !errors.Is(err, ErrBusy) || out.OK {
		t.Errorf("%+v, %v; want ErrBusy", out, err)
	}
}
