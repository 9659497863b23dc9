package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"docket/shared/table"
)

const (
	// shortest and longest bound the range that a wait is drawn from; it
	// doubles with every repetition. A transaction on DynamoDB takes some 10 ms.
	shortest = 4 * time.Millisecond
	longest  = 256 * time.Millisecond

	// maxTries bounds the repetitions of a call that the table did not answer:
	// 1.3 seconds of waiting on average, so that a caller hears within five that
	// the table is gone.
	maxTries = 14

	// maxConflicts bounds how often one batch may find its place taken. 64
	// writers on one shard need fewer (invariants, F8).
	maxConflicts = 100
)

// errTried ends the repetitions of a call.
var errTried = errors.New("tried too often")

// pace spaces repetitions of a call out. Its waits are random up to a bound that
// doubles, so that those who failed together do not come back together.
type pace struct {
	l     *Ledger
	tries int
}

func (l *Ledger) pace() *pace { return &pace{l: l} }

// wait sleeps before the next try, or says that there has been the last one.
func (p *pace) wait(ctx context.Context) error {
	if p.tries++; p.tries > maxTries {
		return errTried
	}
	return p.l.jitter(ctx, p.tries-1)
}

// jitter sleeps for a random time below shortest doubled n times.
func (l *Ledger) jitter(ctx context.Context, n int) error {
	var b [8]byte
	if err := l.random(b[:]); err != nil {
		return err
	}
	limit := longest
	if n < 6 {
		limit = shortest << n
	}
	return l.sleep(ctx, time.Duration(binary.BigEndian.Uint64(b[:])%uint64(limit)))
}

// sleepReally waits in real time. A context is the timer: this package may run
// in a simulation and does not look at the clock itself.
func sleepReally(ctx context.Context, d time.Duration) error {
	timer, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-timer.Done()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	return nil
}

// contended is a batch that found its place taken too often.
func contended(s Shard) error {
	return fmt.Errorf("shard %d: %d writers were faster: %w", s, maxConflicts, table.ErrBusy)
}
