package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/mark"

	"golang.org/x/sync/errgroup"
)

// task is a segment to look at.
type task struct {
	newest int64 // no record in it that counts has a newer When
	shard  ledger.Shard
	first  ledger.Position
}

// compareTasks is the order in which tasks are done: those that may hold the
// newest records first.
func compareTasks(a, b *task) int {
	return cmp.Or(cmp.Compare(b.newest, a.newest), cmp.Compare(a.shard, b.shard), cmp.Compare(a.first, b.first))
}

// scan looks for the first records of a window behind a place.
type scan struct {
	*Engine
	window
	program *filter.Program
	scope   activity.Scope
	place   *mark.Place // nil is the beginning
	budget  budget

	mu    sync.Mutex
	tasks heap[task]
	best  *best
	done  *task // the last task that was begun
}

// newest is the newest When that counts.
func (s *scan) newest() int64 {
	if s.place == nil {
		return math.MaxInt64
	}
	return s.place.When
}

// plan finds the segments that may hold records that count, leaving out those
// that an earlier call has done.
func (s *scan) plan(catalog *catalog, saved *progress) {
	s.tasks.before = func(a, b *task) bool { return compareTasks(a, b) < 0 }
	newest := s.newest()
	var known [ledger.MaxShards][]entry
	for shard := range s.to {
		known[shard] = catalog.shards[shard].known()
	}
	verdicts := catalog.kinds.verdicts(s.program, s.scope)
	for shard := range s.to {
		sh := ledger.Shard(shard)
		for _, e := range within(known[shard], at(s.from, sh), s.to[shard]) {
			if !verdicts[e.kind] || e.minWhen > newest || !s.program.MayWhen(e.minWhen, min(e.maxWhen, newest)) {
				continue
			}
			t := task{min(e.maxWhen, newest), sh, e.first}
			if !saved.has(&t) {
				s.tasks.items = append(s.tasks.items, t)
			}
		}
	}
	s.tasks.order()
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
	s.done = &t
	return t, floor, true
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
	p, err := w.Ledger.Load(ctx, t.shard, t.first)
	if err != nil {
		return err
	}
	rid := func(row int) activity.RID { return w.Ledger.RID(p, row) }
	w.rows, err = w.program.SelectWhen(p.Segment, floor, w.newest(), rid, w.rows[:0])
	if err != nil {
		return err
	}
	from, end := w.window.rows(t.shard, t.first, p.Segment.Len())
	w.rows = keep(w.rows, func(row uint32) bool { return from <= row && row < end })
	if w.rows, err = visible(p.Segment, w.scope, w.rows); err != nil {
		return err
	}
	if err := w.collect(p); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.hits {
		w.best.add(w.hits[i])
	}
	return nil
}

// collect makes hits of the rows behind the place.
func (w *worker) collect(p ledger.Part) error {
	w.hits = w.hits[:0]
	if len(w.rows) == 0 {
		return nil
	}
	whens, err := p.Segment.Whens()
	if err != nil {
		return err
	}
	for _, row := range w.rows {
		h := hit{mark.Place{When: whens[row], Committed: p.Segment.Committed(int(row)), Shard: p.Shard, Position: p.First + ledger.Position(row)}, p.First}
		if w.place == nil || compare(w.place, &h.Place) < 0 {
			w.hits = append(w.hits, h)
		}
	}
	return nil
}
