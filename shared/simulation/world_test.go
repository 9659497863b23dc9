package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/table/faulty"
	"docket/shared/table/memory"
)

// kinds of faults that happen to calls.
var faultKinds = []faulty.Fault{
	faulty.Before, faulty.After, faulty.Busy, faulty.Timeout, faulty.Late, faulty.Torn, faulty.TornAfter, faulty.Short, faulty.Twice, faulty.Stale,
}

// setup is what a schedule is made of, besides the order of things. Shrinking a
// schedule makes it smaller.
type setup struct {
	seed                                              uint64
	writers, scanners, walkers, searchers, compactors int
	batches                                           int // of each writer
	growth                                            bool
	kills, freezes, restarts                          bool
	deliveries                                        bool // batches come together, as from a queue
	noFault                                           map[faulty.Fault]bool
}

func newSetup(seed uint64) setup {
	r := rand.New(rand.NewPCG(seed, 1))
	s := setup{
		seed: seed, writers: 2 + r.IntN(4), scanners: r.IntN(2), walkers: 1 + r.IntN(2), searchers: r.IntN(2),
		compactors: min(r.IntN(4), 2), batches: 3 + r.IntN(5), growth: r.IntN(2) == 0,
		kills: r.IntN(2) == 0, freezes: r.IntN(2) == 0, restarts: r.IntN(3) > 0, deliveries: r.IntN(2) == 0,
	}
	if r.IntN(10) == 0 {
		s.writers, s.walkers, s.searchers = 8, 2, 2
	}
	return s
}

func (s setup) String() string {
	text := fmt.Sprintf("%d writers of %d batches, %d scanners, %d walkers, %d searchers, %d compactors, growth %v, kills %v, freezes %v, restarts %v, deliveries %v; without",
		s.writers, s.batches, s.scanners, s.walkers, s.searchers, s.compactors, s.growth, s.kills, s.freezes, s.restarts, s.deliveries)
	for _, f := range faultKinds {
		if s.noFault[f] {
			text += " " + f.String()
		}
	}
	return text
}

// world is one schedule.
type world struct {
	setup
	rand   *rand.Rand
	ring   *keys.Ring
	at     time.Time
	store  *memory.Table // of the ledger
	state  *memory.Table // of the engines
	faults *faulty.Table
	model  *model

	procs    []*process
	steps    int
	handed   chan struct{} // a process has come to its next call
	quiet    bool          // no more faults
	keyed    bool          // batches may have keys; then clocks are wrong by hours, not by years
	hash     uint64        // of who was when where
	trace    func(format string, args ...any)
	broken   []string
	rounds   int                                     // of compaction, that merged something
	resuming []func(ctx context.Context, p *process) // goes on from last marks

	options ledger.Compaction
	shards  int
	maxItem int
	final   map[string]bool // the names of all records that are there in the end
}

func begin() time.Time { return time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC) }

func newWorld(s setup, ring *keys.Ring) *world {
	w := &world{
		setup: s, rand: rand.New(rand.NewPCG(s.seed, 77)), ring: ring, at: begin(), keyed: s.seed%4 > 0,
		handed: make(chan struct{}), model: newModel(), trace: func(string, ...any) {},
	}
	w.store, w.state = memory.New(w.now), memory.New(w.now)
	rates := faulty.Rates{}
	for _, f := range faultKinds {
		rate := w.rand.Float64() * 0.06
		if f == faulty.Stale {
			rate *= 5
		}
		if !s.noFault[f] {
			rates[f] = rate
		}
	}
	w.faults = faulty.New(w.store, faulty.Options{
		Seed: s.seed, Rates: rates, Now: w.now, Sleep: w.sleepOf, MaxLate: 1 + w.rand.IntN(40),
	})
	w.shards = 1 + w.rand.IntN(3)
	w.maxItem = 1100 + w.rand.IntN(3)*500 + w.rand.IntN(2)*4000
	w.options = ledger.Compaction{
		Fan: 2 + w.rand.IntN(3), AdoptBytes: 500 + w.rand.IntN(2)*2000, All: w.rand.IntN(3) == 0, MaxRecords: (4 + w.rand.IntN(20)) * (1 + 9*w.rand.IntN(2)),
		TombstonesPerWrite: 1 + w.rand.IntN(3), Retain: time.Duration(w.rand.IntN(300)) * time.Millisecond,
		Busy: time.Duration(w.rand.IntN(3)-1) * 50 * time.Millisecond,
	}
	if w.options.Retain == 0 {
		w.options.Retain = -1
	}
	if w.options.Busy == 0 {
		w.options.Busy = -1
	}
	return w
}

