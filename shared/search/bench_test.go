package search

import (
	"context"
	"testing"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/generate"
	"docket/shared/ledger"
)

// BenchmarkPages is the first page of searches over 98,304 generated records,
// compacted: warm, from blocks in memory, and cold, from stored segments, with
// nothing in any cache.
func BenchmarkPages(b *testing.B) {
	const records = 98_304 // whole blocks
	g, err := generate.New(generate.Config{N: records, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	s := newCachedStore(b, 1, -1)
	for range records / 5000 {
		if _, err := s.ledger.Append(context.Background(), ledger.Batch{Records: g.Records(4096), Principal: "test"}); err != nil {
			b.Fatal(err)
		}
	}
	s.engine.WarmBytes, s.engine.blockSizes = 1<<30, blockSizes()
	s.tend(1, true, true)
	c := s.engine.Config
	c.WarmBytes = 0
	from, to := "2025-11-10T00:00:00Z", "2025-11-16T23:59:59Z"
	for _, q := range []struct {
		name    string
		entries []filter.Entry
	}{
		{"Q1 who", []filter.Entry{{Field: filter.Who, Text: "qelbamar"}}},
		{"Q2 what", []filter.Entry{{Field: filter.What, Text: "-77"}}},
		{"Q3 what nowhere", []filter.Entry{{Field: filter.What, Text: "does-not-occur"}}},
		{"Q4 action in a week", []filter.Entry{{Field: filter.Action, Text: "Removed"}, {Field: filter.When, From: &from, To: &to}}},
		{"Q6 after", []filter.Entry{{Field: filter.After, Text: "0x6fcd71b"}}},
		{"Q7 newest", nil},
		{"Q8 what common", []filter.Entry{{Field: filter.What, Text: "board"}}},
		{"Q9 two letters", []filter.Entry{{Field: filter.What, Text: "kq"}}},
	} {
		r := Request{Entries: q.entries, HasEntries: true, Count: 1000, Scope: activity.Scope{All: true}}
		b.Run(q.name+"/warm", func(b *testing.B) { benchSearch(b, s.engine, r) })
		b.Run(q.name+"/cold", func(b *testing.B) { benchSearch(b, New(c), r) })
	}
}

func benchSearch(b *testing.B, e *Engine, r Request) {
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		p, err := e.Search(context.Background(), r)
		if err != nil {
			b.Fatal(err)
		}
		found = len(p.Records)
	}
	b.ReportMetric(float64(found), "records")
}
