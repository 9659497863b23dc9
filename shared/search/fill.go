package search

import (
	"context"
	"fmt"

	"docket/shared/activity"
	"docket/shared/ledger"
)

const (
	// firstFill is how many records are decoded before their size is known.
	firstFill = 32

	// maxFill bounds the records that are decoded at a time.
	maxFill = 1024
)

// fill decodes hits and adds them to the page until it is full. They are read a
// few at a time, so that a page of large records holds little more than itself,
// and by segment, so that none is opened for every record of it.
func (w *walk) fill(ctx context.Context, hits []hit) error {
	for n := firstFill; len(hits) > 0 && w.pager.room() > 0; {
		if len(w.pager.records) > 0 && w.budget.spent() {
			return nil
		}
		n = min(n, len(hits), w.pager.room())
		records, err := w.decode(ctx, hits[:n])
		if err != nil {
			return err
		}
		w.pager.expect(len(hits))
		for i := range records {
			if !w.pager.add(&records[i]) {
				return nil
			}
			w.mark.Place = &hits[i].Place
		}
		hits = hits[n:]
		n = w.pager.guess(maxFill)
	}
	return nil
}

// decode reads the records of hits, in their order.
func (w *walk) decode(ctx context.Context, hits []hit) ([]activity.Stored, error) {
	type place struct {
		shard ledger.Shard
		first ledger.Position
	}
	bySegment := map[place][]int{}
	var order []place
	for i := range hits {
		p := place{hits[i].Shard, hits[i].first}
		if bySegment[p] == nil {
			order = append(order, p)
		}
		bySegment[p] = append(bySegment[p], i)
	}
	records := make([]activity.Stored, len(hits))
	for _, p := range order {
		part, err := w.Ledger.Load(ctx, p.shard, p.first)
		if err != nil {
			return nil, fmt.Errorf("read shard %d at %d: %w", p.shard, p.first, err)
		}
		for _, i := range bySegment[p] {
			if err := w.record(part, int(hits[i].Position-p.first), &records[i]); err != nil {
				return nil, err
			}
		}
	}
	return records, nil
}

// record decodes one row.
func (e *Engine) record(p ledger.Part, row int, dst *activity.Stored) error {
	if err := p.Segment.Record(row, &dst.Record); err != nil {
		return fmt.Errorf("read shard %d at %d: %w", p.Shard, p.First+ledger.Position(row), err)
	}
	dst.RID = e.Ledger.RID(p, row)
	return nil
}
