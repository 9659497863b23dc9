package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"docket/shared/activity"
	"docket/shared/ledger"
)

// scanner reads the logs as they are, over many pages and ends, with one vector.
func (w *world) scanner(ctx context.Context, p *process) {
	s := &scan{p: p}
	for range 5 + w.rand.IntN(15) {
		if p.killed {
			return
		}
		s.page(ctx)
		if w.rand.IntN(3) == 0 && p.sleep(ctx, time.Duration(w.rand.IntN(100))*time.Millisecond) != nil {
			return
		}
		if w.restarts && w.rand.IntN(6) == 0 && !p.open(ctx) { // only the vector is left
			return
		}
	}
}

// scan is a reading of all shards: a vector, and what it has been shown.
type scan struct {
	p    *process
	next ledger.Vector
	got  []string
}

// page reads a piece of every shard from the vector on.
func (sc *scan) page(ctx context.Context) {
	w := sc.p.world
	atLeast, acked := w.model.shards, w.model.ackedEnds()
	n, err := sc.p.ledger.Shards(ctx)
	if err != nil {
		w.check(sc.p, "shards", err)
		return
	}
	if n < atLeast {
		w.fail("%s: sees %d shards of %d (E7)", sc.p.name, n, atLeast)
	}
	for len(sc.next) < n {
		sc.next = append(sc.next, 0)
	}
	if w.rand.IntN(4) == 0 {
		sc.tails(ctx, acked)
	}
	for s := range sc.next {
		sc.shard(ctx, ledger.Shard(s), acked[ledger.Shard(s)])
	}
}

func (sc *scan) tails(ctx context.Context, acked map[ledger.Shard]ledger.Position) {
	v, err := sc.p.ledger.Tails(ctx)
	if err != nil {
		sc.p.check(sc.p, "tails", err)
		return
	}
	for s, at := range v {
		if at < acked[ledger.Shard(s)] {
			sc.p.fail("%s: tail of shard %d is %d, a batch up to %d was acknowledged (E8)", sc.p.name, s, at, acked[ledger.Shard(s)])
		}
	}
}

// shard reads one piece of a shard and takes some or all of it.
func (sc *scan) shard(ctx context.Context, s ledger.Shard, acked ledger.Position) {
	w, from := sc.p.world, sc.next[s]
	size := []int{1, 700, 3000, 1 << 20}[w.rand.IntN(4)]
	parts, err := sc.p.ledger.Scan(ctx, s, from, ledger.End, size)
	if err != nil {
		w.check(sc.p, fmt.Sprintf("scan shard %d at %d", s, from), err)
		return
	}
	if len(parts) == 0 {
		if from < acked {
			w.fail("%s: shard %d ends at %d, a batch up to %d was acknowledged before (E8)", sc.p.name, s, from, acked)
		}
		return
	}
	end := w.shown(sc.p, parts)
	if parts[0].First > from || end <= from || len(w.broken) > 0 {
		w.fail("%s: a scan of shard %d from %d gives parts from %d to %d", sc.p.name, s, from, parts[0].First, end)
		return
	}
	if w.rand.IntN(3) == 0 {
		end = from + 1 + ledger.Position(w.rand.IntN(int(end-from))) // a page cut by count
	}
	for at := from; at < end; at++ {
		sc.got = append(sc.got, w.model.log[place{s, at}])
	}
	sc.next[s] = end
}

// shown holds parts against all that anybody has seen, and returns where they end.
func (w *world) shown(p *process, parts []ledger.Part) ledger.Position {
	next := parts[0].First
	left := 0 // records of a batch still to come
	for i, part := range parts {
		if part.First != next {
			w.fail("%s: part at %d behind %d (L1)", p.name, part.First, next)
			return next
		}
		next += ledger.Position(part.Segment.Len())
		records, err := part.Segment.Records(nil)
		if err != nil {
			w.fail("%s: records at %d: %v", p.name, part.First, err)
			return next
		}
		for row := range records {
			b, number := w.shownRecord(p, part, row, &records[row])
			switch {
			case b == nil:
				return next
			case left > 0:
				left--
			case number == 0 || i == 0 && row == 0: // the scan began within a batch
				left = b.n - 1 - number
			default:
				w.fail("%s: %s/%d at %d begins a batch (L4)", p.name, b.name, number, part.First)
			}
		}
	}
	if left > 0 {
		w.fail("%s: shown a batch without its last %d records (L4)", p.name, left)
	}
	return next
}

func (w *world) shownRecord(p *process, part ledger.Part, row int, r *activity.Record) (*sent, int) {
	b, number, same := w.model.original(r)
	if !same {
		w.fail("%s: a record of %q/%s that nobody sent so (L7)", p.name, r.Who, r.What)
		return nil, 0
	}
	here := place{part.Shard, part.First + ledger.Position(row)}
	w.shownAt(p, here, r, p.ledger.RID(part, row))
	return b, number
}

