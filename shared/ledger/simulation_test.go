package ledger

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/faulty"
	"docket/shared/table/memory"
)

var (
	schedules = flag.Int("schedules", 0, "random schedules that the simulation runs; 0 is 400, with the race detector 40")
	seed      = flag.Uint64("seed", 0, "first seed of the simulation; 0 is a new one")
)

// TestSimulation runs writers, readers and growth on one thread over a table with
// faults, in random order from one call of the table to the next, and holds what
// they see against a plain model (invariants L1, L2, L4 to L8, E1 to E8). A failure
// names its seed: go test -run Simulation -schedules 1 -seed N repeats it.
func TestSimulation(t *testing.T) {
	first, count := *seed, *schedules
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	if count == 0 {
		count = 400
		if raced {
			count = 40
		}
	}
	ring := testRing(t)
	total := 0
	sites := map[faulty.Site]int{}
	for i := range uint64(count) {
		w := newSimulation(first+i, ring)
		w.run()
		total += w.faults.Calls()
		for site, n := range w.faults.Hits() {
			sites[site] += n
		}
		if len(w.broken) > 0 {
			t.Fatalf("seed %d: %s", first+i, w.broken[0])
		}
	}
	t.Logf("seed %d: %d schedules, %d calls of the table, faults %v", first, count, total, sites)
	if count >= 300 {
		for _, f := range []faulty.Fault{faulty.Before, faulty.After, faulty.Busy, faulty.Late, faulty.Torn, faulty.TornAfter} {
			if sites[faulty.Site{Method: faulty.Write, Fault: f}] == 0 {
				t.Errorf("no write has suffered %v: the simulation does not look there", f)
			}
		}
	}
}

// TestSimulationRepeats: a seed is a schedule, or a failure could not be found again.
func TestSimulationRepeats(t *testing.T) {
	ring := testRing(t)
	for s := range uint64(5) {
		a, b := newSimulation(s, ring), newSimulation(s, ring)
		a.run()
		b.run()
		if a.trace != b.trace || a.faults.Calls() != b.faults.Calls() {
			t.Errorf("seed %d: traces %x and %x", s, a.trace, b.trace)
		}
	}
}

// simulation is one schedule: processes that take turns at every call of the
// table and every wait, all on one thread. Compaction will be one more of them.
type simulation struct {
	seed   uint64
	rand   *rand.Rand
	ring   *keys.Ring
	at     time.Time
	store  *memory.Table
	faults *faulty.Table
	procs  []*process
	model  model
	quiet  bool   // no more faults
	keys   bool   // batches may have keys; then clocks are wrong by hours, not by years
	trace  uint64 // a hash of who was when where
	broken []string
}

// process is somebody with a ledger of its own.
type process struct {
	sim    *simulation
	name   string
	ledger *Ledger
	wake   time.Time
	yield  func(struct{}) bool
	next   func() (struct{}, bool)
	stop   func()
	killed bool
	done   bool
}

// model is what must be true.
type model struct {
	batches []*sent
	byName  map[string]*sent
	log     map[Shard]map[Position]string // what anybody was ever shown
	rids    map[activity.RID]string
	shards  int // at least
}

// sent is a batch that somebody has tried to store.
type sent struct {
	name    string
	n       int
	large   bool
	key     string
	acked   bool
	receipt Receipt
	refused bool  // told that it will never be stored
	rival   *sent // another batch with the same key
}

func newSimulation(seed uint64, ring *keys.Ring) *simulation {
	s := &simulation{seed: seed, rand: rand.New(rand.NewPCG(seed, 77)), ring: ring, at: start(), keys: seed%4 > 0}
	s.model = model{byName: map[string]*sent{}, log: map[Shard]map[Position]string{}, rids: map[activity.RID]string{}}
	s.store = memory.New(s.now)
	rates := faulty.Rates{}
	for _, f := range []faulty.Fault{faulty.Before, faulty.After, faulty.Busy, faulty.Timeout, faulty.Late, faulty.Torn, faulty.TornAfter, faulty.Short, faulty.Twice} {
		rates[f] = s.rand.Float64() * 0.06
	}
	s.faults = faulty.New(s.store, faulty.Options{
		Seed: seed, Rates: rates, Now: s.now, Sleep: s.sleepOf, MaxLate: 1 + s.rand.IntN(40),
	})
	return s
}

