package search

import (
	"context"
	"fmt"
	"math"
	"slices"

	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/segment"
)

// Warm decodes records into memory, up to WarmBytes: first what searches looked
// for in all records, then everything of the newest. It takes up what was
// committed and what was asked for since it ran last, and returns when nothing is
// left to do. A search never waits for it, nor does its answer depend on it. What
// cannot be read stays cold, and the error says what that was.
func (e *Engine) Warm(ctx context.Context) error {
	if e.WarmBytes <= 0 {
		return nil
	}
	select {
	case e.warming <- struct{}{}:
		defer func() { <-e.warming }()
	case <-ctx.Done():
		return fmt.Errorf("warm up: %w", ctx.Err())
	}
	w, err := e.arrange(ctx)
	if err == nil {
		err = e.heat(ctx, w)
	}
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	return nil
}

// arrange finds what blocks there should be now and keeps those that are there.
func (e *Engine) arrange(ctx context.Context) (*warmth, error) {
	if _, err := e.Ledger.Shards(ctx); err != nil {
		return nil, err
	}
	epoch := e.Ledger.Epoch()
	tails, err := e.Ledger.Tails(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tails: %w", err)
	}
	catalog := e.catalogOf(epoch)
	if err := catalog.grow(ctx, e.Ledger, tails, e.unbounded(), e.Workers); err != nil {
		return nil, err
	}
	w := &warmth{epoch: epoch}
	old := e.warm.Load()
	if old == nil || old.epoch != epoch {
		old = w
	}
	for s, tail := range tails {
		shard := ledger.Shard(s)
		for first := ledger.Position(0); ; {
			size := e.sizeOf(first, tail)
			if size == 0 {
				break
			}
			b := old.block(shard, first, first+size)
			if b == nil {
				b = newBlock(catalog, shard, first, first+size)
			}
			w.wanted = append(w.wanted, b)
			first += size
		}
	}
	e.publish(w)
	return w, nil
}

// sizeOf is the size of the block that begins at first, if a log reaches to tail;
// 0 if it is too short for one.
func (e *Engine) sizeOf(first, tail ledger.Position) ledger.Position {
	for _, size := range e.blockSizes {
		if first%size == 0 && first+size <= tail {
			return size
		}
	}
	return 0
}

// block finds one that is there, or was wanted.
func (w *warmth) block(s ledger.Shard, first, end ledger.Position) *block {
	for _, b := range w.wanted {
		if b.shard == s && b.first == first && b.end == end {
			return b
		}
	}
	return nil
}

func newBlock(c *catalog, s ledger.Shard, first, end ledger.Position) *block {
	b := &block{shard: s, first: first, end: end, newest: math.MinInt64}
	var counts []int
	for _, e := range within(c.shards[s].known(), first, end) {
		e = e.from(first).to(end)
		b.entries, counts = append(b.entries, e), append(counts, int(e.n))
		b.newest = max(b.newest, e.maxWhen)
	}
	b.joined = segment.Join(counts, filter.AppendFold)
	return b
}

// publish lets searches use what is wanted. Smaller blocks from before stand in
// for one that takes their place until that has all that they have.
func (e *Engine) publish(w *warmth) {
	next := &warmth{epoch: w.epoch, wanted: w.wanted}
	old := e.warm.Load()
	for _, b := range w.wanted {
		stand := []*block{b}
		if before := old.inside(w.epoch, b); len(before) > 0 && !b.replaces(before) {
			stand = before
		}
		next.blocks[b.shard] = append(next.blocks[b.shard], stand...)
	}
	e.warm.Store(next)
}

// inside returns the smaller blocks that lie where b does.
func (w *warmth) inside(epoch ledger.Epoch, b *block) []*block {
	if w == nil || w.epoch != epoch {
		return nil
	}
	var list []*block
	for _, o := range w.blocks[b.shard] {
		if o != b && b.first <= o.first && o.end <= b.end {
			list = append(list, o)
		}
	}
	return list
}

func (b *block) replaces(before []*block) bool {
	for p := range segment.Part(segment.NumParts) {
		if b.joined.Bytes(p) == 0 && slices.ContainsFunc(before, func(o *block) bool { return o.joined.Bytes(p) > 0 }) {
			return false
		}
	}
	return true
}

// piece is a part of a block, to be loaded or kept.
type piece struct {
	*block
	part segment.Part
}

// heat loads parts in the order of their use as long as there is room, and drops
// those that come behind.
func (e *Engine) heat(ctx context.Context, w *warmth) error {
	left := e.WarmBytes
	var mean [segment.NumParts]struct{ bytes, rows int64 }
	var failed error
	broken := map[*block]bool{}
	for _, p := range w.byUse(segment.Parts(e.wanted.Load())) {
		if err := ctx.Err(); err != nil {
			return err
		}
		size := p.joined.Bytes(p.part)
		if size == 0 && !broken[p.block] {
			if m := mean[p.part]; m.rows > 0 && m.bytes/m.rows*int64(p.joined.Len()) > left {
				continue
			}
			// Once for a part: a client that never pauses must get warm too.
			if err := e.gate.yield(ctx); err != nil {
				return err
			}
			if err := p.joined.Load(p.part, e.opener(ctx, p.block)); err != nil {
				broken[p.block], failed = true, fmt.Errorf("shard %d from %d to %d: %w", p.shard, p.first, p.end, err)
				continue
			}
			size = p.joined.Bytes(p.part)
		}
		mean[p.part].bytes += size
		mean[p.part].rows += int64(p.joined.Len())
		if size > left {
			p.joined.Drop(p.part)
			continue
		}
		left -= size
	}
	e.publish(w)
	return failed
}

// byUse orders what could be loaded: what was asked for of all blocks, then the
// rest of each, the newest first.
func (w *warmth) byUse(asked segment.Parts) []piece {
	blocks := slices.Clone(w.wanted)
	slices.SortStableFunc(blocks, func(a, b *block) int {
		switch {
		case a.newest > b.newest:
			return -1
		case a.newest < b.newest:
			return 1
		}
		return 0
	})
	var list []piece
	for part := range segment.Part(segment.NumParts) {
		for _, b := range blocks {
			if asked.Has(part.Of()) {
				list = append(list, piece{b, part})
			}
		}
	}
	for _, b := range blocks {
		for part := range segment.Part(segment.NumParts) {
			if !asked.Has(part.Of()) {
				list = append(list, piece{b, part})
			}
		}
	}
	return list
}

// opener reads the segments of a block, whatever they were merged with since.
func (e *Engine) opener(ctx context.Context, b *block) segment.Opener {
	return func(i int) (*segment.Segment, int, error) {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		of := &b.entries[i]
		part, err := e.load(ctx, b.shard, of, of.first)
		if err != nil {
			return nil, 0, err
		}
		return part.Segment, int(of.first - part.First), nil
	}
}
