package api

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestSmallSharesDoNotWaitForLargeOnes: while the large part is taken and others
// wait for it, small shares are given at once.
func TestSmallSharesDoNotWaitForLargeOnes(t *testing.T) {
	b := NewBudget(64<<20, time.Minute)
	large := &share{budget: b}
	if err := large.grow(context.Background(), 1<<30); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	waiting := make(chan error)
	go func() { waiting <- (&share{budget: b}).grow(ctx, 10<<20) }()
	for i := range 16 {
		s := &share{budget: b}
		if err := s.grow(context.Background(), smallShare); err != nil {
			t.Fatalf("share %d: %v", i, err)
		}
		defer s.release()
	}
	cancel()
	if err := <-waiting; !errors.Is(err, errBusy) {
		t.Errorf("%v; want errBusy when the client goes away", err)
	}
	large.release()
}

// TestSharesComeBack: whatever a share went through, all of it is given back.
func TestSharesComeBack(t *testing.T) {
	b := NewBudget(64<<20, time.Millisecond)
	s := &share{budget: b}
	for _, n := range []int64{1, smallShare, smallShare + 1, 5 << 20, 1 << 40, 3} {
		if err := s.grow(context.Background(), n); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	s.release()
	s.release()
	for _, p := range []pool{b.small, b.large} {
		if !p.free.TryAcquire(p.size) {
			t.Error("something is lost")
		}
		if p.free.TryAcquire(1) {
			t.Error("there is more than there was")
		}
	}
}