// now is a clock that is wrong for everybody in another way.
func (s *simulation) now() time.Time { return s.at }

func (s *simulation) fail(format string, args ...any) {
	s.broken = append(s.broken, fmt.Sprintf(format, args...))
}

type processKey struct{}

// sleepOf makes the process in ctx sleep.
func (s *simulation) sleepOf(ctx context.Context, d time.Duration) error {
	if p, ok := ctx.Value(processKey{}).(*process); ok {
		return p.sleep(ctx, d)
	}
	return ctx.Err()
}

// sleep lets others go on until the time has come.
func (p *process) sleep(_ context.Context, d time.Duration) error {
	p.wake = p.sim.at.Add(d)
	return p.turn()
}

// turn lets others go on. It fails once the process was killed.
func (p *process) turn() error {
	if !p.killed && !p.yield(struct{}{}) {
		p.killed = true
	}
	if p.killed {
		return context.Canceled
	}
	return nil
}

// turns is the faulty table, with a turn before every call.
type turns struct{ p *process }

func (t turns) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if err := t.p.turn(); err != nil {
		return nil, err
	}
	return t.p.table().Get(ctx, keys...)
}

func (t turns) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := t.p.turn(); err != nil {
		return table.Page{}, err
	}
	return t.p.table().Query(ctx, q)
}

func (t turns) Write(ctx context.Context, ops ...table.Op) error {
	if err := t.p.turn(); err != nil {
		return err
	}
	return t.p.table().Write(ctx, ops...)
}

func (p *process) table() table.Table {
	if p.sim.quiet {
		return p.sim.store
	}
	return p.sim.faults
}

// start adds a process that runs do with a ledger of its own.
func (s *simulation) start(name string, do func(ctx context.Context, p *process)) {
	p := &process{sim: s, name: name}
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.yield = yield
		ctx := context.WithValue(context.Background(), processKey{}, p)
		if p.open(ctx) {
			do(ctx, p)
		}
	})
	s.procs = append(s.procs, p)
}

// open makes the process's ledger, as often as it takes.
func (p *process) open(ctx context.Context) bool {
	skew := time.Duration(p.sim.rand.IntN(47)-23) * time.Hour
	if !p.sim.keys {
		skew *= 365
	}
	c := Config{
		Table: turns{p}, Ring: p.sim.ring, Shards: 1 + int(p.sim.seed%3), Sleep: p.sleep,
		Rand: p.sim.source(),
		Now:  func() time.Time { return p.sim.at.Add(skew) },
	}
	if c.CacheBytes = -1; p.sim.rand.IntN(2) == 0 {
		c.CacheBytes = 1 << 16
	}
	for !p.killed {
		l, err := Open(ctx, c)
		if err == nil {
			l.maxItem = 1200
			p.ledger = l
			return true
		}
		if !mayFail(err) {
			p.sim.fail("%s: open: %v", p.name, err)
			return false
		}
	}
	return false
}

// source is randomness that nobody else has.
func (s *simulation) source() *rand.ChaCha8 {
	var key [32]byte
	for i := range key {
		key[i] = byte(s.rand.Uint32())
	}
	return rand.NewChaCha8(key)
}

// mayFail says whether a caller may be told this in a world with faults.
func mayFail(err error) bool {
	return transient(err) || errors.Is(err, ErrGap) || errors.Is(err, context.Canceled)
}

// run lets everybody go on until all are done, then checks what is left.
func (s *simulation) run() {
	for i := range 2 + s.rand.IntN(4) {
		s.start(fmt.Sprintf("writer %d", i), s.writer)
	}
	for i := range 1 + s.rand.IntN(3) {
		s.start(fmt.Sprintf("reader %d", i), s.reader)
	}
	s.start("growth", s.growth)
	for s.step() && len(s.broken) == 0 {
	}
	for _, p := range s.procs {
		p.stop()
	}
	s.settle()
}

