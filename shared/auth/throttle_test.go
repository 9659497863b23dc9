package auth

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func newTestThrottle(t *testing.T) (*throttle, *clock) {
	ring, _ := sealedUser()
	c := &clock{t: time.Unix(1_800_000_000, 0)}
	return newThrottle(ring, c.now), c
}

func TestDelaysGrow(t *testing.T) {
	th, c := newTestThrottle(t)
	p := th.pair("bob", source)
	for i := range pairLimit {
		if !th.admits(p) {
			t.Fatalf("try %d is refused", i+1)
		}
		th.failed(p)
	}
	var waits []string
	for range 10 {
		wait := time.Duration(0)
		for th.blocked(p) {
			c.add(time.Second)
			wait += time.Second
		}
		waits = append(waits, wait.String())
		if !th.admits(p) {
			t.Fatal("refused when not blocked")
		}
		th.failed(p)
	}
	if got, want := strings.Join(waits, " "), "1s 2s 4s 8s 16s 32s 1m4s 2m8s 4m16s 5m0s"; got != want {
		t.Errorf("delays %s; want %s", got, want)
	}
	c.add(maxDelay + window)
	if !th.admits(p) || th.failed(p) {
		t.Error("not forgotten after a quiet while")
	}
}

// F29: after ten failures no more than ten tries a minute, however fast and
// however many at once.
func TestTriesAMinute(t *testing.T) {
	th, c := newTestThrottle(t)
	p := th.pair("bob", source)
	for range pairLimit {
		th.failed(p)
	}
	tries := 0
	for range time.Minute / (50 * time.Millisecond) {
		admitted := 0
		for range 20 { // at the same time
			if th.admits(p) {
				admitted++
			}
		}
		for range admitted {
			th.failed(p)
		}
		tries += admitted
		c.add(50 * time.Millisecond)
	}
	if tries == 0 || tries > 10 {
		t.Errorf("%d tries in the minute after the limit; want 1 to 10", tries)
	}
}

func TestFailuresInParallelOverTheLimit(t *testing.T) {
	th, c := newTestThrottle(t)
	p := th.pair("bob", source)
	for range pairLimit {
		th.failed(p)
	}
	c.add(pairDelay)
	admitted := 0
	for range 100 {
		if th.admits(p) {
			admitted++
		}
	}
	if admitted != 1 {
		t.Errorf("%d of 100 tries at once are admitted; want 1", admitted)
	}
}

func TestAStrangerLocksNobodyOut(t *testing.T) {
	f := newFixture(t)
	const stranger = "198.51.100.1"
	for range 3 * pairLimit {
		f.sendTo(f.auth, stranger, digestLogin{user: userName, password: "guess", nonce: f.nonce()}.header())
	}
	if f.sendTo(f.auth, stranger, f.login().header()).OK || f.sendTo(f.auth, stranger, basicHeader(userName, userPassword)).OK {
		t.Error("the stranger may go on guessing")
	}
	if !f.send(f.login().header()).OK || !f.send(basicHeader(userName, userPassword)).OK {
		t.Error("the owner is locked out")
	}
	f.clock.add(maxDelay)
	if !f.sendTo(f.auth, stranger, f.login().header()).OK {
		t.Error("the right password is refused after the longest delay")
	}
}

// All ways to write a name, and both methods, count together.
func TestNamesCountTogether(t *testing.T) {
	f := newFixture(t)
	names := []string{`Enterprise\NetwrixUser`, "netwrixuser", "NETWRIXUSER@enterprise", `x\netwrixUser`, `a\b\netwrixuser`}
	for i := range pairLimit {
		name := names[i%len(names)]
		if i%2 == 0 {
			f.send(digestLogin{user: name, password: "guess", nonce: f.nonce()}.header())
		} else {
			f.send(basicHeader(name, "guess"))
		}
	}
	if f.send(f.login().header()).OK || f.send(basicHeader(userName, userPassword)).OK {
		t.Error("not throttled after ten failures under five names")
	}
}

