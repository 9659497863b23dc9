package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"docket/shared/table"

	"golang.org/x/sync/errgroup"
)

// newChunks are the chunks that a round puts in the place of the last one.
type newChunks struct {
	refs       []chunkRef
	items      []table.Item
	high, open Position
}

// newChunks lists what the pieces have become. Entries that may change again are
// in the last chunk.
func (c *compacting) newChunks(p plan, merged []merge) (newChunks, error) {
	entries := slices.Clone(c.entries)
	for i := 0; i < p.publish; {
		if len(merged) > 0 && merged[0].at == i {
			m := &merged[0]
			entries = append(entries, Entry{First: m.first, N: int(m.n), Bytes: m.size, Segment: m.id, Zone: m.zone})
			i += len(m.pieces)
			merged = merged[1:]
			continue
		}
		entries = c.pieces[i].entries(entries)
		i++
	}
	var n newChunks
	if len(entries) == 0 {
		return n, nil
	}
	n.high = entries[len(entries)-1].End()
	n.open = n.high
	if p.open < p.publish {
		n.open = c.pieces[p.open].first
	}
	settled := 0
	for settled < len(entries) && entries[settled].First < n.open {
		settled++
	}
	for ; settled > chunkEntries; settled -= chunkEntries {
		if err := n.add(c, entries[:chunkEntries]); err != nil {
			return n, err
		}
		entries = entries[chunkEntries:]
	}
	return n, n.add(c, entries)
}

func (n *newChunks) add(c *compacting, entries []Entry) error {
	id, err := c.l.newID()
	if err != nil {
		return err
	}
	n.refs = append(n.refs, chunkRef{id, entries[0].First, len(entries)})
	n.items = append(n.items, chunkItem(c.shard, id, entries))
	return nil
}

// remove deletes what was doomed long enough ago and returns it. It runs behind a
// change of the root, which keeps any round that began before from referring to
// it.
func (c *compacting) remove(ctx context.Context) (map[doomed]bool, error) {
	now := c.l.now()
	gone := map[doomed]bool{}
	if len(c.root.unswept) > 0 {
		// A reference that is no tombstone yet still names its segment: readers
		// that begin behind it come to it first.
		return gone, nil
	}
	for _, d := range c.root.doomed {
		if !d.due(now, c.Retain) {
			continue
		}
		if err := c.write(ctx, table.Op{Kind: table.Delete, Item: table.Item{Key: d.key(c.shard)}}); err != nil {
			return nil, fmt.Errorf("remove replaced %v: %w", d.key(c.shard), err)
		}
		gone[d] = true
		c.round.Removed++
	}
	return gone, nil
}

// grave is an item that becomes a tombstone.
type grave struct {
	place
	start   Position
	token   Token
	version uint64
	turn    turn
}

// turn is when an item is buried. The end of a log must be seen at any time, also
// when all tombstones have expired before anybody goes on: so what lies at the end
// of a range comes when all others of it are buried.
type turn uint8

const (
	inner   turn = iota
	unclear      // damaged: maybe at the end
	outmost      // no item of the outermost range lies behind it
)

// sweep makes tombstones of all that references cover, and says so in the root.
func (c *compacting) sweep(ctx context.Context, merged []merge) error {
	if len(c.root.unswept) == 0 {
		return nil
	}
	var graves []grave
	known := map[span]bool{}
	for i := range merged {
		m := &merged[i]
		known[span{m.first, m.end()}] = true
		for k := range m.pieces {
			for _, it := range m.pieces[k].parts {
				if it.first != m.first {
					graves = append(graves, grave{place: it.place, start: m.first, token: it.token, version: it.version})
				}
			}
		}
	}
	for _, sp := range c.root.unswept {
		if known[sp] {
			continue
		}
		more, err := c.leftovers(ctx, sp)
		if err != nil {
			return err
		}
		graves = append(graves, more...)
	}
	if err := c.bury(ctx, distinct(graves, c.root.unswept)); err != nil {
		return err
	}
	m := c.root.next()
	m.unswept = nil
	if err := c.swap(ctx, c.root, m); err != nil {
		return err
	}
	c.root = m
	return nil
}

