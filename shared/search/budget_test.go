package search

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/mark"

	"pgregory.net/rapid"
)

// slow is a log on which every read of segments takes a second.
type slow struct {
	Log
	clock *clock
	reads int
}

func (l *slow) Scan(ctx context.Context, s ledger.Shard, from, to ledger.Position, maxBytes int) ([]ledger.Part, error) {
	l.reads++
	l.clock.advance(time.Second)
	return l.Log.Scan(ctx, s, from, to, 1)
}

func (l *slow) Load(ctx context.Context, s ledger.Shard, first ledger.Position) (ledger.Part, error) {
	l.reads++
	l.clock.advance(time.Second)
	return l.Log.Load(ctx, s, first)
}

// slowStore has a log on which a call gets no further than a few segments.
func slowStore(t fatal, shards int, budget time.Duration) (*store, *slow) {
	l := &slow{}
	s := newStore(t, shards, func(c *Config) {
		l.Log, c.Ledger, c.Budget, c.Workers = c.Ledger, l, budget, 1
	})
	l.clock = s.clock
	return s, l
}

// patient repeats a request until it is answered, as a client does, and fails
// if it takes for ever.
func (s *store) patient(ask func(Request) (Page, error), r Request, between func()) Page {
	s.t.Helper()
	for range 1000 {
		page, err := ask(r)
		if err == nil {
			return page
		}
		if !errors.Is(err, ErrOutOfTime) {
			s.t.Fatal(err)
		}
		between()
	}
	s.t.Fatalf("no answer after 1000 requests")
	return Page{}
}

// A search that runs out of time goes on when it is asked again, and finds what
// it would have found in one call.
func TestSearchResumes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := slowStore(t, rapid.IntRange(1, 3).Draw(t, "shards"), time.Duration(rapid.IntRange(1, 4).Draw(t, "budget"))*time.Second)
		s.write(t, 12)
		entries, scope := anyFilter(t), anyScope(t)
		entries = slices.DeleteFunc(entries, func(e filter.Entry) bool { return e.Field == filter.When })
		count := rapid.IntRange(1, 9).Draw(t, "count")
		mark, window := "", len(s.model)
		var want []string
		for first := true; ; first = false {
			page := s.patient(s.search, Request{Entries: entries, Mark: mark, Count: count, Scope: scope, Group: groups}, func() {
				if rapid.IntRange(0, 3).Draw(t, "write") == 0 {
					s.write(t, 1)
				}
				if first {
					window = len(s.model) // nothing was given out: the walk has not begun
				}
			})
			if first {
				want = expected(t, s.model[:window], entries, scope, s.clock.now())
			}
			got := rids(page.Records)
			if len(got) > count || (len(got) == 0) != (len(want) == 0) || len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
				t.Fatalf("page %v of at most %d, want %v", got, count, want)
			}
			if len(got) == 0 {
				return
			}
			want, mark = want[len(got):], page.Mark
		}
	})
}

// An enum that finds nothing for long goes on too.
func TestEnumResumes(t *testing.T) {
	s, l := slowStore(t, 2, 3*time.Second)
	for n := range 40 {
		r := simple(n)
		r.Plan = activity.Plan{ID: "hidden", Name: "hidden"}
		if n == 39 {
			r.Plan = activity.Plan{ID: "p1", Name: "p1"}
		}
		s.append(r)
	}
	scope := activity.Scope{Plans: map[string]bool{"p1": true}}
	calls := 0
	page := s.patient(s.enum, Request{Count: 10, Scope: scope}, func() { calls++ })
	check(t, "the last record", page, 39)
	if calls < 5 || l.reads > 100 {
		t.Errorf("%d calls and %d reads: it begins anew every time", calls, l.reads)
	}
	check(t, "end", s.patient(s.enum, Request{Mark: page.Mark, Count: 10, Scope: scope}, func() {}))

	other := s.patient(s.enum, Request{Count: 1, Scope: allScope}, func() {})
	if len(other.Records) != 1 || other.Records[0].What == "/share/39" {
		t.Errorf("another scope uses this one's progress: %v", names(other))
	}
}

