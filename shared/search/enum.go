package search

import (
	"context"
	"fmt"

	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/segment"
)

const (
	// scanRecord is a generous size of a stored record, to ask for as many
	// bytes as a page needs.
	scanRecord = 64

	// minScan and maxScan bound the bytes asked for at a time: one large item,
	// and what one read of the table returns at most.
	minScan = 64 << 10
	maxScan = 1 << 20

	// lateShare is the part of the budget after which an enum that has found
	// nothing looks for its progress: ordinary polls end long before.
	lateShare = 8
)

// Enum returns the next page of a walk over all records in the order of
// positions. A mark of a search that has not ended continues that search.
func (e *Engine) Enum(ctx context.Context, r Request) (Page, error) {
	m, shards, err := e.open(ctx, r.Mark)
	if err != nil {
		return Page{}, fmt.Errorf("enumerate: %w", err)
	}
	if m.Place != nil {
		if r.Entries, err = e.carried(ctx, m); err != nil {
			return Page{}, err
		}
		return e.search(ctx, &r, m)
	}
	w := &enumeration{
		Engine: e, request: &r, pager: newPager(&r), budget: e.budget(ctx),
		epoch: m.Epoch, reached: extended(m.From, shards), next: m.Next,
	}
	if err := w.run(ctx); err != nil {
		return Page{}, fmt.Errorf("enumerate: %w", err)
	}
	return w.page()
}

// enumeration is one page of an enum on its way.
type enumeration struct {
	*Engine
	request *Request
	pager   *pager
	budget  budget
	room    segment.Room
	rows    []uint32 // of the segment at hand

	epoch   ledger.Epoch
	reached ledger.Vector // what the page has passed
	next    ledger.Shard  // where it began
	looked  bool          // for progress
}

// run reads shard after shard until the page is full or the log ends.
func (w *enumeration) run(ctx context.Context) error {
	n := ledger.Shard(len(w.reached))
	first := w.next % n
	for i := range n {
		s := (first + i) % n
		for {
			more, err := w.read(ctx, s)
			if err != nil {
				return err
			}
			if w.pager.room() == 0 {
				return nil
			}
			if !more {
				break
			}
			if stop, err := w.checkTime(ctx); stop || err != nil {
				return err
			}
		}
	}
	return nil
}

// read takes what one scan of a shard returns, and says whether there may be
// more.
func (w *enumeration) read(ctx context.Context, s ledger.Shard) (bool, error) {
	size := min(max(w.pager.most()*scanRecord, minScan), maxScan)
	to := ledger.End
	if w.request.Scope.All {
		// Nearly every record will be on the page: what lies behind its last
		// one is not read, because it is billed.
		to = min(to, w.reached[s]+ledger.Position(w.pager.room()))
	}
	parts, err := w.Ledger.Scan(ctx, s, w.reached[s], to, size)
	if err != nil {
		return false, fmt.Errorf("read shard %d at %d: %w", s, w.reached[s], err)
	}
	for _, p := range parts {
		if err := w.take(p); err != nil {
			return false, fmt.Errorf("read shard %d at %d: %w", s, p.First, err)
		}
		if w.pager.room() == 0 {
			return false, nil
		}
	}
	return len(parts) > 0, nil
}

// take adds the records of one segment to the page and moves on behind the last
// one that was taken or left out.
func (w *enumeration) take(p ledger.Part) error {
	end := p.First + ledger.Position(p.Segment.Len())
	from, to := uint32(w.reached[p.Shard]-p.First), uint32(p.Segment.Len())
	whole := true
	if zone := p.Segment.Zone(); zone.ArchiveOnly == 0 {
		if _, all := seesPlans(zone.Plans, w.request.Scope); all {
			// Each will be on the page, so no more are looked at than it takes.
			whole = to-from <= uint32(w.pager.room())
			to = min(to, from+uint32(w.pager.room()))
		}
	}
	w.rows = w.rows[:0]
	for row := from; row < to; row++ {
		w.rows = append(w.rows, row)
	}
	rows, err := visible(p.Segment, w.request.Scope, w.rows)
	if err != nil {
		return err
	}
	w.pager.expect(len(rows))
	for _, row := range rows {
		if w.pager.room() == 0 {
			return nil
		}
		if err := w.record(p, int(row), w.pager.slot(), &w.room); err != nil {
			return err
		}
		if !w.pager.keep() {
			return nil
		}
		w.reached[p.Shard] = p.First + ledger.Position(row) + 1
		w.next = p.Shard + 1
	}
	if whole {
		w.reached[p.Shard] = end
	}
	return nil
}

// checkTime says whether the page must end here. With nothing found, late calls
// go on from the progress of an earlier one and save their own.
func (w *enumeration) checkTime(ctx context.Context) (stop bool, err error) {
	if len(w.pager.records) > 0 {
		return w.budget.spent(), nil
	}
	key := w.progressKey(mark.Enum, w.epoch, w.request, nil)
	if w.budget.spent() {
		return true, w.saveProgress(ctx, key, &progress{reached: w.reached})
	}
	if !w.looked && w.budget.late(lateShare) {
		w.looked = true
		saved, err := w.loadProgress(ctx, key)
		if err != nil || saved == nil {
			return false, err
		}
		w.reached = extended(w.reached, len(saved.reached))
		for s, p := range saved.reached {
			w.reached[s] = max(w.reached[s], p)
		}
	}
	return false, nil
}

func (w *enumeration) page() (Page, error) {
	text, err := w.Marks.Seal(mark.Mark{
		Kind: mark.Enum, Epoch: w.epoch, From: w.reached,
		Next: w.next % ledger.Shard(len(w.reached)),
	})
	if err != nil {
		return Page{}, fmt.Errorf("enumerate: %w", err)
	}
	return Page{w.pager.records, text}, nil
}
