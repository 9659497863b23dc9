package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/source"
	"docket/shared/table"
	"docket/shared/table/memory"
)

// world is a ledger in memory, and a clock.
type world struct {
	t      testing.TB
	at     time.Time
	table  table.Table
	ring   *keys.Ring
	ledger *ledger.Ledger
	plans  map[string]bool
	seed   byte
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), plans: map[string]bool{}}
	w.table = memory.New(w.now)
	ring, err := keys.Generate(rand.NewChaCha8([32]byte{200}), w.at, "test")
	if err != nil {
		t.Fatal(err)
	}
	w.ring = ring
	w.restart()
	return w
}

func (w *world) now() time.Time { return w.at }

// restart forgets everything that is not in the table.
func (w *world) restart() {
	w.t.Helper()
	const tries = 100 // of a table that fails at times
	var err error
	for range tries {
		w.seed++
		w.ledger, err = ledger.Open(context.Background(), ledger.Config{
			Table: w.table, Ring: w.ring, Now: w.now, Rand: rand.NewChaCha8([32]byte{w.seed}),
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		if err == nil {
			return
		}
	}
	w.t.Fatal(err)
}

func (w *world) mapping(files ...[]byte) *source.Mapping {
	w.t.Helper()
	m, err := source.NewMapping(files...)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) ingester(to Appender) *Ingester {
	return New(Config{
		Ledger: to, Mapping: w.mapping(), Plan: activity.Plan{ID: "default", Name: "Default"}, Principal: "test",
		FindPlan: func(_ context.Context, given activity.Plan) (activity.Plan, bool, error) {
			return activity.Plan{ID: "id of " + given.Name, Name: given.Name}, w.plans[given.Name], nil
		},
	})
}

// stored are all records of the ledger: When, Who and What of each, sorted.
func (w *world) stored() []string {
	w.t.Helper()
	ctx := context.Background()
	n, err := w.ledger.Shards(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for s := range n {
		for at := ledger.Position(0); ; {
			parts, err := w.ledger.Scan(ctx, ledger.Shard(s), at, ledger.End, 1<<20)
			if err != nil {
				w.t.Fatal(err)
			}
			if len(parts) == 0 {
				break
			}
			for _, p := range parts {
				recs, err := p.Segment.Records(nil)
				if err != nil {
					w.t.Fatal(err)
				}
				for i := range recs {
					all = append(all, line(&recs[i]))
				}
				at = p.First + ledger.Position(p.Segment.Len())
			}
		}
	}
	slices.Sort(all)
	return all
}

func line(r *activity.Record) string {
	id := ""
	for _, d := range r.Details {
		if d.PropertyName == "eventID" {
			id = d.After
		}
	}
	return fmt.Sprintf("%s %s %s %s %s", activity.AppendWhen(nil, r.When), r.Who, r.What, r.Plan.Name, id)
}

// give ingests a text and returns the result and its refusals.
func (w *world) give(in *Ingester, text string) (Result, []string) {
	w.t.Helper()
	var refused []string
	r, err := in.File(context.Background(), strings.NewReader(text), func(r Refusal) { refused = append(refused, r.String()) })
	if err != nil {
		w.t.Fatal(err)
	}
	return r, refused
}

// record is a record as NDJSON. Equal ones come of equal numbers.
func record(n int) string {
	return fmt.Sprintf(`{"Who":"w","Where":"h","ObjectType":"t","What":"x%d","Action":"Read","When":"2026-01-01T00:00:00Z"}`+"\n", n)
}

func records(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(record(i))
	}
	return b.String()
}

// realFiles are log files of CloudTrail.
func realFiles(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("../source/testdata/cloudtrail/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no log files: %v", err)
	}
	return names
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