// step lets one process go on to its next call.
func (s *simulation) step() bool {
	var ready []*process
	alive := false
	earliest := s.at.Add(time.Hour)
	for _, p := range s.procs {
		if p.done {
			continue
		}
		alive = true
		if p.wake.After(s.at) {
			if p.wake.Before(earliest) {
				earliest = p.wake
			}
			continue
		}
		ready = append(ready, p)
	}
	if !alive {
		return false
	}
	if len(ready) == 0 {
		s.at = earliest
		return true
	}
	p := ready[s.rand.IntN(len(ready))]
	s.at = s.at.Add(time.Duration(s.rand.IntN(2000)) * time.Microsecond)
	s.trace = (s.trace*31 + uint64(len(p.name))*7 + uint64(p.name[len(p.name)-1])) ^ uint64(s.at.UnixNano())
	if _, ok := p.next(); !ok {
		p.done = true
	} else if !s.quiet && s.rand.IntN(400) == 0 {
		p.stop() // killed between two calls
		p.done = true
	}
	return true
}

// writer stores some batches, gives up on some, and repeats those with a key.
func (s *simulation) writer(ctx context.Context, p *process) {
	for i := range 2 + s.rand.IntN(4) {
		if p.killed {
			return
		}
		b := s.pick(fmt.Sprintf("%s-%d", p.name, i))
		s.send(ctx, p, b)
		if s.rand.IntN(3) == 0 && b.key != "" && b.rival == nil && !p.killed {
			s.reuse(ctx, p, b)
		}
	}
}

// pick is a new batch, or one with a key that was sent before, maybe by another
// process that still tries.
func (s *simulation) pick(name string) *sent {
	if s.rand.IntN(3) == 0 {
		for _, i := range s.rand.Perm(len(s.model.batches)) {
			if old := s.model.batches[i]; old.key != "" && old.rival == nil {
				return old
			}
		}
	}
	b := &sent{name: name, n: 1 + s.rand.IntN(6), large: s.rand.IntN(3) == 0}
	if s.keys && s.rand.IntN(2) == 0 {
		b.key = "key of " + name
	}
	s.model.batches = append(s.model.batches, b)
	s.model.byName[name] = b
	return b
}

func (b *sent) batch() Batch {
	made := batchOf(b.name, b.n)
	for i := range made.Records {
		if b.large {
			made.Records[i].Details = []activity.Detail{{PropertyName: "p", After: noise(600 + i)}}
		}
	}
	if b.key != "" {
		made.Key = &Key{Owner: "o", Text: b.key, Body: [32]byte{byte(b.n)}}
	}
	return made
}

func (s *simulation) send(ctx context.Context, p *process, b *sent) {
	before := b.acked
	r, err := p.ledger.Append(ctx, b.batch())
	switch {
	case err == nil:
		if r.N != b.n || b.acked && (r.Shard != b.receipt.Shard || r.First != b.receipt.First) {
			s.fail("%s: batch %s has receipts %+v and %+v (L5)", p.name, b.name, b.receipt, r)
		}
		if before && !r.Duplicate {
			s.fail("%s: batch %s was acknowledged before and is no duplicate", p.name, b.name)
		}
		if b.refused {
			s.fail("%s: batch %s was refused and then taken (L8)", p.name, b.name)
		}
		b.acked, b.receipt = true, r
	case errors.Is(err, ErrKeyReused) && b.rival != nil && !b.acked:
		b.refused = true
	case !mayFail(err):
		s.fail("%s: append %s: %v", p.name, b.name, err)
	}
}

// reuse sends other records with the key of a batch: one of the two is stored.
func (s *simulation) reuse(ctx context.Context, p *process, b *sent) {
	other := &sent{name: b.name + "-other", n: 9, key: b.key, rival: b}
	b.rival = other
	s.model.batches, s.model.byName[other.name] = append(s.model.batches, other), other
	s.send(ctx, p, other)
}

