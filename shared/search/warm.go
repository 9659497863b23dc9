package search

import (
	"slices"

	"docket/shared/ledger"
	"docket/shared/segment"
)

// blockSizes are how many positions a block has, the largest first. Each begins
// at a multiple of its size, so that blocks do not depend on how a log is cut
// into segments. The largest is a compromise: a value of What occurs twice in a
// small block and five times in one of these; with larger ones, the newest
// records of a busy log would take longer to search. What is behind the last
// whole block of the smallest size is searched segment by segment.
func blockSizes() []ledger.Position { return []ledger.Position{1 << 18, 1 << 16, 1 << 14} }

// block is consecutive positions of a shard, decoded.
type block struct {
	shard      ledger.Shard
	first, end ledger.Position
	newest     int64
	entries    []entry // that have its positions
	joined     *segment.Joined
}

// warmth is the blocks that searches may use. It is never modified.
type warmth struct {
	epoch  ledger.Epoch
	blocks [ledger.MaxShards][]*block // by first, none has what another one has
	wanted []*block                   // what blocks should be, by shard and first
}

// warmBlock is what a search uses of a block.
type warmBlock struct {
	first, end ledger.Position
	view       *segment.View
}

// blocks returns those between two positions that have everything that the search
// asks for, and notes what was missing. One of which most lies outside is left
// out: its segments are faster.
func (s *scan) blocks(epoch ledger.Epoch, shard ledger.Shard, from, to ledger.Position) []warmBlock {
	w := s.Engine.warm.Load()
	if w == nil || w.epoch != epoch {
		return nil
	}
	parts := s.program.Parts() | segment.Times.Of()
	if !s.scope.All {
		parts |= segment.PlanID.Of()
	}
	var list []warmBlock
	for _, b := range w.blocks[shard] {
		first, end := max(b.first, from), min(b.end, to)
		if end <= first || (end-first)*4 < b.end-b.first {
			continue
		}
		view, ok := b.joined.View(parts)
		if !ok {
			s.Engine.want(parts)
			continue
		}
		list = append(list, warmBlock{b.first, b.end, view})
	}
	return list
}

// planBlock adds a block that may have records that count.
func (s *scan) planBlock(shard ledger.Shard, b *warmBlock) {
	zone, newest := b.view.Zone(), s.newest()
	some, _ := seesPlans(zone.Plans, s.scope)
	if !some || zone.MinWhen > newest || !s.program.MayWhen(zone.MinWhen, min(zone.MaxWhen, newest)) || !s.program.MaySegment(zone) {
		return
	}
	s.warm = true
	s.tasks.items = append(s.tasks.items, task{turn: turn{min(zone.MaxWhen, newest), shard, b.first}, view: b.view, rows: b.view.Len()})
}

// warmRecord finds the block that has all of a record.
func (e *Engine) warmRecord(epoch ledger.Epoch, shard ledger.Shard, p ledger.Position) (warmBlock, bool) {
	w := e.warm.Load()
	if w == nil || w.epoch != epoch {
		return warmBlock{}, false
	}
	i, ok := slices.BinarySearchFunc(w.blocks[shard], p, func(b *block, p ledger.Position) int {
		switch {
		case b.end <= p:
			return -1
		case b.first > p:
			return 1
		}
		return 0
	})
	if !ok {
		return warmBlock{}, false
	}
	b := w.blocks[shard][i]
	view, ok := b.joined.View(segment.AllParts)
	return warmBlock{b.first, b.end, view}, ok
}

// want notes parts that a search had to do without.
func (e *Engine) want(parts segment.Parts) {
	for {
		old := e.wanted.Load()
		if old|uint32(parts) == old || e.wanted.CompareAndSwap(old, old|uint32(parts)) {
			return
		}
	}
}
