package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"docket/shared/keys"
)

// How guessing is slowed. With delays of 1, 2, 4, ... seconds a name gets six
// more tries in the first minute and then one in five minutes, which is also
// the longest that its owner at the same address can be kept out.
const (
	pairLimit   = 10               // failures of a name at an address
	pairDelay   = time.Second      // after the last of them, doubled by each further one
	maxDelay    = 5 * time.Minute  // no delay is longer
	window      = 15 * time.Minute // in which failures add up; and how long a limit reached is remembered
	sourceLimit = 300              // failures of an address, whatever the names
	sourceDelay = 6 * time.Second  // between tries from there: 10 a minute
)

// The counts live in sets of few slots: 65,536 in all, 3 MB, whatever is tried.
// Where a name goes depends on a secret, and a full set gives up the slot with
// the fewest failures, so a flood of names does not wash out one that is being
// guessed; the limit of its address ends the flood.
const (
	sets     = 1 << 14
	setSlots = 4
)

// throttle counts failures. It is safe for concurrent use.
type throttle struct {
	secret [keys.Size]byte
	now    func() time.Time

	mu   sync.Mutex
	sets [sets][setSlots]slot
}

// slot is the count of one pair or one address. Times are ms since 1970.
type slot struct {
	tag      uint64 // 0 is an empty slot
	failures uint32
	since    int64 // when the first failure or the last success was
	until    int64 // no try before
	good     int64 // when the last success was, 0 for never
}

// pair is a name and an address, as numbers that say nothing of them.
type pair struct{ both, source uint64 }

func newThrottle(ring *keys.Ring, now func() time.Time) *throttle {
	return &throttle{secret: ring.Current(keys.Memory).Secret, now: now}
}

// pair names a name at an address. Domain and case are left out, so that nobody
// gets more tries by other ways to write a name, and nobody learns from the count
// which of them are one account.
func (t *throttle) pair(name, source string) pair {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	} else {
		name, _, _ = strings.Cut(name, "@")
	}
	network := networkOf(source)
	return pair{both: t.tag("pair", fold(name), network), source: t.tag("source", "", network)}
}

func (t *throttle) tag(kind, name, source string) uint64 {
	m := hmac.New(sha256.New, t.secret[:])
	for _, s := range []string{"throttle", kind, name, source} {
		io.WriteString(m, s)
		m.Write([]byte{0})
	}
	return max(binary.BigEndian.Uint64(m.Sum(nil)), 1)
}

// networkOf is what one client can hold many addresses of: for IPv6 its /64.
func networkOf(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return source
	}
	return prefix.String()
}

// blocked reports whether a try would be refused now.
func (t *throttle) blocked(p pair) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.open(p, t.now().UnixMilli())
}

// admits reports whether a try may be made now. Over the limit it is the only
// one until its delay has passed, so that parallel tries gain nothing.
func (t *throttle) admits(p pair) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UnixMilli()
	if !t.open(p, now) {
		return false
	}
	if s := t.find(p.both, now); s != nil && s.failures >= pairLimit {
		s.until = now + delay(s.failures).Milliseconds()
	}
	if s := t.find(p.source, now); s != nil && s.failures >= sourceLimit && !t.isGood(p, now) {
		s.until = now + sourceDelay.Milliseconds()
	}
	return true
}

// open reports whether neither the pair nor its address waits. Somebody who
// signed in from there a while ago does not suffer from others at the address.
func (t *throttle) open(p pair, now int64) bool {
	if s := t.find(p.both, now); s != nil && s.until > now {
		return false
	}
	s := t.find(p.source, now)
	return s == nil || s.until <= now || t.isGood(p, now)
}

func (t *throttle) isGood(p pair, now int64) bool {
	s := t.find(p.both, now)
	return s != nil && s.good != 0 && now-s.good < window.Milliseconds()
}

// failed counts a failure and reports whether tries of the pair wait from now
// on.
func (t *throttle) failed(p pair) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UnixMilli()
	s := t.claim(p.both, now)
	if s.failures++; s.failures >= pairLimit {
		s.until = now + delay(s.failures).Milliseconds()
	}
	waits := s.until > now
	if s = t.claim(p.source, now); s.failures < sourceLimit {
		s.failures++
	}
	if s.failures >= sourceLimit {
		s.until = now + sourceDelay.Milliseconds()
	}
	return waits
}

// delay is how long to wait after so many failures, at least pairLimit.
func delay(failures uint32) time.Duration {
	doublings := min(failures-pairLimit, 20)
	return min(pairDelay<<doublings, maxDelay)
}

// succeeded forgets the failures of a pair.
func (t *throttle) succeeded(p pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UnixMilli()
	*t.claim(p.both, now) = slot{tag: p.both, since: now, good: now}
}

// find returns the slot of a tag if it still counts.
func (t *throttle) find(tag uint64, now int64) *slot {
	set := &t.sets[tag%sets]
	for i := range set {
		if set[i].tag == tag && !set[i].over(now) {
			return &set[i]
		}
	}
	return nil
}

// claim returns the slot of a tag, made anew if there is none.
func (t *throttle) claim(tag uint64, now int64) *slot {
	if s := t.find(tag, now); s != nil {
		return s
	}
	set := &t.sets[tag%sets]
	least := &set[0]
	for i := range set {
		s := &set[i]
		if s.tag == tag || s.over(now) {
			least = s
			break
		}
		if s.failures < least.failures || s.failures == least.failures && s.since < least.since {
			least = s
		}
	}
	*least = slot{tag: tag, since: now}
	return least
}

// over reports whether a slot counts no more. One from the future was made
// before the clock was set back: better forget than keep somebody out.
func (s *slot) over(now int64) bool {
	last := max(s.since, s.until)
	return s.tag == 0 || now-last >= window.Milliseconds() || last-now > window.Milliseconds()
}
