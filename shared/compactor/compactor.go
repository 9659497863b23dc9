package compactor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"docket/shared/ledger"
)

// Ledger is what is compacted; *ledger.Ledger is one.
type Ledger interface {
	Shards(ctx context.Context) (int, error)
	Compact(ctx context.Context, s ledger.Shard, c ledger.Compaction) (ledger.Round, error)
}

const (
	// DefaultShare of one processor that Run takes.
	DefaultShare = 0.3

	// DefaultIdle is how long Run waits when there was nothing to do: small
	// segments of so many seconds lie in the log meanwhile.
	DefaultIdle = 10 * time.Second
)

// Config is what a Compactor is made of.
type Config struct {
	Ledger  Ledger
	Options ledger.Compaction
	Now     func() time.Time
	// Sleep waits or returns the error of ctx; nil waits in real time. Only
	// Run sleeps.
	Sleep func(ctx context.Context, d time.Duration) error
	Log   *slog.Logger

	// Share of one processor that Run takes, over 0 to 1; 0 is DefaultShare.
	Share float64
	// Idle is how long Run waits when there was nothing to do; 0 is
	// DefaultIdle.
	Idle time.Duration
}

// Compactor compacts a ledger. It is for one goroutine.
type Compactor struct{ Config }

// New returns a compactor.
func New(c Config) *Compactor {
	if c.Share <= 0 || c.Share > 1 {
		c.Share = DefaultShare
	}
	if c.Idle <= 0 {
		c.Idle = DefaultIdle
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return &Compactor{c}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sum is what several rounds did.
type Sum struct {
	Rounds   int // those that did something
	Merged   int // pieces
	Segments int // that they were merged into
	Records  int
	Before   int64 // bytes of the pieces
	After    int64 // bytes of the segments
	Adopted  int
	Swept    int
	Removed  int
	Debt     ledger.Debt // of all shards, after their last round
	Busy     int         // shards that were left to another compactor
	More     bool        // the time was up before all was done
}

func (s *Sum) add(r ledger.Round) {
	if r.Merged > 0 || r.Adopted > 0 || r.Swept > 0 || r.Removed > 0 {
		s.Rounds++
	}
	s.Merged += r.Merged
	s.Segments += r.Segments
	s.Records += r.Records
	s.Before += int64(r.Before)
	s.After += int64(r.After)
	s.Adopted += r.Adopted
	s.Swept += r.Swept
	s.Removed += r.Removed
	if r.Busy {
		s.Busy++
	}
}

// Sweep does rounds on every shard until none has more to do, or until a time; the
// zero time is no bound. rest is called after each round that did something. Errors
// of shards are joined: the others had their turn.
func (c *Compactor) Sweep(ctx context.Context, until time.Time, rest func(ledger.Round, time.Duration) error) (Sum, error) {
	var sum Sum
	n, err := c.Ledger.Shards(ctx)
	if err != nil {
		return sum, err
	}
	var failed []error
	for s := range ledger.Shard(n) {
		last, err := c.shard(ctx, s, until, &sum, rest)
		sum.Debt.Items += last.Debt.Items
		sum.Debt.Bytes += last.Debt.Bytes
		if err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return sum, errors.Join(failed...)
}

// shard does rounds on one shard.
func (c *Compactor) shard(ctx context.Context, s ledger.Shard, until time.Time, sum *Sum, rest func(ledger.Round, time.Duration) error) (ledger.Round, error) {
	for {
		began := c.Now()
		if !until.IsZero() && !began.Before(until) {
			sum.More = true
			return ledger.Round{}, nil
		}
		r, err := c.Ledger.Compact(ctx, s, c.Options)
		sum.add(r)
		if err != nil {
			return r, err
		}
		if r.Merged > 0 {
			c.Log.LogAttrs(ctx, slog.LevelDebug, "compacted", slog.Int("shard", int(s)), slog.Int("merged", r.Merged),
				slog.Int("segments", r.Segments), slog.Int("records", r.Records), slog.Int("before", r.Before), slog.Int("after", r.After))
		}
		if rest != nil && (r.Merged > 0 || r.Adopted > 0 || r.Swept > 0) {
			if err := rest(r, c.Now().Sub(began)); err != nil {
				return r, err
			}
		}
		if !r.More {
			return r, nil
		}
	}
}

// Run compacts until ctx ends. What fails is logged and tried again with the next
// turn.
func (c *Compactor) Run(ctx context.Context) {
	rest := func(_ ledger.Round, took time.Duration) error {
		return c.Sleep(ctx, time.Duration(float64(took)*(1-c.Share)/c.Share))
	}
	for {
		sum, err := c.Sweep(ctx, time.Time{}, rest)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.Log.LogAttrs(ctx, slog.LevelError, "compaction failed", slog.String("error", err.Error()))
		}
		if err != nil || sum.Rounds == 0 {
			if c.Sleep(ctx, c.Idle) != nil {
				return
			}
		}
	}
}
