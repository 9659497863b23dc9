package search

import (
	"context"
	"sync"
)

// gate lets work that nobody waits for give way to searches.
type gate struct {
	mu     sync.Mutex
	active int
	ended  chan struct{} // closed at the end of the next search
}

func newGate() *gate { return &gate{ended: make(chan struct{})} }

// enter notes that a search begins, until leave is called.
func (g *gate) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active++
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	close(g.ended)
	g.ended = make(chan struct{})
}

// yield returns at once if no search is at work, else when the first of them has
// ended: under searches without a break it goes on, but slowly.
func (g *gate) yield(ctx context.Context) error {
	g.mu.Lock()
	active, ended := g.active, g.ended
	g.mu.Unlock()
	if active == 0 {
		return ctx.Err()
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