func (s *simulation) growth(ctx context.Context, p *process) {
	for range s.rand.IntN(3) {
		if err := p.sleep(ctx, time.Duration(s.rand.IntN(200))*time.Millisecond); err != nil {
			return
		}
		n := p.ledger.root.Load().shards + 1
		switch err := p.ledger.Grow(ctx, n); {
		case err == nil:
			s.model.shards = max(s.model.shards, n)
		case !mayFail(err):
			s.fail("%s: %v", p.name, err)
		}
	}
}

// reader walks, over many pages and ends, with one mark.
func (s *simulation) reader(ctx context.Context, p *process) {
	w := &walk{p: p}
	for range 5 + s.rand.IntN(15) {
		if p.killed {
			return
		}
		w.page(ctx)
		if s.rand.IntN(3) == 0 {
			p.wake = s.at.Add(time.Duration(s.rand.IntN(100)) * time.Millisecond)
		}
		if s.rand.IntN(6) == 0 && !p.open(ctx) { // a restart: only the mark is left
			return
		}
	}
}

// walk is an enum: a vector, and what it has been shown.
type walk struct {
	p    *process
	mark Vector
	got  []string
}

// page reads a page of every shard from the mark on.
func (w *walk) page(ctx context.Context) {
	sim := w.p.sim
	atLeast := sim.model.shards
	acked := sim.ackedEnds()
	n, err := w.p.ledger.Shards(ctx)
	if err != nil {
		w.check("shards", err)
		return
	}
	if n < atLeast {
		sim.fail("%s: sees %d shards of %d", w.p.name, n, atLeast)
	}
	for len(w.mark) < n {
		w.mark = append(w.mark, 0)
	}
	if sim.rand.IntN(4) == 0 {
		w.tails(ctx, acked)
	}
	for s := range w.mark {
		w.scan(ctx, Shard(s), acked[Shard(s)])
	}
}

func (w *walk) check(what string, err error) {
	if !mayFail(err) {
		w.p.sim.fail("%s: %s: %v", w.p.name, what, err)
	}
}

func (w *walk) tails(ctx context.Context, acked map[Shard]Position) {
	v, err := w.p.ledger.Tails(ctx)
	if err != nil {
		w.check("tails", err)
		return
	}
	for s, p := range v {
		if p < acked[Shard(s)] {
			w.p.sim.fail("%s: tail of shard %d is %d, a batch up to %d was acknowledged", w.p.name, s, p, acked[Shard(s)])
		}
	}
}

// scan reads one piece of a shard and takes some or all of it.
func (w *walk) scan(ctx context.Context, s Shard, acked Position) {
	sim := w.p.sim
	from := w.mark[s]
	size := []int{1, 700, 3000, 1 << 20}[sim.rand.IntN(4)]
	parts, err := w.p.ledger.Scan(ctx, s, from, End, size)
	if err != nil {
		w.check(fmt.Sprintf("scan shard %d at %d", s, from), err)
		return
	}
	if len(parts) == 0 {
		if from < acked {
			sim.fail("%s: shard %d ends at %d, a batch up to %d was acknowledged before (E8)", w.p.name, s, from, acked)
		}
		return
	}
	sim.shown(w.p, parts)
	end := parts[len(parts)-1].end()
	if sim.rand.IntN(3) == 0 {
		end = from + 1 + Position(sim.rand.IntN(int(end-from))) // a page cut by count
	}
	for at := from; at < end; at++ {
		w.got = append(w.got, sim.model.log[s][at])
	}
	w.mark[s] = end
}

// shown holds parts against all that anybody has seen.
func (s *simulation) shown(p *process, parts []Part) {
	next := parts[0].First
	var left int // records of a batch still to come
	for i, part := range parts {
		if part.First != next {
			s.fail("%s: part at %d behind %d (L1)", p.name, part.First, next)
			return
		}
		next = part.end()
		records, err := part.Segment.Records(nil)
		if err != nil {
			s.fail("%s: records at %d: %v", p.name, part.First, err)
			return
		}
		for row := range records {
			r := &records[row]
			s.shownRecord(p, part, row, r)
			b := s.model.byName[r.Who]
			switch {
			case b == nil:
				s.fail("%s: a record of %q, which nobody sent (L7)", p.name, r.Who)
				return
			case left > 0:
				left--
			case r.What == "0":
				left = b.n - 1
			case i > 0 || row > 0:
				s.fail("%s: %s/%s at %d begins a batch (L4)", p.name, r.Who, r.What, part.First)
			default: // the scan began within a batch
				var number int
				if _, err := fmt.Sscan(r.What, &number); err != nil {
					s.fail("%s: record number %q", p.name, r.What)
				}
				left = b.n - 1 - number
			}
		}
	}
	if left > 0 {
		s.fail("%s: shown a batch without its last %d records (L4)", p.name, left)
	}
}

