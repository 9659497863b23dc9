package api

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the bytes that all requests hold at a time. Small shares come
// from a part of their own: waiters are served in the order in which they came,
// and a poll must not wait behind a batch of fifty megabytes.
type Budget struct {
	small, large pool
	wait         time.Duration
}

// pool is a part of a budget.
type pool struct {
	free *semaphore.Weighted
	size int64
}

// A share of up to smallShare bytes is small: a page or a batch of 1,000 usual
// records. A quarter of the budget is for those.
const (
	smallShare  = 1 << 20
	smallFourth = 4
)

// NewBudget makes a budget of size bytes. A request waits at most wait for its
// share.
func NewBudget(size int64, wait time.Duration) *Budget {
	part := func(n int64) pool { return pool{semaphore.NewWeighted(n), n} }
	return &Budget{small: part(size / smallFourth), large: part(size - size/smallFourth), wait: wait}
}

// share is what one request holds of a budget.
type share struct {
	budget *Budget
	from   *pool // nil while nothing is held
	held   int64
}

// grow raises the share to n bytes, or to a whole part of the budget where n is
// larger: then the request runs alone. It fails with errBusy after the
// budget's wait.
func (s *share) grow(ctx context.Context, n int64) error {
	if n <= s.held {
		return nil
	}
	from := &s.budget.small
	if n > smallShare {
		from = &s.budget.large
	}
	n = min(n, from.size)
	more := n
	if from == s.from {
		more -= s.held
	}
	if more > 0 && !from.free.TryAcquire(more) {
		ctx, cancel := context.WithTimeout(ctx, s.budget.wait)
		defer cancel()
		if err := from.free.Acquire(ctx, more); err != nil {
			return fmt.Errorf("wait for %d bytes of memory: %w", more, errBusy)
		}
	}
	if from != s.from {
		s.release()
	}
	s.from, s.held = from, n
	return nil
}

// release gives everything back. It may be called more than once.
func (s *share) release() {
	if s.from != nil {
		s.from.free.Release(s.held)
	}
	s.from, s.held = nil, 0
}
