package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/table/dynamo"
	"docket/shared/table/dynamo/dynamolocal"
	"docket/shared/wire"
)

// TestUnits measures what DynamoDB bills, by the engine's own numbers, for
// 20,000 generated records, beside the same records with one item each. The
// figures are in docs/performance-aws.md.
func TestUnits(t *testing.T) {
	engine, err := dynamolocal.Start(t.Context())
	if errors.Is(err, dynamolocal.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Stop()
	open := func(name string) *dynamo.Table {
		if err := engine.CreateTable(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		return dynamo.New(engine.Config(), name, dynamo.Options{})
	}
	const n, batch = 20_000, 1000
	g, err := generate.New(generate.Config{N: n, Seed: 1, Plans: []string{"Files"}})
	if err != nil {
		t.Fatal(err)
	}
	recs := g.Records(n)
	ring, err := keys.Generate(rand.Reader, time.Now(), realm)
	if err != nil {
		t.Fatal(err)
	}
	records := open("records")
	// The functions that write and that read are different processes.
	process := func() *ledger.Ledger {
		l, err := ledger.Open(t.Context(), ledger.Config{
			Table: records, Ring: ring, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), CacheBytes: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := process()
	appendAll := func(key bool) dynamo.Consumed {
		return consumed(t, func(ctx context.Context) error {
			for i := 0; i < n; i += batch {
				b := ledger.Batch{Records: recs[i : i+batch], Principal: "units"}
				if key {
					b.Key = &ledger.Key{Owner: "units", Text: fmt.Sprint(i), Life: time.Hour}
				}
				if _, err := l.Append(ctx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	plain := appendAll(false)
	e := search.New(search.Config{Ledger: process(), Marks: mark.NewCodec(ring, rand.Reader), State: open("state"), Ring: ring, Now: time.Now})
	end := ""
	enum := consumed(t, func(ctx context.Context) error {
		for {
			p, err := e.Enum(ctx, search.Request{Mark: end, Count: batch, Scope: activity.Scope{All: true}})
			if err != nil || len(p.Records) == 0 {
				return err
			}
			end = p.Mark
		}
	})
	poll := consumed(t, func(ctx context.Context) error {
		_, err := e.Enum(ctx, search.Request{Mark: end, Count: batch, Scope: activity.Scope{All: true}})
		return err
	})
	keyed := appendAll(true)
	single := consumed(t, func(ctx context.Context) error {
		_, err := l.Append(ctx, ledger.Batch{Records: recs[:1], Principal: "units"})
		return err
	})
	itemWrites, itemReads := oneItemEach(t, open("items"), recs[:batch])
	for _, c := range []struct {
		what     string
		got, max float64
	}{
		{"write units of a batch of 1,000", plain.Writes / (n / batch), 60},
		// A transaction costs two units a KiB on AWS; for items over one KiB this
		// engine reports four.
		{"the same with an Idempotency-Key", keyed.Writes / (n / batch), 240},
		{"write units of a record alone", single.Writes, 2},
		{"read units of 1,000 records enumerated", enum.Reads / (n / batch), 14},
		{"read units of an empty poll", poll.Reads, 16},
	} {
		t.Logf("%-42s %8.1f (at most %g)", c.what, c.got, c.max)
		if c.got > c.max || c.got == 0 {
			t.Errorf("%s: %.1f; want at most %g", c.what, c.got, c.max)
		}
	}
	t.Logf("%-42s %8.1f", "one item a record: write units of 1,000", itemWrites)
	t.Logf("%-42s %8.1f", "one item a record: read units of 1,000", itemReads)
	if itemWrites < 10*plain.Writes/(n/batch) {
		t.Errorf("one item a record costs %.0f write units: segments should save more", itemWrites)
	}
}

// consumed is what f consumes.
func consumed(t *testing.T, f func(ctx context.Context) error) dynamo.Consumed {
	t.Helper()
	ctx, m := dynamo.WithMeter(t.Context())
	if err := f(ctx); err != nil {
		t.Fatal(err)
	}
	return m.Consumed()
}

// oneItemEach stores each record as the JSON that an answer has.
func oneItemEach(t *testing.T, tbl table.Table, recs []activity.Record) (writes, reads float64) {
	t.Helper()
	w := consumed(t, func(ctx context.Context) error {
		for i := range recs {
			key := table.Key{Partition: "p", Sort: fmt.Sprintf("%08d", i)}
			value := wire.AppendRecord(nil, wire.JSON, &activity.Stored{Record: recs[i]})
			if err := tbl.Write(ctx, table.Op{Item: table.Item{Key: key, Value: value}}); err != nil {
				return err
			}
		}
		return nil
	})
	r := consumed(t, func(ctx context.Context) error {
		from := ""
		for {
			p, err := tbl.Query(ctx, table.Query{Partition: "p", From: from})
			if err != nil || !p.More {
				return err
			}
			from = p.Items[len(p.Items)-1].Sort + "\x00"
		}
	})
	return w.Writes, r.Reads
}