// What is no failure is not counted: no credentials, malformed ones, stale
// nonces, and curl's first POST with an empty body, which has none either.
func TestWhatIsNoFailure(t *testing.T) {
	f := newFixture(t)
	for range 2 * pairLimit {
		f.send("")
		f.send("Digest " + strings.Repeat("x", 10))
		f.send("Basic !")
		f.send("NTLM TlRMTVNTUAABAAAA")
		if !isStale(f.send(digestLogin{user: userName, password: userPassword, nonce: "old"}.header())) {
			t.Fatal("not stale")
		}
	}
	if !f.send(f.login().header()).OK {
		t.Error("throttled without a failure")
	}
}

// Signing in forgets the failures before.
func TestSuccessForgets(t *testing.T) {
	f := newFixture(t)
	for range 3 * pairLimit {
		f.send(digestLogin{user: userName, password: "typo", nonce: f.nonce()}.header())
		if !f.send(f.login().header()).OK {
			t.Fatal("throttled though every second try was right")
		}
	}
}

func TestFailuresFadeAfterTheWindow(t *testing.T) {
	th, c := newTestThrottle(t)
	p := th.pair("bob", source)
	for range pairLimit - 1 {
		th.failed(p)
	}
	c.add(window)
	if th.failed(p) || th.blocked(p) {
		t.Error("nine failures of a quarter of an hour ago and one now are ten")
	}
	for range pairLimit - 1 {
		th.failed(p)
	}
	if !th.blocked(p) {
		t.Error("ten failures now are not ten")
	}
}

func TestAddressesAreThrottled(t *testing.T) {
	th, c := newTestThrottle(t)
	good := th.pair("good", source)
	th.succeeded(good)
	for i := range sourceLimit {
		p := th.pair(fmt.Sprint("user", i), source)
		if !th.admits(p) {
			t.Fatalf("name %d is refused", i+1)
		}
		th.failed(p)
	}
	if th.admits(th.pair("another", source)) {
		t.Error("the address may go on with other names")
	}
	if !th.admits(good) {
		t.Error("somebody who signed in from there is kept out")
	}
	if !th.admits(th.pair("another", "192.0.2.8")) {
		t.Error("another address is kept out")
	}
	tries := 0
	for range 60 {
		if th.admits(th.pair("another", source)) {
			tries++
			th.failed(th.pair(fmt.Sprint("one more", tries), source))
		}
		c.add(time.Second)
	}
	if tries > 10 || tries < 9 {
		t.Errorf("%d tries in a minute; want 10", tries)
	}
}

// Any number of names from as many addresses fits, and they do not wash out the
// one that is being guessed: here four times as many as there are slots, which
// are an array and do not grow.
func TestAFloodOfNames(t *testing.T) {
	th, c := newTestThrottle(t)
	victim := th.pair("admin", source)
	for range pairLimit + 5 {
		th.failed(victim)
	}
	const n = 4 * sets * setSlots
	for i := range n {
		th.failed(pair{both: uint64(i)*0x9E3779B97F4A7C15 | 1, source: uint64(i)*0xD1B54A32D192ED03 | 1})
	}
	c.add(30 * time.Second)
	if !th.blocked(victim) {
		t.Error("the flood washed out the failures of admin")
	}
}

func TestClockSetBack(t *testing.T) {
	th, c := newTestThrottle(t)
	p := th.pair("bob", source)
	for range pairLimit + 20 {
		th.failed(p)
	}
	c.add(-365 * 24 * time.Hour)
	if th.blocked(p) {
		t.Error("kept out for a year because the clock was set back")
	}
}

func TestNetworks(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7",
		"::ffff:192.0.2.7":     "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
		"@":                    "@",
		"":                     "",
	} {
		if got := networkOf(addr); got != want {
			t.Errorf("%q is of %q; want %q", addr, got, want)
		}
	}
}
