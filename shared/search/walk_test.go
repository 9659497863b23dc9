package search

import (
	"slices"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What random records have is few and often equal, also their times, so that
// order, filters and scopes have something to tell apart.
func anyRecord(t *rapid.T) activity.Record {
	plans := []activity.Plan{{}, {ID: "p1", Name: "one"}, {ID: "p2", Name: "two"}, {ID: "p3", Name: "three"}}
	r := activity.Record{
		Who: rapid.SampledFrom([]string{"alice", "bob", "carol"}).Draw(t, "who"), Where: "h", ObjectType: "File",
		What:   rapid.StringMatching(`[ab]{1,3}`).Draw(t, "what"),
		Action: rapid.SampledFrom(activity.Actions()[:3]).Draw(t, "action"),
		When:   rapid.Int64Range(1_715_774_380, 1_715_774_420).Draw(t, "when"), // around the clock's beginning
		Plan:   rapid.SampledFrom(plans).Draw(t, "plan"), DataSource: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "source"),
		ArchiveOnly: rapid.IntRange(0, 7).Draw(t, "archive") == 0,
	}
	if rapid.Bool().Draw(t, "detailed") {
		r.Details = []activity.Detail{{PropertyName: "p", Before: "", After: r.What}}
	}
	return r
}

func anyBatch(t *rapid.T) []activity.Record {
	return rapid.SliceOfN(rapid.Custom(anyRecord), 1, 12).Draw(t, "batch")
}

func anyFilter(t *rapid.T) []filter.Entry {
	from, to := "2024-05-15T11:59:50Z", "2024-05-15T12:00:10Z"
	return rapid.SliceOfN(rapid.SampledFrom([]filter.Entry{
		{Field: filter.Who, Text: "ALI"}, {Field: filter.Who, Operator: filter.NotEqualTo, Text: "bob"},
		{Field: filter.Who, Operator: filter.InGroup, Text: "Admins"},
		{Field: filter.What, Text: "ab"}, {Field: filter.What, Operator: filter.DoesNotContain, Text: "bb"},
		{Field: filter.After, Text: "a"}, {Field: filter.Detail, Operator: filter.NotEqualTo, Text: "b"},
		{Field: filter.MonitoringPlan, Operator: filter.Equals, Text: "ONE"}, {Field: filter.DataSource, Operator: filter.NotEqualTo, Text: "X"},
		{Field: filter.When, From: &from, To: &to}, {Field: filter.When, From: &to}, {Field: filter.When, Text: "LastSevenDays"},
		{Field: filter.Action, Text: "Added"}, {Field: filter.RID, Text: "2024"},
	}), 0, 3).Draw(t, "filter")
}

func anyScope(t *rapid.T) activity.Scope {
	return rapid.SampledFrom([]activity.Scope{
		allScope, allScope,
		{Plans: map[string]bool{"p1": true}},
		{Plans: map[string]bool{"p1": true, "p2": true, "gone": true}},
		{Plans: map[string]bool{"p3": false}},
		{},
	}).Draw(t, "scope")
}

// sees says whether anybody with the scope may find the record.
func sees(scope activity.Scope, r *stored) bool { return !r.ArchiveOnly && scope.Sees(r.Plan.ID) }

// expected is what a search finds in a part of the model, in order.
func expected(t fatal, part []stored, entries []filter.Entry, scope activity.Scope, started time.Time) []string {
	t.Helper()
	p, problems := filter.Compile(entries, filter.Env{Now: started, Group: groups})
	if problems != nil {
		t.Fatal(problems)
	}
	var list []stored
	for i := range part {
		if sees(scope, &part[i]) && p.Match(&part[i].Stored) {
			list = append(list, part[i])
		}
	}
	slices.SortFunc(list, func(a, b stored) int { return compare(&a.place, &b.place) })
	var rids []string
	for i := range list {
		rids = append(rids, list[i].RID.String())
	}
	return rids
}

func rids(records []activity.Stored) []string {
	var list []string
	for i := range records {
		list = append(list, records[i].RID.String())
	}
	return list
}

// write adds up to some batches, as others do between two pages.
func (s *store) write(t *rapid.T, most int) {
	for range rapid.IntRange(0, most).Draw(t, "batches") {
		s.append(anyBatch(t)...)
		s.clock.advance(time.Duration(rapid.IntRange(-1, 1).Draw(t, "time")) * time.Millisecond)
	}
	s.tend(4, rapid.IntRange(0, 3).Draw(t, "compact") == 0, rapid.IntRange(0, 2).Draw(t, "warm") == 0)
}

