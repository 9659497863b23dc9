package search

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestGateGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		if err := g.yield(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.enter()
		g.enter()
		passed := false
		go func() {
			if err := g.yield(t.Context()); err != nil {
				t.Error(err)
			}
			passed = true
		}()
		synctest.Wait()
		if passed {
			t.Error("it did not give way to searches")
		}
		g.leave()
		synctest.Wait()
		if !passed {
			t.Error("it waited for more than one search")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.yield(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		g.leave()
	})
}
