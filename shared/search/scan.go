package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/segment"

	"golang.org/x/sync/errgroup"
)

// turn is when a task is done: those that may hold the newest records first.
type turn struct {
	newest int64 // no record in it that counts has a newer When
	shard  ledger.Shard
	first  ledger.Position
}

func compareTurns(a, b *turn) int {
	return cmp.Or(cmp.Compare(b.newest, a.newest), cmp.Compare(a.shard, b.shard), cmp.Compare(a.first, b.first))
}

// task is positions to look at, from its first on.
type task struct {
	turn
	entry entry         // which has them
	view  *segment.View // or a block that does, unless nil,
	rows  int           // with its rows before this one
}

// scan looks for the first records of a window behind a place.
type scan struct {
	*Engine
	window
	program *filter.Program
	scope   activity.Scope
	place   *mark.Place // nil is the beginning
	budget  budget
	known   *cuts

	mu    sync.Mutex
	tasks heap[task]
	best  *best
	done  *turn // of the last task that was begun
	warm  bool  // some tasks are blocks

	looked, found int // rows of blocks so far, and those of them that passed
}

// newest is the newest When that counts.
func (s *scan) newest() int64 {
	if s.place == nil {
		return math.MaxInt64
	}
	return s.place.When
}

// plan finds the segments, or blocks in their place, that may hold records that
// count, leaving out those that an earlier call has done.
func (s *scan) plan(catalog *catalog, saved *progress) {
	s.tasks.before = func(a, b *task) bool { return compareTurns(&a.turn, &b.turn) < 0 }
	verdicts := catalog.kinds.verdicts(s.program, s.scope)
	for shard := range s.to {
		sh := ledger.Shard(shard)
		from, to := at(s.from, sh), s.to[shard]
		var blocks []warmBlock
		if saved == nil {
			blocks = s.blocks(catalog.epoch, sh, from, to)
		}
		for i := range blocks {
			s.planBlock(sh, &blocks[i])
		}
		for _, e := range within(s.known[shard], from, to) {
			if verdicts[e.kind] {
				s.planEntry(sh, e, blocks, saved)
			}
		}
	}
	s.tasks.order()
}

// planEntry adds what of an entry lies in no block.
func (s *scan) planEntry(shard ledger.Shard, e entry, blocks []warmBlock, saved *progress) {
	newest := s.newest()
	if e.minWhen > newest || !s.program.MayWhen(e.minWhen, min(e.maxWhen, newest)) {
		return
	}
	add := func(e entry) {
		t := turn{min(e.maxWhen, newest), shard, e.first}
		if e.n > 0 && !saved.has(&t) {
			s.tasks.items = append(s.tasks.items, task{turn: t, entry: e})
		}
	}
	i, _ := slices.BinarySearchFunc(blocks, e.first, func(b warmBlock, p ledger.Position) int {
		if b.end <= p {
			return -1
		}
		return 1
	})
	for ; i < len(blocks) && blocks[i].first < e.end(); i++ {
		b := &blocks[i]
		if b.first > e.first {
			add(e.to(b.first))
		}
		if b.end >= e.end() {
			return
		}
		e = e.from(b.end)
	}
	add(e)
}

// run does tasks until none is left that could change what was found, or until
// the budget is spent. It fails with the first error of any segment.
func (s *scan) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for range min(s.Workers, len(s.tasks.items)) {
		g.Go(func() error { return s.work(ctx) })
	}
	return g.Wait()
}