// now is the true time. Everybody has a clock that is wrong in another way.
func (w *world) now() time.Time { return w.at }

func (w *world) fail(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
	w.trace("VIOLATION "+format, args...)
}

// source is randomness that nobody else has.
func (w *world) source() io.Reader {
	var key [32]byte
	for i := range key {
		key[i] = byte(w.rand.Uint32())
	}
	return rand.NewChaCha8(key)
}

// run lets everybody go on until all are done, then checks what is left.
func (w *world) run() {
	for i := range w.writers {
		w.start(fmt.Sprintf("writer %d", i), w.writer)
	}
	for i := range w.scanners {
		w.start(fmt.Sprintf("scanner %d", i), w.scanner)
	}
	for i := range w.walkers {
		w.start(fmt.Sprintf("walker %d", i), w.walker)
	}
	for i := range w.searchers {
		w.start(fmt.Sprintf("searcher %d", i), w.searcher)
	}
	for i := range w.compactors {
		w.start(fmt.Sprintf("compactor %d", i), w.compactor)
	}
	if w.growth {
		w.start("growth", w.grow)
	}
	for w.step() && len(w.broken) == 0 {
	}
	w.killAll()
	w.settle()
	w.killAll()
}

// mostSteps is far more than any schedule takes that comes to its end.
const mostSteps = 100_000

// step lets one process go on to its next call. It is false when all are done.
func (w *world) step() bool {
	if w.steps++; w.steps > mostSteps {
		w.fail("no end after %d steps (P1)", w.steps)
		return false
	}
	var ready, asleep []*process
	for _, p := range w.procs {
		switch {
		case p.done:
		case p.wake.After(w.at):
			asleep = append(asleep, p)
		default:
			ready = append(ready, p)
		}
	}
	if len(ready) == 0 {
		if len(asleep) == 0 {
			return false
		}
		earliest := asleep[0].wake
		for _, p := range asleep {
			if p.wake.Before(earliest) {
				earliest = p.wake
			}
		}
		if earliest.Sub(w.at) > time.Hour && !w.quiet {
			// What is late is not late by days.
			if err := w.faults.Settle(context.Background()); err != nil {
				w.fail("settle: %v", err)
			}
		}
		w.at = earliest
		return true
	}
	p := ready[w.rand.IntN(len(ready))]
	w.at = w.at.Add(time.Duration(w.rand.IntN(2000)) * time.Microsecond)
	w.hash = (w.hash*31+uint64(len(p.name))*7+uint64(p.name[len(p.name)-1]))*0x9E3779B97F4A7C15 ^ uint64(w.at.UnixNano())
	if !w.quiet {
		switch {
		case w.kills && w.rand.IntN(400) == 0:
			w.trace("%s is killed", p.name)
			p.kill()
			return true
		case w.freezes && w.rand.IntN(500) == 0:
			p.wake = w.at.Add(time.Duration(w.rand.IntN(3600)) * time.Second) // a key must outlive it
			w.trace("%s freezes until %s", p.name, p.wake.Format(time.RFC3339))
			return true
		}
	}
	p.resume <- struct{}{}
	<-w.handed
	return true
}

func (w *world) killAll() {
	for _, p := range w.procs {
		if !p.done {
			p.kill()
		}
	}
	w.procs = nil
}

// mayFail says whether a caller may be told this in a world with faults.
func mayFail(err error) bool {
	return errors.Is(err, table.ErrBusy) || errors.Is(err, table.ErrUnavailable) || errors.Is(err, ledger.ErrGap) ||
		errors.Is(err, context.Canceled) || errors.Is(err, search.ErrOutOfTime)
}

