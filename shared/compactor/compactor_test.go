package compactor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"docket/shared/compactor"
	"docket/shared/ledger"
)

// script is a ledger whose shards have so many rounds to do; -1 fails.
type script struct {
	left  []int
	clock *time.Time
	calls []ledger.Shard
}

var errShard = errors.New("shard is damaged")

func (s *script) Shards(context.Context) (int, error) { return len(s.left), nil }

func (s *script) Compact(_ context.Context, shard ledger.Shard, _ ledger.Compaction) (ledger.Round, error) {
	s.calls = append(s.calls, shard)
	r := ledger.Round{Shard: shard, Debt: ledger.Debt{Items: 3, Bytes: 100}}
	switch {
	case s.left[shard] < 0:
		return r, errShard
	case s.left[shard] > 0:
		s.left[shard]--
		*s.clock = s.clock.Add(2 * time.Second)
		r.Merged, r.Segments, r.Records, r.More = 16, 1, 160, true
	}
	return r, nil
}

func newScript(left ...int) (*script, compactor.Config) {
	now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	s := &script{left: left, clock: &now}
	return s, compactor.Config{Ledger: s, Now: func() time.Time { return *s.clock }}
}

func TestSweepDoesAllShards(t *testing.T) {
	_, c := newScript(2, 0, 1)
	sum, err := compactor.New(c).Sweep(context.Background(), time.Time{}, nil)
	if err != nil || sum.Merged != 48 || sum.Segments != 3 || sum.Rounds != 3 || sum.More || sum.Debt.Items != 9 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestOneShardDoesNotHoldUpTheOthers(t *testing.T) {
	_, c := newScript(1, -1, 1)
	sum, err := compactor.New(c).Sweep(context.Background(), time.Time{}, nil)
	if !errors.Is(err, errShard) || sum.Rounds != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
}

func TestSweepEndsInTime(t *testing.T) {
	s, c := newScript(100, 100)
	sum, err := compactor.New(c).Sweep(context.Background(), s.clock.Add(9*time.Second), nil)
	if err != nil || !sum.More || len(s.calls) != 5 {
		t.Errorf("%+v after %d rounds, %v; want 5 of 2 s each", sum, len(s.calls), err)
	}
}

// TestRunRests: with a share of a quarter, three times as long as a round took;
// and longer when there is nothing to do.
func TestRunRests(t *testing.T) {
	s, c := newScript(2)
	ctx, cancel := context.WithCancel(context.Background())
	var slept []time.Duration
	c.Share, c.Idle = 0.25, time.Minute
	c.Sleep = func(ctx context.Context, d time.Duration) error {
		slept = append(slept, d)
		if len(slept) == 5 {
			cancel()
		}
		return ctx.Err()
	}
	compactor.New(c).Run(ctx)
	want := []time.Duration{6 * time.Second, 6 * time.Second, time.Minute, time.Minute, time.Minute}
	if len(slept) != len(want) {
		t.Fatalf("slept %v after %d rounds", slept, len(s.calls))
	}
	for i := range want {
		if slept[i] != want[i] {
			t.Errorf("slept %v, want %v", slept, want)
			break
		}
	}
}

// TestRunGoesOnAfterAFailure, after a rest.
func TestRunGoesOnAfterAFailure(t *testing.T) {
	s, c := newScript(-1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	c.Sleep = func(ctx context.Context, d time.Duration) error {
		if n++; n == 3 {
			cancel()
		}
		if d != compactor.DefaultIdle {
			t.Errorf("rested %v", d)
		}
		return ctx.Err()
	}
	compactor.New(c).Run(ctx)
	if len(s.calls) != 3 {
		t.Errorf("%d rounds", len(s.calls))
	}
}
