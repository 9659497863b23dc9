package ingest

import (
	"context"
	"errors"
	"sync"

	"docket/shared/ledger"
)

// EachAppender also stores several batches at once, each as if it came alone.
type EachAppender interface {
	AppendEach(ctx context.Context, batches []ledger.Batch) ([]ledger.Receipt, []error)
}

// Gather makes an Appender of which concurrent Appends are stored together: while
// some are on their way, in at most so many flights, others wait and go with the
// next. One alone goes at once.
func Gather(to EachAppender, flights int) Appender {
	return &gatherer{to: to, free: max(flights, 1)}
}

type gatherer struct {
	to EachAppender

	mu      sync.Mutex
	free    int // flights
	waiting []*passenger
}

// passenger is an Append.
type passenger struct {
	batch   ledger.Batch
	receipt ledger.Receipt
	err     error
	landed  chan struct{}
}

// errFlight is told to those whose flight was ended by a fault of ours: whether they
// were stored is not known.
var errFlight = errors.New("internal fault while batches were stored together")

// Append stores a batch with others. The context of one Append may serve for
// others: they come from one invocation.
func (g *gatherer) Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error) {
	p := &passenger{batch: b, err: errFlight, landed: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	leads := g.free > 0
	if leads {
		g.free--
	}
	g.mu.Unlock()
	if leads {
		g.fly(ctx)
	}
	<-p.landed
	return p.receipt, p.err
}

// fly takes those who wait, until nobody does.
func (g *gatherer) fly(ctx context.Context) {
	for {
		g.mu.Lock()
		all := g.waiting
		g.waiting = nil
		if len(all) == 0 {
			g.free++
		}
		g.mu.Unlock()
		if len(all) == 0 {
			return
		}
		g.once(ctx, all)
	}
}

// once stores what some Appends brought. Whatever happens, they are told.
func (g *gatherer) once(ctx context.Context, all []*passenger) {
	ended := false
	defer func() {
		if !ended { // a panic, which goes on: nobody may wait for this flight or for its leader
			g.mu.Lock()
			all = append(all, g.waiting...)
			g.waiting = nil
			g.free++
			g.mu.Unlock()
		}
		for _, p := range all {
			close(p.landed)
		}
	}()
	batches := make([]ledger.Batch, len(all))
	for i, p := range all {
		batches[i] = p.batch
	}
	receipts, errs := g.to.AppendEach(ctx, batches)
	for i, p := range all {
		p.receipt, p.err = receipts[i], errs[i]
	}
	ended = true
}
