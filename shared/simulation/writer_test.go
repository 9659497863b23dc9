package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"docket/shared/ledger"
)

// writer stores some batches, gives up on some, and repeats those with a key.
func (w *world) writer(ctx context.Context, p *process) {
	for i := range w.batches {
		if p.killed {
			return
		}
		name := fmt.Sprintf("%s-%d", p.name, i)
		if w.deliveries && w.keyed && w.rand.IntN(2) == 0 {
			w.deliver(ctx, p, name)
			continue
		}
		b := w.pick(name, w.keyed && w.rand.IntN(2) == 0)
		w.send(ctx, p, b)
		if w.rand.IntN(3) == 0 && b.key != "" && b.rival == nil && !p.killed {
			w.reuse(ctx, p, b)
		}
		switch {
		case w.restarts && w.rand.IntN(8) == 0:
			if !p.open(ctx) {
				return
			}
		case w.freezes && w.rand.IntN(12) == 0: // it is thawed long after and still knows where the log ended
			if p.sleep(ctx, 40*24*time.Hour) != nil {
				return
			}
		}
	}
}

// pick is a new batch, or one with a key that was sent before, maybe by another
// process that still tries.
func (w *world) pick(name string, keyed bool) *sent {
	if w.rand.IntN(3) == 0 {
		for _, i := range w.rand.Perm(len(w.model.batches)) {
			if old := w.model.batches[i]; old.key != "" && old.rival == nil && w.at.Sub(old.since) < 23*time.Hour {
				return old
			}
		}
	}
	b := &sent{name: name, n: 1 + w.rand.IntN(6), large: w.rand.IntN(3) == 0, since: w.at}
	if keyed {
		b.key = "key of " + name
	}
	w.model.batches = append(w.model.batches, b)
	w.model.byName[name] = b
	return b
}

func (w *world) send(ctx context.Context, p *process, b *sent) {
	before := b.acked
	w.trace("%s appends %s of %d", p.name, b.name, b.n)
	r, err := p.ledger.Append(ctx, b.batch())
	w.answered(p, b, before, r, err)
}

// deliver stores some batches together, as they come from a queue: some were
// delivered before, some come twice, and one of them may be poison.
func (w *world) deliver(ctx context.Context, p *process, name string) {
	var group []*sent
	var batches []ledger.Batch
	var before []bool
	for i := range 1 + w.rand.IntN(5) {
		b := w.pick(fmt.Sprintf("%s.%d", name, i), true)
		for range 1 + w.rand.IntN(5)/4 {
			w.trace("%s appends %s of %d with others", p.name, b.name, b.n)
			group, batches, before = append(group, b), append(batches, b.batch()), append(before, b.acked)
		}
	}
	poison := -1
	if w.rand.IntN(4) == 0 {
		poison = w.rand.IntN(len(batches))
		batches[poison].Records = nil
	}
	receipts, errs := p.ledger.AppendEach(ctx, batches)
	for i, b := range group {
		if i != poison {
			w.answered(p, b, before[i], receipts[i], errs[i])
		} else if !errors.Is(errs[i], ledger.ErrInvalid) {
			w.fail("%s: a batch of nothing is answered with %+v, %v", p.name, receipts[i], errs[i])
		}
	}
}

// answered judges the answer to a batch, that was acknowledged before it was sent
// or not.
func (w *world) answered(p *process, b *sent, before bool, r ledger.Receipt, err error) {
	w.trace("%s appended %s: %+v, %v", p.name, b.name, r, err)
	switch {
	case err == nil:
		if r.N != b.n || b.acked && (r.Shard != b.receipt.Shard || r.First != b.receipt.First) {
			w.fail("%s: batch %s has receipts %+v and %+v (L5)", p.name, b.name, b.receipt, r)
		}
		if before && !r.Duplicate {
			w.fail("%s: batch %s was acknowledged before and is no duplicate (L5)", p.name, b.name)
		}
		if b.refused {
			w.fail("%s: batch %s was refused and then taken (L8)", p.name, b.name)
		}
		b.acked, b.receipt = true, r
	case errors.Is(err, ledger.ErrKeyReused) && b.rival != nil && !b.acked:
		b.refused = true
	case !mayFail(err):
		w.fail("%s: append %s: %v", p.name, b.name, err)
	}
}

// reuse sends other records with the key of a batch: one of the two is stored.
func (w *world) reuse(ctx context.Context, p *process, b *sent) {
	other := &sent{name: b.name + "-other", n: 9, key: b.key, rival: b, since: b.since}
	b.rival = other
	w.model.batches, w.model.byName[other.name] = append(w.model.batches, other), other
	w.send(ctx, p, other)
}

func (w *world) grow(ctx context.Context, p *process) {
	for range 1 + w.rand.IntN(2) {
		if err := p.sleep(ctx, time.Duration(w.rand.IntN(200))*time.Millisecond); err != nil {
			return
		}
		n, err := p.ledger.Shards(ctx)
		if err == nil {
			err = p.ledger.Grow(ctx, n+1)
		}
		switch {
		case err == nil:
			w.model.shards = max(w.model.shards, n+1)
		case !mayFail(err):
			w.fail("%s: %v", p.name, err)
		}
	}
}

// compactor does rounds on random shards.
func (w *world) compactor(ctx context.Context, p *process) {
	for range 8 + w.rand.IntN(25) {
		if p.killed {
			return
		}
		if w.rand.IntN(2) == 0 && p.sleep(ctx, time.Duration(w.rand.IntN(60))*time.Millisecond) != nil {
			return
		}
		n, err := p.ledger.Shards(ctx)
		if err != nil {
			w.check(p, "shards", err)
			continue
		}
		s := ledger.Shard(w.rand.IntN(n))
		r, err := p.ledger.Compact(ctx, s, w.options)
		w.trace("%s compacted: %+v, %v", p.name, r, err)
		w.check(p, "compact", err)
		if r.Merged > 0 && err == nil {
			w.rounds++
		}
		if w.restarts && w.rand.IntN(10) == 0 && !p.open(ctx) {
			return
		}
	}
}

func (w *world) check(p *process, what string, err error) {
	if err != nil && !mayFail(err) {
		w.fail("%s: %s: %v", p.name, what, err)
	}
}