// shownAt notes what somebody was shown at a place.
func (w *world) shownAt(p *process, here place, r *activity.Record, rid activity.RID) {
	name := r.Who + "/" + r.What
	if old, ok := w.model.log[here]; ok && old != name {
		w.fail("%s: %v holds %s, before it held %s (L2)", p.name, here, name, old)
	}
	w.model.log[here] = name
	if old, ok := w.model.rids[rid]; ok && old != here {
		w.fail("%s: %s is the RID of %v and %v (L7)", p.name, rid, old, here)
	}
	w.model.rids[rid] = here
	if shard, at, ok := p.ledger.Locate(rid); !ok || (place{shard, at}) != here {
		w.fail("%s: %s, of %v, is located at %d/%d, %v", p.name, rid, here, shard, at, ok)
	}
}

// settle lets everything that is late happen, walks the whole ledger in a world
// without faults, and lets all others go on from their last marks.
func (w *world) settle() {
	if len(w.broken) > 0 {
		return
	}
	if err := w.faults.Settle(context.Background()); err != nil {
		w.fail("settle: %v", err)
	}
	w.quiet = true
	w.start("auditor", func(ctx context.Context, p *process) {
		s := &scan{p: p}
		for len(w.broken) == 0 {
			before := slices.Clone(s.next)
			s.page(ctx)
			if before != nil && slices.Equal(before, s.next) {
				break
			}
		}
		w.audit(s.got)
		w.auditCompaction(ctx, p)
		for _, resume := range w.resuming {
			if len(w.broken) == 0 {
				resume(ctx, p)
			}
		}
		w.auditReads(ctx, p)
	})
	for w.step() {
	}
}

// audit compares a complete walk with what was sent (E1, E2, L5, L6, L8).
func (w *world) audit(got []string) {
	times := map[string]int{}
	for _, name := range got {
		times[name]++
	}
	for _, b := range w.model.batches {
		n := times[b.name+"/0"]
		for i := range b.n {
			name := fmt.Sprintf("%s/%d", b.name, i)
			if times[name] != n {
				w.fail("batch %s: record 0 is there %d times, record %d %d times (L4)", b.name, n, i, times[name])
			}
			delete(times, name)
			if here := (place{b.receipt.Shard, b.receipt.First + ledger.Position(i)}); b.acked && w.model.log[here] != name {
				w.fail("%s was acknowledged at %v and is not there (L6)", name, here)
			}
		}
		switch {
		case n > 1:
			w.fail("batch %s (acknowledged %v) is there %d times (L5)", b.name, b.acked, n)
		case n == 0 && b.acked:
			w.fail("batch %s was acknowledged and is lost (L6)", b.name)
		case n > 0 && b.refused:
			w.fail("batch %s was refused and is there (L8)", b.name)
		}
	}
	for name := range times {
		w.fail("%s is there and was never sent (L7)", name)
	}
}

// auditCompaction lets compaction come to its end and checks all that is stored
// (C1 to C3).
func (w *world) auditCompaction(ctx context.Context, p *process) {
	if len(w.broken) > 0 {
		return
	}
	if w.compactors > 0 {
		options := w.options
		options.Busy, options.Retain = -1, -1
		for s := range ledger.Shard(len(w.tailsOf(ctx, p))) {
			for range 4 { // the first two take up what others have left
				for more := true; more && len(w.broken) == 0; {
					r, err := p.ledger.Compact(ctx, s, options)
					if err != nil {
						w.fail("%s: compact shard %d in the end: %v (P1)", p.name, s, err)
					}
					more = r.More
				}
			}
		}
	}
	sum, err := p.ledger.Check(ctx, ledger.CheckOptions{Report: func(f ledger.Finding) { w.fail("a check finds %v (C2)", f) }})
	if err != nil {
		w.fail("%s: check: %v", p.name, err)
	}
	if sum.Leftovers > 0 && w.at.Sub(begin()) < 20*24*time.Hour {
		w.fail("a check finds %d items that are no tombstones in the end", sum.Leftovers)
	}
	again := &scan{p: p}
	for len(w.broken) == 0 {
		before := slices.Clone(again.next)
		again.page(ctx)
		if before != nil && slices.Equal(before, again.next) {
			break
		}
	}
	if len(w.broken) == 0 {
		w.audit(again.got)
	}
}

func (w *world) tailsOf(ctx context.Context, p *process) ledger.Vector {
	if _, err := p.ledger.Shards(ctx); err != nil {
		w.fail("shards: %v", err)
	}
	v, err := p.ledger.Tails(ctx)
	if err != nil {
		w.fail("tails: %v", err)
	}
	return v
}
