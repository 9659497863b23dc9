package rehearsal

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/generate"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/table/dynamo"
	"docket/shared/table/dynamo/dynamolocal"
	"docket/shared/table/memory"

	"golang.org/x/sync/errgroup"
)

var (
	searched = flag.Int("records", 20_000, "BenchmarkSearches: how many records are searched")
	latency  = flag.Duration("latency", 0, "BenchmarkSearches: keep the table in memory and let each call take so long; 0 is DynamoDB Local")
	workers  = flag.Int("workers", search.RemoteWorkers, "BenchmarkSearches: segments that a search fetches at a time")
)

// benchSearches are the searches of docs/performance.md.
func benchSearches() []struct {
	name    string
	entries []filter.Entry
} {
	span := func(from, to string) filter.Entry {
		return filter.Entry{Field: filter.When, From: &from, To: &to}
	}
	week, day := span("2025-11-10T00:00:00Z", "2025-11-16T23:59:59Z"), span("2025-11-12T00:00:00Z", "2025-11-12T23:59:59Z")
	return []struct {
		name    string
		entries []filter.Entry
	}{
		{"Q1", []filter.Entry{{Field: filter.Who, Text: "qelbamar"}}},
		{"Q2", []filter.Entry{{Field: filter.What, Text: "-77"}}},
		{"Q3", []filter.Entry{{Field: filter.What, Text: "does-not-occur"}}},
		{"Q4", []filter.Entry{{Field: filter.Action, Text: "Removed"}, {Field: filter.ObjectType, Operator: filter.NotEqualTo, Text: "Group"}, week}},
		{"Q5", []filter.Entry{{Field: filter.Who, Operator: filter.Equals, Text: `CORP\hcorkamta`}, day}},
		{"Q6", []filter.Entry{{Field: filter.After, Text: "0x6fcd71b"}}},
		{"Q7", []filter.Entry{}},
		{"Q8", []filter.Entry{{Field: filter.What, Text: "board"}}},
		{"Q9", []filter.Entry{{Field: filter.What, Text: "kq"}}},
	}
}

// BenchmarkSearches tells what the first page of each search asks of the table, by an
// instance that knows nothing yet, over records that were stored in batches of 1,000
// and compacted: read units, calls, and the time of it. A search that runs out of time
// is asked again, as its client would.
func BenchmarkSearches(b *testing.B) {
	slow := &slowTable{}
	var state table.Table
	if *latency > 0 {
		slow.Table, state = memory.New(time.Now), memory.New(time.Now)
	} else {
		slow.Table, state = localTables(b)
	}
	ring, err := keys.Parse([]byte(`{"realm":"Docket","seed":"` + rand.Text() + rand.Text() + `"}`))
	if err != nil {
		b.Fatal(err)
	}
	open := func() *ledger.Ledger {
		l, err := ledger.Open(b.Context(), ledger.Config{Table: slow, Ring: ring, Now: time.Now, Rand: rand.Reader})
		if err != nil {
			b.Fatal(err)
		}
		return l
	}
	fillAndCompact(b, open())
	slow.latency = *latency
	for _, c := range benchSearches() {
		b.Run(c.name, func(b *testing.B) {
			var reads, calls, rounds, found float64
			for b.Loop() {
				e := search.New(search.Config{Ledger: open(), Marks: mark.NewCodec(ring, rand.Reader), State: state, Ring: ring, Now: time.Now, Workers: *workers})
				slow.calls.Store(0)
				ctx, meter := dynamo.WithMeter(b.Context())
				page, err := search.Page{}, error(search.ErrOutOfTime)
				for errors.Is(err, search.ErrOutOfTime) {
					page, err = e.Search(ctx, search.Request{Entries: c.entries, HasEntries: true, Count: 1000, Scope: activity.Scope{All: true}})
					rounds++
				}
				if err != nil {
					b.Fatal(err)
				}
				reads, calls, found = reads+meter.Consumed().Reads, calls+float64(slow.calls.Load()), float64(len(page.Records))
			}
			n := float64(b.N)
			b.ReportMetric(calls/n, "calls/op")
			b.ReportMetric(rounds/n, "requests/op")
			b.ReportMetric(found, "records")
			b.ReportMetric(float64(slow.most.Swap(0)), "calls-at-once")
			if *latency == 0 {
				b.ReportMetric(reads/n, "read-units/op")
			}
		})
	}
}

func localTables(b *testing.B) (records, state table.Table) {
	b.Helper()
	needTools(b, "java", "npm")
	engine, err := dynamolocal.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(engine.Stop)
	for _, name := range []string{"records", "state"} {
		if err := engine.CreateTable(b.Context(), name); err != nil {
			b.Fatal(err)
		}
	}
	return dynamo.New(engine.Config(), "records", dynamo.Options{}), dynamo.New(engine.Config(), "state", dynamo.Options{})
}

func fillAndCompact(b *testing.B, l *ledger.Ledger) {
	b.Helper()
	g, err := generate.New(generate.Config{N: *searched, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	writers, ctx := errgroup.WithContext(b.Context())
	writers.SetLimit(8)
	for n := 0; n < *searched; n += unitBatch {
		records := g.Records(min(unitBatch, *searched-n))
		writers.Go(func() error {
			_, err := l.Append(ctx, ledger.Batch{Records: records, Principal: "ann", RequestID: "r"})
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		b.Fatal(err)
	}
	shards, err := l.Shards(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var segments, debt int
	for s := range ledger.Shard(shards) {
		for more := true; more; {
			r, err := l.Compact(b.Context(), s, ledger.Compaction{All: true})
			if err != nil {
				b.Fatal(fmt.Errorf("compact shard %d: %w", s, err))
			}
			more, debt = r.More, debt+r.Debt.Items
			segments += r.Segments + r.Adopted
		}
	}
	b.Logf("%d records, compacted into %d segments", *searched, segments)
}

// slowTable counts calls and lets each take some time.
type slowTable struct {
	table.Table
	latency time.Duration

	calls, now, most atomic.Int64
	mu               sync.Mutex
}

func (t *slowTable) wait(ctx context.Context) (func(), error) {
	t.calls.Add(1)
	now := t.now.Add(1)
	t.mu.Lock()
	t.most.Store(max(t.most.Load(), now))
	t.mu.Unlock()
	done := func() { t.now.Add(-1) }
	if t.latency == 0 {
		return done, nil
	}
	select {
	case <-time.After(t.latency):
		return done, nil
	case <-ctx.Done():
		return done, ctx.Err()
	}
}

func (t *slowTable) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	done, err := t.wait(ctx)
	defer done()
	if err != nil {
		return nil, err
	}
	return t.Table.Get(ctx, keys...)
}

func (t *slowTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	done, err := t.wait(ctx)
	defer done()
	if err != nil {
		return table.Page{}, err
	}
	return t.Table.Query(ctx, q)
}