// process is somebody with a ledger and an engine of its own.
type process struct {
	*world
	name   string
	ledger *ledger.Ledger
	engine *search.Engine
	wake   time.Time
	resume chan struct{}
	killed bool
	done   bool
}

type processKey struct{}

// start adds a process that runs do.
func (w *world) start(name string, do func(ctx context.Context, p *process)) *process {
	p := &process{world: w, name: name, resume: make(chan struct{})}
	w.procs = append(w.procs, p)
	ctx := context.WithValue(context.Background(), processKey{}, p)
	go func() {
		<-p.resume
		if !p.killed && p.open(ctx) {
			do(ctx, p)
		}
		p.done = true
		w.handed <- struct{}{}
	}()
	return p
}

// kill ends a process between two calls: everything it asks from now on fails.
func (p *process) kill() {
	p.killed = true
	p.resume <- struct{}{}
	<-p.handed
}

// turn lets others go on. It fails once the process was killed.
func (p *process) turn() error {
	if !p.killed {
		p.handed <- struct{}{}
		<-p.resume
	}
	if p.killed {
		return context.Canceled
	}
	return nil
}

// sleep lets others go on until the time has come.
func (p *process) sleep(_ context.Context, d time.Duration) error {
	p.wake = p.at.Add(d)
	return p.turn()
}

// sleepOf makes the process in ctx sleep.
func (w *world) sleepOf(ctx context.Context, d time.Duration) error {
	if p, ok := ctx.Value(processKey{}).(*process); ok {
		return p.sleep(ctx, d)
	}
	return ctx.Err()
}

// open makes the process's ledger and engine, as often as it takes. It is false
// once the process was killed.
func (p *process) open(ctx context.Context) bool {
	skew := time.Duration(p.rand.IntN(47)-23) * time.Hour
	if !p.keyed && p.compactors == 0 {
		skew *= 365
	}
	clock := func() time.Time { return p.at.Add(skew) }
	c := ledger.Config{
		Table: turns{p, p.faults, p.store}, Ring: p.ring, Shards: p.shards, Sleep: p.sleep, Rand: p.source(), Now: clock, MaxItem: p.maxItem,
	}
	if c.CacheBytes = -1; p.rand.IntN(2) == 0 {
		c.CacheBytes = 1 << 16
	}
	for !p.killed {
		l, err := ledger.Open(ctx, c)
		if err == nil {
			p.ledger = l
			p.engine = search.New(search.Config{
				Ledger: l, Marks: mark.NewCodec(p.ring, p.source()), State: turns{p, p.state, p.state}, Ring: p.ring, Now: clock, Workers: 1,
			})
			return true
		}
		if !mayFail(err) {
			p.fail("%s: open: %v", p.name, err)
			return false
		}
	}
	return false
}

// turns is a table with a turn before every call.
type turns struct {
	p     *process
	noisy table.Table
	plain table.Table
}

func (t turns) table() table.Table {
	if t.p.quiet {
		return t.plain
	}
	return t.noisy
}

func (t turns) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if err := t.p.turn(); err != nil {
		return nil, err
	}
	items, err := t.table().Get(ctx, keys...)
	t.p.trace("%s get %v: %d, %v", t.p.name, keys, len(items), err)
	return items, err
}

func (t turns) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := t.p.turn(); err != nil {
		return table.Page{}, err
	}
	page, err := t.table().Query(ctx, q)
	t.p.trace("%s query %+v: %d, more %v, %v", t.p.name, q, len(page.Items), page.More, err)
	return page, err
}

func (t turns) Write(ctx context.Context, ops ...table.Op) error {
	if err := t.p.turn(); err != nil {
		return err
	}
	err := t.table().Write(ctx, ops...)
	t.p.trace("%s write %v: %v", t.p.name, opNames(ops), err)
	return err
}

func opNames(ops []table.Op) []string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = fmt.Sprintf("%d %v", op.Kind, op.Item.Key)
	}
	return names
}
