package faulty

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"docket/shared/table"
)

// SlowTime is how long Slow and Timeout take, longer than any caller wants.
const SlowTime = 30 * time.Second

// tornTime is how long readers may see a part of a Torn write.
const tornTime = 10 * time.Millisecond

// defaultMaxLate calls later at most a late write is done.
const defaultMaxLate = 20

// Call is a call that a fault may hit.
type Call struct {
	N      int // the number of the call, from 1
	Method Method
	Keys   []table.Key // of a Get
	Query  table.Query
	Ops    []table.Op // of a Write
}

// Rates are probabilities of faults, 0 to 1. Of a fault that cannot happen to a
// call the probability is 0; their sum for a call should be at most 1.
type Rates map[Fault]float64

// Options of a faulty table. The zero value has no faults.
type Options struct {
	// Hook decides first; nil or None leaves a call to Rates.
	Hook  func(*Call) Fault
	Rates Rates
	Seed  uint64
	// Sleep is how calls take time; nil is not at all. An error ends the call
	// with it, unknown or not begun.
	Sleep func(context.Context, time.Duration) error
	// MaxLate is how many calls later what is late happens at most; 0 is 20.
	MaxLate int
	// Now tells which items of the past have expired; nil is time.Now.
	Now func() time.Time
}

// Site is a kind of call and a fault that happened to it.
type Site struct {
	Method Method
	Fault  Fault
}

// Table is a table.Table with faults.
type Table struct {
	inner     table.Table
	opts      Options
	remembers bool // some fault may show the past

	mu      sync.Mutex
	rand    *rand.Rand
	calls   int
	down    bool
	late    []lateWrite
	torn    []*tornWrite
	history []change
	hits    map[Site]int
	lateErr error // the first failure of a late write that is not of its conditions
}

var _ table.Table = (*Table)(nil)

// New returns inner with faults.
func New(inner table.Table, opts Options) *Table {
	if opts.MaxLate == 0 {
		opts.MaxLate = defaultMaxLate
	}
	if opts.Sleep == nil {
		opts.Sleep = func(context.Context, time.Duration) error { return nil }
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	remembers := opts.Hook != nil || opts.Rates[Stale]+opts.Rates[Torn]+opts.Rates[TornAfter] > 0
	return &Table{
		inner: inner, opts: opts, remembers: remembers, hits: make(map[Site]int),
		rand: rand.New(rand.NewPCG(opts.Seed, opts.Seed^0x9e3779b97f4a7c15)),
	}
}

// Calls returns how many calls were made.
func (t *Table) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls
}

// Hits returns how often each fault has happened to each method.
func (t *Table) Hits() map[Site]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	hits := make(map[Site]int, len(t.hits))
	for s, n := range t.hits {
		hits[s] = n
	}
	return hits
}

// Restore ends Down.
func (t *Table) Restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down = false
}

// Settle does all late writes now and lets readers see all of those torn: after
// it nothing of the past is left to happen. It returns the first failure of a
// late write that is not one of its conditions.
func (t *Table) Settle(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.late {
		t.doLate(ctx, w)
	}
	t.late, t.torn, t.history = nil, nil, nil
	err := t.lateErr
	t.lateErr = nil
	return err
}

// begin counts a call, does what is due before it and chooses its fault.
func (t *Table) begin(c *Call) Fault {
	t.calls++
	c.N = t.calls
	t.settleDue()
	f := t.choose(c)
	if t.down {
		f = Before
	}
	if !f.canHit(c) {
		return None
	}
	if f == Down {
		t.down = true
	}
	if f != None {
		t.hits[Site{c.Method, f}]++
	}
	return f
}

// choose asks the hook and then the dice. The dice are thrown once for each
// call, whatever the hook says, so that a hook does not change later faults.
func (t *Table) choose(c *Call) Fault {
	dice := t.rand.Float64()
	if t.opts.Hook != nil {
		if f := t.opts.Hook(c); f != None {
			return f
		}
	}
	for f := None + 1; f < faults; f++ {
		if !f.canHit(c) {
			continue
		}
		if dice -= t.opts.Rates[f]; dice < 0 {
			return f
		}
	}
	return None
}

// sleep waits without the lock, so that others are served meanwhile.
func (t *Table) sleep(ctx context.Context, d time.Duration) error {
	t.mu.Unlock()
	defer t.mu.Lock()
	return t.opts.Sleep(ctx, d)
}

// fail returns the error of f, nil if the call goes on. It waits if f does.
func (t *Table) fail(ctx context.Context, f Fault) error {
	switch f {
	case Before, Down:
		return fmt.Errorf("%w: injected: %s", table.ErrUnavailable, f)
	case Busy:
		return fmt.Errorf("%w: injected", table.ErrBusy)
	case Slow:
		if err := t.sleep(ctx, SlowTime); err != nil {
			return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
		}
	}
	return nil
}

// timedOut waits for the answer that does not come.
func (t *Table) timedOut(ctx context.Context) error {
	if err := t.sleep(ctx, SlowTime); err != nil {
		return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
	}
	return fmt.Errorf("%w: injected: %w", table.ErrUnavailable, context.DeadlineExceeded)
}
