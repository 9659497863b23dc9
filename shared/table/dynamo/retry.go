package dynamo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"docket/shared/table"
)

const (
	maxTries = 5
	// firstPause and longestPause bound the pause between tries, before
	// jitter: five tries take at most about a second.
	firstPause   = 25 * time.Millisecond
	longestPause = 400 * time.Millisecond

	// attemptTime bounds one try and callTime all of one call: DynamoDB answers
	// in milliseconds, and a caller wants its 503 within five seconds (design,
	// section 6.11), also where a write whose answer was lost is read again.
	attemptTime = 1500 * time.Millisecond
	callTime    = 2 * time.Second

	// A retry costs retryCost of the budget and a success gives back
	// successGain, so that at most one call in ten is a retry for long.
	budgetSize  = 500
	retryCost   = 10
	successGain = 1
)

// budget bounds retries over all calls of a table. The zero value is full.
type budget struct {
	mu    sync.Mutex
	spent int
}

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+retryCost > budgetSize {
		return false
	}
	b.spent += retryCost
	return true
}

func (b *budget) success() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(0, b.spent-successGain)
}

// read tries a read again after anything that may pass.
func (t *Table) read(ctx context.Context, attempt func(context.Context) error) error {
	return t.again(ctx, func(err error) bool {
		return errors.Is(err, table.ErrBusy) || errors.Is(err, table.ErrUnavailable)
	}, func(ctx context.Context) error { return translate(attempt(ctx)) })
}

// again runs attempt, and again while its error may pass.
func (t *Table) again(ctx context.Context, passing func(error) bool, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, attemptTime)
		err := attempt(limited)
		cancel()
		if err == nil {
			t.budget.success()
			return nil
		}
		if !passing(err) || ctx.Err() != nil {
			return err
		}
		if err := t.pause(ctx, try, err); err != nil {
			return err
		}
	}
}

// pause waits before another try. It returns cause where there is to be none.
func (t *Table) pause(ctx context.Context, try int, cause error) error {
	if try >= maxTries || !t.budget.spend() {
		return fmt.Errorf("given up after %d tries: %w", try, cause)
	}
	pause := min(firstPause<<(try-1), longestPause)
	if err := t.sleep(ctx, time.Duration(t.jitter()*float64(pause))); err != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
