// Package ingesttest has the ledger that tests of package ingest, and of what lies
// above it, store into.
package ingesttest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/table"
	"docket/shared/table/memory"
)

// World is a ledger in memory, monitoring plans, and a clock that stands still unless
// it is set.
type World struct {
	At     time.Time
	Table  table.Table
	Ledger *ledger.Ledger
	Plans  map[string]bool // enabled ones by name

	t    testing.TB
	ring *keys.Ring
	seed byte
}

// New makes an empty world of the year 2031.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{t: t, At: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), Plans: map[string]bool{}}
	w.Table = memory.New(w.Now)
	ring, err := keys.Generate(rand.NewChaCha8([32]byte{200}), w.At, "test")
	if err != nil {
		t.Fatal(err)
	}
	w.ring = ring
	w.Restart()
	return w
}

// Now is the clock.
func (w *World) Now() time.Time { return w.At }

// Restart forgets everything that is not in the table.
func (w *World) Restart() {
	w.t.Helper()
	const tries = 100 // of a table that fails at times
	var err error
	for range tries {
		w.seed++
		w.Ledger, err = ledger.Open(context.Background(), ledger.Config{
			Table: w.Table, Ring: w.ring, Now: w.Now, Rand: rand.NewChaCha8([32]byte{w.seed}),
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		if err == nil {
			return
		}
	}
	w.t.Fatal(err)
}

// FindPlan finds the plans of the world.
func (w *World) FindPlan(_ context.Context, given activity.Plan) (activity.Plan, bool, error) {
	return activity.Plan{ID: "id of " + given.Name, Name: given.Name}, w.Plans[given.Name], nil
}

// Records are all records of the ledger, shard by shard in the order of storing.
func (w *World) Records() []activity.Record {
	w.t.Helper()
	ctx := context.Background()
	n, err := w.Ledger.Shards(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []activity.Record
	for s := range n {
		for at := ledger.Position(0); ; {
			parts, err := w.Ledger.Scan(ctx, ledger.Shard(s), at, ledger.End, 1<<20)
			if err != nil {
				w.t.Fatal(err)
			}
			if len(parts) == 0 {
				break
			}
			for _, p := range parts {
				if all, err = p.Segment.Records(all); err != nil {
					w.t.Fatal(err)
				}
				at = p.First + ledger.Position(p.Segment.Len())
			}
		}
	}
	return all
}

// EventID is the eventID of CloudTrail in the details of a record, empty if there is
// none.
func EventID(r *activity.Record) string {
	for _, d := range r.Details {
		if d.PropertyName == "eventID" {
			return d.After
		}
	}
	return ""
}
