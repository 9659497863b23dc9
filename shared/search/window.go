package search

import "docket/shared/ledger"

// window is the positions from one vector to another in every shard.
type window struct {
	from, to ledger.Vector
}

// at is a vector's position in a shard; one that is absent stands at 0. In a
// to-vector that leaves the shard out of the window.
func at(v ledger.Vector, s ledger.Shard) ledger.Position {
	if int(s) < len(v) {
		return v[s]
	}
	return 0
}

// has says whether a position lies in the window.
func (w window) has(s ledger.Shard, p ledger.Position) bool {
	return at(w.from, s) <= p && p < at(w.to, s)
}

// rows bounds the rows of a segment that lie in the window: from first, before
// end.
func (w window) rows(s ledger.Shard, first ledger.Position, n int) (from, end uint32) {
	low, high := max(at(w.from, s), first), min(at(w.to, s), first+ledger.Position(n))
	if low >= high {
		return 0, 0
	}
	return uint32(low - first), uint32(high - first)
}

// extended copies a vector and gives it at least n shards.
func extended(v ledger.Vector, n int) ledger.Vector {
	w := make(ledger.Vector, max(n, len(v)))
	copy(w, v)
	return w
}