// distinct leaves one grave for each position. Ranges lie in others when a merged
// segment was merged again before its own range was swept: the outermost counts.
func distinct(graves []grave, ranges []span) []grave {
	slices.SortFunc(graves, func(a, b grave) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.turn, b.turn)) })
	graves = slices.CompactFunc(graves, func(a, b grave) bool { return a.first == b.first })
	ranges = outermost(ranges)
	for i := range graves {
		g := &graves[i]
		for len(ranges) > 0 && ranges[0].end <= g.first {
			ranges = ranges[1:]
		}
		if len(ranges) == 0 {
			break
		}
		g.start = ranges[0].first
		if g.turn == inner && g.end() == ranges[0].end {
			g.turn = outmost
		}
	}
	return graves
}

// outermost leaves out ranges that lie in others, and sorts the rest.
func outermost(ranges []span) []span {
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b span) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.end, a.end)) })
	outer := ranges[:0]
	for _, r := range ranges {
		if n := len(outer); n == 0 || r.end > outer[n-1].end {
			outer = append(outer, r)
		}
	}
	return outer
}

// leftovers finds what an earlier round has left in a span.
func (c *compacting) leftovers(ctx context.Context, sp span) ([]grave, error) {
	var graves []grave
	for next := sp.first + 1; next < sp.end; {
		page, more, err := c.l.forward(ctx, c.shard, next, sp.end, 0)
		var damaged *DamageError
		if errors.As(err, &damaged) {
			// What is damaged here is covered: only its place is needed.
			graves = append(graves, grave{place: alone(c.shard, damaged.Position, 1), start: sp.first, turn: unclear})
			next = damaged.Position + 1
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range page {
			it := &page[i]
			next = it.first + 1
			if it.form == tombstone {
				continue
			}
			g := grave{place: it.place, start: sp.first, token: it.token, version: it.version}
			if it.form == data {
				g.token = c.authorOf(it)
			}
			graves = append(graves, g)
		}
		if !more {
			break
		}
	}
	return graves, nil
}

// authorOf is the token of a data item that a reference covers. What is damaged has
// none that could be compared: its records lie in the merged segment.
func (c *compacting) authorOf(it *stored) Token {
	o, err := c.l.opened(it.place, it.segment)
	if err != nil {
		return Token{}
	}
	runs, err := o.Segment.Runs()
	if err != nil {
		return Token{}
	}
	return runs[0].Token
}

// bury writes tombstones, some at a time, in their turns.
func (c *compacting) bury(ctx context.Context, graves []grave) error {
	slices.SortStableFunc(graves, func(a, b grave) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.first, b.first))
	})
	for len(graves) > 0 {
		n := 1
		for n < len(graves) && graves[n].turn == graves[0].turn {
			n++
		}
		if err := c.buryAll(ctx, graves[:n]); err != nil {
			return err
		}
		graves = graves[n:]
	}
	return nil
}

func (c *compacting) buryAll(ctx context.Context, graves []grave) error {
	expires := c.l.now().Add(c.TombstoneLife + clockSlack).Unix()
	var batches [][]table.Op
	for list := range slices.Chunk(graves, c.TombstonesPerWrite) {
		ops := make([]table.Op, len(list))
		for i, g := range list {
			ops[i] = table.Op{
				Kind: table.Put, If: table.Present,
				Item: tombstoneItem(g.place, g.start, g.token, g.version+1, expires),
			}
		}
		batches = append(batches, ops)
	}
	if c.Parallel < 2 {
		for _, ops := range batches {
			if err := c.buryBatch(ctx, ops); err != nil {
				return err
			}
		}
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.Parallel)
	for _, ops := range batches {
		g.Go(func() error { return c.buryBatch(ctx, ops) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return nil
}

// buryBatch writes tombstones. Where there is nothing any more none is needed: an
// earlier one has expired.
func (c *compacting) buryBatch(ctx context.Context, ops []table.Op) error {
	err := c.write(ctx, ops...)
	var failed *table.ConditionError
	switch {
	case err == nil:
		c.swept.Add(int64(len(ops)))
		return nil
	case errors.As(err, &failed) && len(ops) == 1:
		return nil
	case errors.As(err, &failed), errors.Is(err, table.ErrDamaged) && len(ops) > 1:
		for i := range ops {
			if err := c.buryBatch(ctx, ops[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	case errors.Is(err, table.ErrDamaged):
		ops[0].If = table.Always // its condition cannot be judged
		if err := c.write(ctx, ops...); err != nil {
			return fmt.Errorf("write tombstone at %v: %w", ops[0].Item.Key, err)
		}
		return nil
	}
	return fmt.Errorf("write %d tombstones: %w", len(ops), err)
}
