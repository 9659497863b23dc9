package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"docket/shared/activity"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/segment"

	"golang.org/x/sync/errgroup"
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

// decode reads the records of hits, in their order. Those of a segment are read
// together, and segments that have to be fetched several at a time.
func (w *walk) decode(ctx context.Context, hits []hit) ([]activity.Stored, error) {
	order := make([]int, len(hits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &hits[a].Place, &hits[b].Place
		return cmp.Or(cmp.Compare(x.Shard, y.Shard), cmp.Compare(x.Position, y.Position))
	})
	records := make([]activity.Stored, len(hits))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(w.Workers)
	for len(order) > 0 {
		from, n := w.holder(&hits[order[0]].Place), 0
		for n < len(order) && from.has(&hits[order[n]].Place) {
			n++
		}
		some := order[:n]
		order = order[n:]
		g.Go(func() error { return w.fetch(ctx, from, hits, some, records) })
	}
	return records, g.Wait()
}

// holder is what has a record: a block, or a segment that an entry knows.
type holder struct {
	shard      ledger.Shard
	first, end ledger.Position
	view       *segment.View // nil is a segment
	entry      entry
}

func (h *holder) has(p *mark.Place) bool {
	return p.Shard == h.shard && h.first <= p.Position && p.Position < h.end
}

func (w *walk) holder(p *mark.Place) holder {
	if b, ok := w.warmRecord(w.catalog.epoch, p.Shard, p.Position); ok {
		return holder{shard: p.Shard, first: b.first, end: b.end, view: b.view}
	}
	for _, e := range within(w.catalog.shards[p.Shard].known(), p.Position, p.Position+1) {
		return holder{shard: p.Shard, first: e.first, end: e.end(), entry: e}
	}
	// Only the log knows it; it is looked for when it is read.
	return holder{shard: p.Shard, first: p.Position, end: p.Position + 1, entry: entry{first: p.Position, n: 1}}
}

// fetch reads the records of some hits that a holder has, in the order of their
// positions.
func (w *walk) fetch(ctx context.Context, from holder, hits []hit, some []int, records []activity.Stored) error {
	var room segment.Room
	if from.view != nil {
		for _, i := range some {
			row := int(hits[i].Position - from.first)
			if err := from.view.Record(row, &records[i].Record, &room); err != nil {
				return fmt.Errorf("read shard %d at %d: %w", from.shard, hits[i].Position, err)
			}
			records[i].RID = w.Ledger.RIDAt(from.shard, hits[i].Position, hits[i].Committed)
		}
		return nil
	}
	var part ledger.Part
	for _, i := range some {
		p := hits[i].Position
		if part.Segment == nil || p >= part.First+ledger.Position(part.Segment.Len()) {
			at := from.first
			if part.Segment != nil {
				at = p
			}
			var err error
			if part, err = w.load(ctx, from.shard, &from.entry, at); err != nil {
				return fmt.Errorf("read shard %d at %d: %w", from.shard, p, err)
			}
		}
		if err := w.record(part, int(p-part.First), &records[i], &room); err != nil {
			return err
		}
	}
	return nil
}

// record decodes one row.
func (e *Engine) record(p ledger.Part, row int, dst *activity.Stored, room *segment.Room) error {
	if err := p.Segment.RecordIn(row, &dst.Record, room); err != nil {
		return fmt.Errorf("read shard %d at %d: %w", p.Shard, p.First+ledger.Position(row), err)
	}
	dst.RID = e.Ledger.RID(p, row)
	return nil
}
