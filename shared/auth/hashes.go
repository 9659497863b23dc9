package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"docket/shared/keys"

	"golang.org/x/sync/singleflight"
)

// ErrBusy says that too many passwords wait to be checked: ask again.
var ErrBusy = errors.New("too many passwords to check")

// How many wait for one of Config.Hashes: under a second's work, and one
// address cannot fill the queue.
const (
	maxWaiting       = 64
	maxWaitingSource = 16
)

// answer is what is known of a password.
type answer uint8

const (
	fails       answer = iota
	failsShared        // it fails, as an equal one that was checked at the same time
	notAdmitted        // nothing was checked
	fits
)

// hashes checks passwords: from memory, together with equal ones, or by a
// computation in its turn.
type hashes struct {
	step     func(name string) // told of each computation
	secret   [keys.Size]byte
	memory   *remembered
	together singleflight.Group
	running  chan struct{} // one element for each that runs

	mu      sync.Mutex
	waiting int
	sources map[string]int
}

func newHashes(c Config, step func(string)) *hashes {
	return &hashes{
		step:    step,
		secret:  c.Ring.Current(keys.Memory).Secret,
		memory:  &remembered{now: c.Now, until: make(map[fingerprint]int64)},
		running: make(chan struct{}, c.Hashes),
		sources: make(map[string]int),
	}
}

// fingerprint stands for a password and the verifier it is checked with. A
// changed verifier makes another one, so what is remembered of the old one is
// never found again.
type fingerprint [sha256.Size]byte

func (h *hashes) fingerprint(k *candidate, password string) (f fingerprint) {
	m := hmac.New(sha256.New, h.secret[:])
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(k.sealed)))
	m.Write([]byte("password\x00"))
	m.Write(size[:])
	m.Write(k.sealed)
	m.Write([]byte(password))
	m.Sum(f[:0])
	return f
}

// check finds out whether a password fits a candidate. admit is asked once
// before anything is compared, when the turn has come. An error is ErrBusy, the
// context's own, or a malformed hash.
func (h *hashes) check(ctx context.Context, k *candidate, password, source string, admit func() bool) (answer, error) {
	f := h.fingerprint(k, password)
	if h.memory.has(f) {
		if !admit() {
			return notAdmitted, nil
		}
		return fits, nil
	}
	led := false
	network := networkOf(source) // what is admitted from one is not for another
	done := h.together.DoChan(string(f[:])+network, func() (any, error) {
		led = true
		return h.compute(f, k, password, network, admit)
	})
	select {
	case <-ctx.Done():
		return fails, fmt.Errorf("check password: %w", ctx.Err())
	case r := <-done:
		if r.Err != nil {
			return fails, r.Err
		}
		if a := r.Val.(answer); a != fails || led {
			return a, nil
		}
		return failsShared, nil
	}
}

// compute runs one computation in its turn. It does not end with the request
// that began it: others may wait for it.
func (h *hashes) compute(f fingerprint, k *candidate, password, network string, admit func() bool) (answer, error) {
	if !h.queue(network) {
		return fails, ErrBusy
	}
	h.running <- struct{}{}
	defer func() { <-h.running }()
	h.leave(network)
	if !admit() {
		return notAdmitted, nil
	}
	h.step("hash")
	ok, err := checkHash(k.plain, password)
	if err != nil {
		return fails, err
	}
	if !ok || !k.known {
		return fails, nil
	}
	h.memory.add(f)
	return fits, nil
}

func (h *hashes) queue(source string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting >= maxWaiting || h.sources[source] >= maxWaitingSource {
		return false
	}
	h.waiting++
	h.sources[source]++
	return true
}

func (h *hashes) leave(source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting--
	if h.sources[source]--; h.sources[source] == 0 {
		delete(h.sources, source)
	}
}

// How many verified passwords are remembered, and how long.
const (
	maxMemories = 4096
	memoryLife  = 60 * time.Second
)

// remembered holds the fingerprints of passwords that fitted.
type remembered struct {
	now   func() time.Time
	mu    sync.Mutex
	until map[fingerprint]int64 // ms since 1970
	queue []fingerprint         // all of until, the oldest first
}

func (m *remembered) has(f fingerprint) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := m.until[f] - m.now().UnixMilli()
	return left > 0 && left <= memoryLife.Milliseconds() // more: the clock was set back
}

func (m *remembered) add(f fingerprint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now().UnixMilli()
	for len(m.queue) > 0 && (len(m.queue) >= maxMemories || m.until[m.queue[0]] <= now) {
		delete(m.until, m.queue[0])
		m.queue = m.queue[1:]
	}
	if _, again := m.until[f]; !again {
		m.queue = append(m.queue, f)
	}
	m.until[f] = now + memoryLife.Milliseconds()
}
