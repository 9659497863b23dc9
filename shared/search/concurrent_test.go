package search

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"docket/shared/filter"
	"docket/shared/ledger"
)

// Readers and writers at the same time: every walk is complete for what was
// acknowledged before it began, and holds nothing twice.
func TestConcurrentWalks(t *testing.T) {
	const writers, batches, size = 3, 12, 4
	s := newStore(t, 3, func(c *Config) { c.Now = time.Now })
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				first := 1000*w + size*b
				records := simples(first, first+size)
				if _, err := s.ledger.Append(context.Background(), ledger.Batch{Records: records}); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for i := range records {
					acknowledged[records[i].What] = true
				}
				mu.Unlock()
			}
		})
	}
	for i := range 4 {
		ask := s.search
		if i%2 == 0 {
			ask = s.enum
		}
		wg.Go(func() {
			for range 5 {
				mu.Lock()
				var before []string
				for what := range acknowledged {
					before = append(before, what)
				}
				mu.Unlock()
				if err := completeWalk(ask, before); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var all []string
	for what := range acknowledged {
		all = append(all, what)
	}
	if len(all) != writers*batches*size {
		t.Fatalf("%d records were acknowledged", len(all))
	}
	for _, ask := range []func(Request) (Page, error){s.enum, s.search} {
		if err := completeWalk(ask, all); err != nil {
			t.Error(err)
		}
	}
}

func completeWalk(ask func(Request) (Page, error), want []string) error {
	seen, mark := map[string]bool{}, ""
	for {
		page, err := ask(Request{Mark: mark, Count: 7, Scope: allScope})
		if err != nil {
			return err
		}
		if len(page.Records) == 0 {
			break
		}
		for _, what := range names(page) {
			if seen[what] {
				return fmt.Errorf("%s came twice", what)
			}
			seen[what] = true
		}
		mark = page.Mark
	}
	for _, what := range want {
		if !seen[what] {
			return fmt.Errorf("%s is missing", what)
		}
	}
	return nil
}

func BenchmarkSearch(b *testing.B) {
	s := newCachedStore(b, 4, 256<<20, func(c *Config) { c.Now, c.Workers = time.Now, 0 })
	const segments, size = 300, 1000
	for n := range segments {
		s.append(simples(n*size, (n+1)*size)...)
	}
	from := "2023-11-14T22:13:20Z"
	for _, c := range []struct {
		name    string
		entries []filter.Entry
	}{
		{"newest", nil},
		{"rare", []filter.Entry{{Field: filter.What, Operator: filter.Equals, Text: "/share/7"}}},
		{"absent", []filter.Entry{{Field: filter.What, Text: "nothing"}}},
		{"oldest second", []filter.Entry{{Field: filter.When, From: &from, To: &from}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.search(Request{Entries: c.entries, Count: 1000, Scope: allScope}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEnum(b *testing.B) {
	s := newCachedStore(b, 4, 256<<20, func(c *Config) { c.Now = time.Now })
	const segments, size = 100, 1000
	for n := range segments {
		s.append(simples(n*size, (n+1)*size)...)
	}
	b.ReportAllocs()
	mark, n := "", 0
	for b.Loop() {
		page, err := s.enum(Request{Mark: mark, Count: 1000, Scope: allScope})
		if err != nil {
			b.Fatal(err)
		}
		if mark = page.Mark; len(page.Records) == 0 {
			mark = ""
		}
		n += len(page.Records)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