// A complete search walk is the filter applied to what was committed before its
// first page, whatever is written meanwhile; its last mark begins a walk over
// what was committed since.
func TestSearchWalkIsFilterOfItsWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, rapid.IntRange(1, 4).Draw(t, "shards"))
		entries, scope := anyFilter(t), anyScope(t)
		mark, done := "", 0
		for range 3 {
			s.write(t, 4)
			window := s.model[done:]
			done = len(s.model)
			want := expected(t, window, entries, scope, s.clock.now())
			for {
				count := rapid.IntRange(1, 9).Draw(t, "count")
				page, err := s.search(Request{Entries: entries, Mark: mark, Count: count, Scope: scope, Group: groups})
				if err != nil {
					t.Fatal(err)
				}
				mark = page.Mark
				n := min(count, len(want))
				if diff := cmp.Diff(want[:n], rids(page.Records)); diff != "" && n+len(page.Records) > 0 {
					t.Fatalf("page (-want +got):\n%s", diff)
				}
				if n == 0 {
					break
				}
				want = want[n:]
				s.write(t, 1)
			}
			// What was written since the first page belongs to the next walk.
		}
	})
}

// A complete enum walk gives out every visible record exactly once, each shard
// in the order of its positions, and goes on after its end.
func TestEnumWalkIsEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, rapid.IntRange(1, 4).Draw(t, "shards"))
		scope := anyScope(t)
		mark, seen := "", map[string]bool{}
		for range 3 {
			s.write(t, 4)
			last := map[ledger.Shard]ledger.Position{}
			for {
				count := rapid.IntRange(1, 9).Draw(t, "count")
				page, err := s.enum(Request{Mark: mark, Count: count, Scope: scope})
				if err != nil {
					t.Fatal(err)
				}
				mark = page.Mark
				if len(page.Records) == 0 {
					break
				}
				if len(page.Records) > count {
					t.Fatalf("%d records, asked for %d", len(page.Records), count)
				}
				for _, rid := range rids(page.Records) {
					r := s.find(rid)
					if seen[rid] || !sees(scope, r) || last[r.place.Shard] > r.place.Position {
						t.Fatalf("record %+v: seen %v, in scope %v, after %d", r, seen[rid], sees(scope, r), last[r.place.Shard])
					}
					seen[rid], last[r.place.Shard] = true, r.place.Position
				}
				s.write(t, 1)
			}
			for i := range s.model {
				if sees(scope, &s.model[i]) && !seen[s.model[i].RID.String()] {
					t.Fatalf("record %+v is missing", s.model[i])
				}
			}
		}
	})
}

func (s *store) find(rid string) *stored {
	s.t.Helper()
	for i := range s.model {
		if s.model[i].RID.String() == rid {
			return &s.model[i]
		}
	}
	s.t.Fatalf("record %s was never written", rid)
	return nil
}

// What comes out is what went in.
func TestRecordsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, 2)
		s.write(t, 4)
		for name, ask := range map[string]func(Request) (Page, error){"enum": s.enum, "search": s.search} {
			page, err := ask(Request{Count: 1000, Scope: allScope})
			if err != nil {
				t.Fatal(err)
			}
			for i := range page.Records {
				want := s.find(page.Records[i].RID.String()).Stored
				if len(want.Details) == 0 {
					want.Details = page.Records[i].Details[:0]
				}
				if diff := cmp.Diff(want, page.Records[i]); diff != "" {
					t.Fatalf("%s (-want +got):\n%s", name, diff)
				}
			}
		}
	})
}

// A mark's place means the same under other filters and another scope.
func TestFiltersMayChangeOnTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, rapid.IntRange(1, 3).Draw(t, "shards"))
		s.write(t, 8)
		started, window := s.clock.now(), slices.Clone(s.model)
		mark, last := "", ""
		for range 8 {
			entries, scope, count := anyFilter(t), anyScope(t), rapid.IntRange(1, 5).Draw(t, "count")
			want := s.behind(last, window, entries, scope, started)
			page, err := s.search(Request{Entries: entries, Mark: mark, Count: count, Scope: scope, Group: groups})
			if err != nil {
				t.Fatal(err)
			}
			n := min(count, len(want))
			if got := rids(page.Records); !slices.Equal(got, want[:n]) {
				t.Fatalf("page %v, want %v", got, want[:n])
			}
			if n == 0 {
				return
			}
			mark, last = page.Mark, page.Records[n-1].RID.String()
			s.write(t, 1)
		}
	})
}