func (s *simulation) shownRecord(p *process, part Part, row int, r *activity.Record) {
	at := part.First + Position(row)
	name := r.Who + "/" + r.What
	if s.model.log[part.Shard] == nil {
		s.model.log[part.Shard] = map[Position]string{}
	}
	if old, ok := s.model.log[part.Shard][at]; ok && old != name {
		s.fail("%s: shard %d holds %s at %d, before it held %s (L2)", p.name, part.Shard, name, at, old)
	}
	s.model.log[part.Shard][at] = name
	rid := p.ledger.RID(part, row)
	here := fmt.Sprintf("%d/%d", part.Shard, at)
	if old, ok := s.model.rids[rid]; ok && old != here {
		s.fail("%s: %s is the RID of %s and %s (L7)", p.name, rid, old, here)
	}
	s.model.rids[rid] = here
	if shard, position, ok := p.ledger.Locate(rid); !ok || shard != part.Shard || position != at {
		s.fail("%s: %s is located at %d/%d, %v", p.name, rid, shard, position, ok)
	}
}

// ackedEnds is behind the last acknowledged batch of every shard.
func (s *simulation) ackedEnds() map[Shard]Position {
	ends := map[Shard]Position{}
	for _, b := range s.model.batches {
		if b.acked {
			ends[b.receipt.Shard] = max(ends[b.receipt.Shard], b.receipt.First+Position(b.n))
		}
	}
	return ends
}

// settle lets everything that is late happen and then walks the whole ledger in a
// world without faults.
func (s *simulation) settle() {
	if len(s.broken) > 0 {
		return
	}
	if err := s.faults.Settle(context.Background()); err != nil {
		s.fail("settle: %v", err)
	}
	s.quiet = true
	s.procs = nil
	s.start("auditor", func(ctx context.Context, p *process) {
		w := &walk{p: p}
		for {
			before := slices.Clone(w.mark)
			w.page(ctx)
			if len(s.broken) > 0 || before != nil && slices.Equal(before, w.mark) {
				break
			}
		}
		s.audit(w.got)
	})
	for s.step() {
		if p := s.procs[0]; p.killed {
			s.fail("the auditor was killed")
		}
	}
	s.procs[0].stop()
}

// audit compares a complete walk with what was sent (E1, E2, L5, L6, L8).
func (s *simulation) audit(got []string) {
	times := map[string]int{}
	for _, name := range got {
		times[name]++
	}
	for _, b := range s.model.batches {
		n := times[b.name+"/0"]
		for i := range b.n {
			name := fmt.Sprintf("%s/%d", b.name, i)
			if times[name] != n {
				s.fail("batch %s: record 0 is there %d times, record %d %d times (L4)", b.name, n, i, times[name])
			}
			delete(times, name)
			if b.acked && s.model.log[b.receipt.Shard][b.receipt.First+Position(i)] != name {
				s.fail("%s was acknowledged at %d/%d and is not there (L6)", name, b.receipt.Shard, b.receipt.First+Position(i))
			}
		}
		switch {
		case n > 1:
			s.fail("batch %s (acknowledged %v) is there %d times (L5)", b.name, b.acked, n)
		case n == 0 && b.acked:
			s.fail("batch %s was acknowledged and is lost (L6)", b.name)
		case n > 0 && b.refused:
			s.fail("batch %s was refused and is there (L8)", b.name)
		}
	}
	for name := range times {
		s.fail("%s is there and was never sent (L7)", name)
	}
}