// Each call does a bounded number of reads and gets further.
func TestCallsAreBounded(t *testing.T) {
	s, l := slowStore(t, 1, 4*time.Second)
	for n := range 50 {
		s.append(simple(n))
	}
	entries := []filter.Entry{{Field: filter.What, Operator: filter.Equals, Text: "/share/3"}}
	total := 0
	page := s.patient(s.search, Request{Entries: entries, Count: 10, Scope: allScope}, func() {
		if l.reads > 6 {
			t.Errorf("%d reads in a budget of 4", l.reads)
		}
		total, l.reads = total+l.reads, 0
	})
	check(t, "found", page, 3)
	if total > 110 {
		t.Errorf("%d reads for 50 segments, each to be read twice", total)
	}
}

// A page that was found late does not stay: the next request sees what was
// committed since.
func TestProgressIsForgotten(t *testing.T) {
	s, _ := slowStore(t, 1, 2*time.Second)
	for n := range 10 {
		s.append(simple(n))
	}
	r := Request{Entries: bob, Count: 1, Scope: allScope}
	check(t, "first", s.patient(s.search, r, func() {}), 7)
	s.append(simple(10))
	check(t, "again", s.patient(s.search, r, func() {}), 10)
}

// Progress that nobody takes up expires.
func TestProgressExpires(t *testing.T) {
	s, l := slowStore(t, 1, 2*time.Second)
	for n := range 20 {
		s.append(simple(n))
	}
	entries := []filter.Entry{{Field: filter.What, Operator: filter.Equals, Text: "/share/0"}}
	r := Request{Entries: entries, Count: 1, Scope: allScope}
	s.patient(s.search, Request{Entries: entries, Count: 1, Scope: allScope}, func() {})
	l.reads = 0
	if _, err := s.search(r); !errors.Is(err, ErrOutOfTime) {
		t.Fatalf("%v", err)
	}
	s.clock.advance(2 * time.Hour)
	calls := 1
	check(t, "found", s.patient(s.search, r, func() { calls++ }), 0)
	if calls < 10 {
		t.Errorf("%d calls: the progress of two hours ago was used", calls)
	}
}

func TestDeadlineLeavesTimeToSave(t *testing.T) {
	s := newStore(t, 1, func(c *Config) { c.Now = time.Now })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if b := s.engine.budget(ctx); b.end.After(deadline.Add(-reserve)) && s.engine.Budget > time.Minute {
		t.Errorf("budget ends at %v, the context at %v", b.end, deadline)
	}
	s.engine.Budget = time.Hour
	if b := s.engine.budget(ctx); !b.end.Equal(deadline.Add(-reserve)) {
		t.Errorf("budget ends at %v, the context at %v", b.end, deadline)
	}
}

func TestProgressRoundTrip(t *testing.T) {
	vector := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ledger.Position {
		return ledger.Position(rapid.Uint64().Draw(t, "position"))
	}), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		p := &progress{reached: vector.Draw(t, "reached"), started: rapid.Int64().Draw(t, "started"), layout: rapid.Uint64().Draw(t, "layout"), max: rapid.IntRange(0, 9000).Draw(t, "max")}
		for range rapid.IntRange(0, maxLayers).Draw(t, "layers") {
			p.layers = append(p.layers, layer{vector.Draw(t, "to"), turn{rapid.Int64().Draw(t, "newest"), ledger.Shard(rapid.IntRange(0, 63).Draw(t, "shard")), 7}})
		}
		for range rapid.IntRange(0, 3).Draw(t, "hits") {
			var h hit
			h.When, h.Committed, h.Shard, h.Position = rapid.Int64().Draw(t, "when"), rapid.Int64().Draw(t, "committed"), 3, 9
			p.hits = append(p.hits, h)
		}
		data := p.marshal()
		got, err := unmarshalProgress(data)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.marshal(), data) || len(got.layers) != len(p.layers) || !slices.Equal(got.hits, p.hits) || got.started != p.started || !slices.Equal(got.reached, p.reached) {
			t.Fatalf("%+v reads as %+v", p, got)
		}
		if _, err := unmarshalProgress(data[:rapid.IntRange(0, len(data)-1).Draw(t, "cut")]); err == nil {
			t.Fatal("a cut item reads")
		}
	})
}

func FuzzProgress(f *testing.F) {
	f.Add((&progress{reached: ledger.Vector{1, 2}}).marshal())
	f.Add((&progress{started: 5, layers: []layer{{ledger.Vector{3}, turn{1, 2, 3}}}, max: 1, hits: []hit{{mark.Place{When: 4}}}}).marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := unmarshalProgress(data)
		if err == nil && len(p.hits) > maxSavedHits {
			t.Fatalf("%d hits", len(p.hits))
		}
	})
}