// work does one task after the other.
func (s *scan) work(ctx context.Context) error {
	w := &worker{scan: s}
	for {
		t, floor, ok := s.take()
		if !ok {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.do(ctx, t, floor); err != nil {
			return fmt.Errorf("search shard %d at %d: %w", t.shard, t.first, err)
		}
	}
}

// take begins the next task. Records older than floor no longer count.
func (s *scan) take() (t task, floor int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// One task is done however late it is, so that every call gets further.
	if s.complete() || (s.done != nil && s.budget.spent()) {
		return task{}, 0, false
	}
	floor = math.MinInt64
	if s.best.full() {
		floor = s.best.last().When
	}
	t = s.tasks.pop()
	if t.view != nil {
		s.split(&t)
	}
	s.done = &t.turn
	return t, floor, true
}

// probe is how many rows of a block are looked at before it is known how often
// the filter passes.
const probe = 1 << 14

// split leaves the front of a block to a later task if what is behind it, which
// is newer in a log that is at all in order, should fill the page. The row that a
// task of a block begins with is in entry.n.
func (s *scan) split(t *task) {
	rows := t.rows - int(t.entry.n)
	most := probe
	switch {
	case s.best.full() || (s.looked > 0 && s.found == 0):
		return
	case s.found > 0:
		most = max(probe, 5*(s.best.max-len(s.best.heap.items))/4*s.looked/s.found)
	}
	if most > rows/2 {
		return
	}
	rest := *t
	rest.rows = (t.rows - most) &^ (segment.SpanRows - 1)
	if rest.rows <= int(t.entry.n) {
		return
	}
	t.entry.n = uint32(rest.rows)
	newest := newestOf(rest.view, int(rest.entry.n), rest.rows)
	rest.newest = min(rest.newest, newest)
	s.tasks.push(rest)
}

// newestOf is the newest When of rows of a block; low is a multiple of SpanRows.
func newestOf(v *segment.View, low, high int) int64 {
	newest := int64(math.MinInt64)
	for _, span := range v.Spans()[low/segment.SpanRows : (high+segment.SpanRows-1)/segment.SpanRows] {
		newest = max(newest, span.Max)
	}
	return newest
}

// settled says whether no task that is left can change what was found: each
// would be older than the last hit of a full page.
func (s *scan) settled() bool {
	return s.best.full() && s.tasks.items[0].newest < s.best.last().When
}

// complete says whether everything was looked at that can change what was found.
func (s *scan) complete() bool { return len(s.tasks.items) == 0 || s.settled() }

// certain returns the hits that nothing can precede any more, in order.
func (s *scan) certain() []hit {
	hits := s.best.sorted()
	if s.complete() {
		return hits
	}
	n := 0
	for n < len(hits) && hits[n].When > s.tasks.items[0].newest {
		n++
	}
	return hits[:n]
}

// worker looks at one segment at a time and keeps its buffers.
type worker struct {
	*scan
	rows []uint32
	hits []hit
}

func (w *worker) do(ctx context.Context, t task, floor int64) error {
	if t.view != nil {
		return w.look(t.view, t.shard, t.first, int(t.entry.n), t.rows, floor)
	}
	for p := t.first; p < t.entry.end(); {
		part, err := w.load(ctx, t.shard, &t.entry, p)
		if err != nil {
			return err
		}
		end := part.First + ledger.Position(part.Segment.Len())
		if err := w.look(part.Segment, t.shard, part.First, int(p-part.First), int(min(end, t.entry.end())-part.First), floor); err != nil {
			return err
		}
		p = end
	}
	return nil
}

// load reads the segment that has a position of an entry.
func (e *Engine) load(ctx context.Context, s ledger.Shard, of *entry, p ledger.Position) (ledger.Part, error) {
	if of.merged != nil {
		part, err := e.Ledger.LoadEntry(ctx, s, of.merged)
		if err != nil || part.First+ledger.Position(part.Segment.Len()) > p {
			return part, err
		}
	}
	return e.Ledger.Load(ctx, s, p)
}

// rows is records that a search looks at: of a segment or of a block.
type rows interface {
	filter.Rows
	Committed(row int) int64
	ArchiveOnly(row int) bool
}

// look adds rows from low on and before high of a segment or block that begins at
// first.
func (w *worker) look(at rows, shard ledger.Shard, first ledger.Position, low, high int, floor int64) error {
	from, end := w.window.rows(shard, first, at.Len())
	low, high = max(low, int(from)), min(high, int(end))
	if low >= high {
		return nil
	}
	rid := func(row int) activity.RID {
		return w.Ledger.RIDAt(shard, first+ledger.Position(row), at.Committed(row))
	}
	var err error
	w.rows, err = w.program.SelectWhen(at, low, high, floor, w.newest(), rid, w.rows[:0])
	if err != nil {
		return err
	}
	if w.rows, err = visible(at, w.scope, w.rows); err != nil {
		return err
	}
	found := len(w.rows)
	if err := w.collect(at, shard, first); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked, w.found = w.looked+high-low, w.found+found
	for i := range w.hits {
		w.best.add(w.hits[i])
	}
	return nil
}

// collect makes hits of the rows behind the place.
func (w *worker) collect(at rows, shard ledger.Shard, first ledger.Position) error {
	w.hits = w.hits[:0]
	if len(w.rows) == 0 {
		return nil
	}
	whens, err := at.Whens()
	if err != nil {
		return err
	}
	floor := w.oldest(whens)
	for _, row := range w.rows {
		if whens[row] < floor {
			continue
		}
		h := hit{mark.Place{When: whens[row], Committed: at.Committed(int(row)), Shard: shard, Position: first + ledger.Position(row)}}
		if w.place == nil || compare(w.place, &h.Place) < 0 {
			w.hits = append(w.hits, h)
		}
	}
	return nil
}

// oldest is the oldest When of rows that can be on the page: those of as many
// rows as it holds are not older.
func (w *worker) oldest(whens []int64) int64 {
	most := w.best.max
	if len(w.rows) <= 2*most {
		return math.MinInt64
	}
	h := heap[int64]{before: func(a, b *int64) bool { return *a < *b }}
	for i := len(w.rows) - 1; i >= 0; i-- { // the newest are mostly behind
		when := whens[w.rows[i]]
		switch {
		case w.place != nil && when >= w.place.When: // some of them were given out
		case len(h.items) < most:
			h.push(when)
		case when > h.items[0]:
			h.replace(when)
		}
	}
	if len(h.items) < most {
		return math.MinInt64
	}
	return h.items[0]
}
