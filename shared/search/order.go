package search

import (
	"cmp"
	"slices"

	"docket/shared/mark"
)

// hit is a record that a search found: where it stands in the order.
type hit struct{ mark.Place }

// compare is the order of a search: When, newest first; equal ones in the order
// of commit time, shard and position.
func compare(a, b *mark.Place) int {
	return cmp.Or(
		cmp.Compare(b.When, a.When),
		cmp.Compare(a.Committed, b.Committed),
		cmp.Compare(a.Shard, b.Shard),
		cmp.Compare(a.Position, b.Position),
	)
}

// best keeps the first max hits, in the order of a search, of all that it is
// given.
type best struct {
	max  int
	heap heap[hit] // the last of them at its root
}

func newBest(max int) *best {
	return &best{max: max, heap: heap[hit]{before: func(a, b *hit) bool { return compare(&a.Place, &b.Place) > 0 }}}
}

func (b *best) full() bool { return len(b.heap.items) >= b.max }

// last is the last hit that is kept, once max are.
func (b *best) last() *hit { return &b.heap.items[0] }

func (b *best) add(h hit) {
	switch {
	case !b.full():
		b.heap.push(h)
	case compare(&h.Place, &b.last().Place) < 0:
		b.heap.replace(h)
	}
}

// sorted returns the hits in order.
func (b *best) sorted() []hit {
	list := slices.Clone(b.heap.items)
	slices.SortFunc(list, func(x, y hit) int { return compare(&x.Place, &y.Place) })
	return list
}
