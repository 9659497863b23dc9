package api

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the bytes that all requests hold at a time.
type Budget struct {
	free *semaphore.Weighted
	size int64
	wait time.Duration
}

// NewBudget makes a budget of size bytes. A request waits at most wait for its
// share.
func NewBudget(size int64, wait time.Duration) *Budget {
	return &Budget{semaphore.NewWeighted(size), size, wait}
}

// share is what one request holds of a budget.
type share struct {
	budget *Budget
	held   int64
}

// grow raises the share to n bytes, or to the whole budget where n is larger:
// then the request runs alone. It fails with errBusy after the budget's wait.
func (s *share) grow(ctx context.Context, n int64) error {
	n = min(n, s.budget.size)
	if n <= s.held {
		return nil
	}
	if !s.budget.free.TryAcquire(n - s.held) {
		ctx, cancel := context.WithTimeout(ctx, s.budget.wait)
		defer cancel()
		if err := s.budget.free.Acquire(ctx, n-s.held); err != nil {
			return fmt.Errorf("wait for %d bytes of memory: %w", n-s.held, errBusy)
		}
	}
	s.held = n
	return nil
}

// release gives everything back. It may be called more than once.
func (s *share) release() {
	s.budget.free.Release(s.held)
	s.held = 0
}
