package search

import (
	"context"
	"slices"
	"testing"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/segment"
)

// largeStore has enough records for blocks that are looked at in several turns;
// they are only roughly in the order of time.
func largeStore(t *testing.T, records int) (warm *Engine, cold *Engine) {
	t.Helper()
	s := newCachedStore(t, 1, 1<<20)
	for n := 0; n < records; n += 2000 {
		batch := simples(n, min(n+2000, records))
		for i := range batch {
			batch[i].When += int64((n + i) * 7919 % 3000)
			batch[i].ArchiveOnly = (n+i)%1001 == 0
			if i%3 == 0 {
				batch[i].Plan = activity.Plan{ID: "p1", Name: "one"}
			}
		}
		if _, err := s.ledger.Append(context.Background(), ledger.Batch{Records: batch, Principal: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	c := s.engine.Config
	c.WarmBytes = 0
	cold = New(c)
	s.engine.WarmBytes = 64 << 20
	s.engine.blockSizes = []ledger.Position{1 << 15}
	s.tend(1, true, true)
	return s.engine, cold
}

// TestWarmIsCold walks through searches with an engine that has everything in
// memory and with one that has nothing, in pages of several sizes.
func TestWarmIsCold(t *testing.T) {
	warm, cold := largeStore(t, 70_000)
	blocks := 0
	for _, list := range warm.warm.Load().blocks {
		blocks += len(list)
	}
	if blocks < 2 {
		t.Fatalf("%d blocks are too few for the test", blocks)
	}
	for _, c := range []struct {
		name    string
		entries []filter.Entry
		scope   activity.Scope
	}{
		{"everything", nil, allScope},
		{"a third", []filter.Entry{{Field: filter.Who, Text: "bo"}}, allScope},
		{"some", []filter.Entry{{Field: filter.What, Text: "/77"}}, allScope},
		{"rare", []filter.Entry{{Field: filter.What, Text: "8888"}}, allScope},
		{"none", []filter.Entry{{Field: filter.What, Text: "zebra"}}, allScope},
		{"of a plan", []filter.Entry{{Field: filter.Action, Text: "Added"}}, activity.Scope{Plans: map[string]bool{"p1": true}}},
	} {
		for _, count := range []int{7, 1000, 20_000} {
			r := Request{Entries: c.entries, HasEntries: true, Count: count, Scope: c.scope}
			for page := range 3 {
				got, err := warm.Search(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				want, err := cold.Search(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(rids(got.Records), rids(want.Records)) {
					t.Fatalf("%s, %d a page, page %d: %d records, want %d, or in another order", c.name, count, page+1, len(got.Records), len(want.Records))
				}
				r.Mark = want.Mark
			}
		}
	}
}

// TestWarmBytesHold gives a few bytes to a lot of records: parts are left out or
// dropped, and answers stay.
func TestWarmBytesHold(t *testing.T) {
	warm, cold := largeStore(t, 34_000)
	r := Request{Entries: []filter.Entry{{Field: filter.What, Text: "/777"}}, HasEntries: true, Count: 50, Scope: allScope}
	want, err := cold.Search(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, most := range []int64{1 << 20, 300 << 10, 1 << 10, 2 << 20} {
		warm.WarmBytes = most
		if err := warm.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		held := int64(0)
		for _, b := range warm.warm.Load().wanted {
			for p := range segment.Part(segment.NumParts) {
				held += b.joined.Bytes(p)
			}
		}
		if held > most {
			t.Errorf("%d bytes are held of at most %d", held, most)
		}
		got, err := warm.Search(t.Context(), r)
		if err != nil || !slices.Equal(rids(got.Records), rids(want.Records)) {
			t.Errorf("with %d bytes: %d records, want %d, %v", most, len(got.Records), len(want.Records), err)
		}
	}
}