// behind is what a search finds in a part of the model behind a record.
func (s *store) behind(last string, window []stored, entries []filter.Entry, scope activity.Scope, started time.Time) []string {
	if last != "" {
		place := s.find(last).place
		window = slices.DeleteFunc(slices.Clone(window), func(r stored) bool { return compare(&r.place, &place) <= 0 })
	}
	return expected(s.t, window, entries, scope, started)
}

// RID Equals finds what a search that reads everything finds.
func TestPointReadIsSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, rapid.IntRange(1, 3).Draw(t, "shards"))
		s.append(anyBatch(t)...)
		s.write(t, 5)
		entries, scope := anyFilter(t), anyScope(t)
		entries = slices.DeleteFunc(entries, func(e filter.Entry) bool { return e.Field == filter.RID })
		mark := ""
		if rapid.Bool().Draw(t, "behind") {
			page, err := s.search(Request{Count: rapid.IntRange(1, 4).Draw(t, "first"), Scope: allScope})
			if err != nil {
				t.Fatal(err)
			}
			mark = page.Mark
			s.write(t, 2)
		}
		rid := rapid.SampledFrom(s.model).Draw(t, "record").RID.String()
		ask := func(o filter.Operator) Page {
			page, err := s.search(Request{
				Entries: append(slices.Clone(entries), filter.Entry{Field: filter.RID, Operator: o, Text: rid}),
				Mark:    mark, Count: 5, Scope: scope, Group: groups,
			})
			if err != nil {
				t.Fatal(err)
			}
			return page
		}
		if diff := cmp.Diff(ask(filter.EndsWith).Records, ask(filter.Equals).Records); diff != "" {
			t.Fatalf("(-search +point):\n%s", diff)
		}
	})
}

func TestUnknownRIDs(t *testing.T) {
	s := newStore(t, 2)
	s.append(simples(0, 3)...)
	for _, rid := range []string{"", "x", "20240515083000123ABCDEF0123456789ABCDEF0123456789", "20240515083000123ZZCDEF0123456789ABCDEF0123456789"} {
		page, err := s.search(Request{Entries: []filter.Entry{{Field: filter.RID, Operator: filter.Equals, Text: rid}}, Count: 5, Scope: allScope})
		if err != nil || len(page.Records) != 0 {
			t.Errorf("%q: %v, %v", rid, names(page), err)
		}
	}
}

func TestPageEndsBeforeItsSize(t *testing.T) {
	s := newStore(t, 1)
	s.append(simples(0, 100)...)
	for name, ask := range map[string]func(Request) (Page, error){"enum": s.enum, "search": s.search} {
		for _, c := range []struct{ max, want int }{{1, 1}, {1000, 1}, {2000, 2}, {2999, 2}, {100_000, 100}, {0, 100}} {
			got := 0
			mark := ""
			for first := true; ; first = false {
				page, err := ask(Request{
					Mark: mark, Count: 1000, Scope: allScope, MaxBytes: c.max,
					Size: func(*activity.Stored) int { return 1000 },
				})
				if err != nil {
					t.Fatal(err)
				}
				if len(page.Records) == 0 {
					break
				}
				if first && len(page.Records) != c.want {
					t.Errorf("%s, %d bytes: %d records, want %d", name, c.max, len(page.Records), c.want)
				}
				got, mark = got+len(page.Records), page.Mark
			}
			if got != 100 {
				t.Errorf("%s, %d bytes: %d records in all", name, c.max, got)
			}
		}
	}
}

func TestEmptyStore(t *testing.T) {
	s := newStore(t, 4)
	for name, ask := range map[string]func(Request) (Page, error){"enum": s.enum, "search": s.search} {
		page, err := ask(Request{Count: 10, Scope: allScope})
		if err != nil || len(page.Records) != 0 || page.Mark == "" {
			t.Errorf("%s: %v, mark %q, %v", name, names(page), page.Mark, err)
		}
	}
}

func TestBestKeepsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		max := rapid.IntRange(1, 10).Draw(t, "max")
		b := newBest(max)
		var all []hit
		for i := range rapid.IntRange(0, 40).Draw(t, "n") {
			var h hit
			h.When, h.Committed = rapid.Int64Range(0, 5).Draw(t, "when"), rapid.Int64Range(0, 2).Draw(t, "committed")
			h.Position = ledger.Position(i)
			b.add(h)
			all = append(all, h)
		}
		slices.SortFunc(all, func(x, y hit) int { return compare(&x.Place, &y.Place) })
		want := all[:min(max, len(all))]
		if got := b.sorted(); !slices.Equal(got, want) && len(want) > 0 {
			t.Fatalf("kept %v, want %v", got, want)
		}
	})
}
