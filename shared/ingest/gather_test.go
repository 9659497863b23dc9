package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"docket/shared/ledger"
)

// eachFunc is an EachAppender.
type eachFunc func(batches []ledger.Batch) ([]ledger.Receipt, []error)

func (f eachFunc) AppendEach(_ context.Context, batches []ledger.Batch) ([]ledger.Receipt, []error) {
	return f(batches)
}

// TestGather: what comes while a flight is under way goes together with the next,
// and everyone gets his own result.
func TestGather(t *testing.T) {
	begun, goOn := make(chan int, 3), make(chan bool)
	g := Gather(eachFunc(func(batches []ledger.Batch) ([]ledger.Receipt, []error) {
		begun <- len(batches)
		<-goOn
		receipts, errs := make([]ledger.Receipt, len(batches)), make([]error, len(batches))
		for i, b := range batches {
			receipts[i].N = len(b.RequestID)
			if b.RequestID == "bad" {
				errs[i] = errCut
			}
		}
		return receipts, errs
	}), 1).(*gatherer)
	var wg sync.WaitGroup
	results := make([]string, 6)
	add := func(i int, id string) {
		wg.Go(func() {
			r, err := g.Append(context.Background(), ledger.Batch{RequestID: id})
			results[i] = fmt.Sprint(r.N, errors.Is(err, errCut))
		})
	}
	add(0, "a")
	if n := <-begun; n != 1 {
		t.Errorf("the first flight has %d", n)
	}
	for i, id := range []string{"bb", "bad", "cccc", "", "dd"} {
		add(i+1, id)
	}
	for waiting := 0; waiting < 5; {
		g.mu.Lock()
		waiting = len(g.waiting)
		g.mu.Unlock()
	}
	goOn <- true
	if n := <-begun; n != 5 {
		t.Errorf("the second flight has %d", n)
	}
	goOn <- true
	wg.Wait()
	if want := []string{"1 false", "2 false", "3 true", "4 false", "0 false", "2 false"}; !slices.Equal(results, want) {
		t.Errorf("%q; want %q", results, want)
	}
	if g.free != 1 {
		t.Errorf("%d flights are free, want 1", g.free)
	}
}

// TestGatherFault: a fault in a flight is told to all who wait, and the next goes.
func TestGatherFault(t *testing.T) {
	begun, goOn := make(chan bool), make(chan bool)
	fault := true
	g := Gather(eachFunc(func(batches []ledger.Batch) ([]ledger.Receipt, []error) {
		if fault {
			fault = false
			begun <- true
			<-goOn
			panic("a fault")
		}
		return make([]ledger.Receipt, len(batches)), make([]error, len(batches))
	}), 1).(*gatherer)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() {
			if recover() == nil {
				t.Error("the leader has not heard of it")
			}
		}()
		_, err := g.Append(context.Background(), ledger.Batch{})
		t.Error("the leader returned", err)
	})
	<-begun
	wg.Go(func() {
		if _, err := g.Append(context.Background(), ledger.Batch{}); !errors.Is(err, errFlight) {
			t.Error(err)
		}
	})
	for waiting := 0; waiting < 1; {
		g.mu.Lock()
		waiting = len(g.waiting)
		g.mu.Unlock()
	}
	goOn <- true
	wg.Wait()
	if _, err := g.Append(context.Background(), ledger.Batch{}); err != nil {
		t.Error(err)
	}
}
