package search

import (
	"context"
	"fmt"

	"docket/shared/activity"
	"docket/shared/ledger"
	"docket/shared/mark"
)

// point reads the one record that a filter with RID Equals leaves, and gives it
// out only if the whole search would: it must lie in the window and behind the
// place, be visible, and pass the other filters.
func (w *walk) point(ctx context.Context, rid activity.RID) error {
	shard, position, ok := w.Ledger.Locate(rid)
	if !ok || !w.window().has(shard, position) {
		return nil
	}
	parts, err := w.Ledger.Scan(ctx, shard, position, position+1, 1)
	if err != nil {
		return fmt.Errorf("read shard %d at %d: %w", shard, position, err)
	}
	if len(parts) == 0 {
		return fmt.Errorf("read shard %d at %d: no such position: %w", shard, position, ledger.ErrGap)
	}
	p := parts[0]
	row := uint32(position - p.First)
	rows, err := visible(p.Segment, w.request.Scope, []uint32{row})
	if err != nil {
		return fmt.Errorf("read shard %d at %d: %w", shard, position, err)
	}
	if len(rows) == 0 {
		return nil
	}
	var record activity.Stored
	if err := w.record(p, int(row), &record, nil); err != nil {
		return err
	}
	here := mark.Place{When: record.When, Committed: p.Segment.Committed(int(row)), Shard: shard, Position: position}
	passed := w.mark.Place != nil && compare(&here, w.mark.Place) <= 0
	if !passed && w.program.Match(&record) && w.pager.add(&record) {
		w.mark.Place = &here
	}
	return nil
}
