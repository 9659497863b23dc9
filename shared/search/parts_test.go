package search

import (
	"context"
	"slices"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/mark"
)

func TestOrder(t *testing.T) {
	ordered := []mark.Place{
		{When: 9, Committed: 5, Shard: 3, Position: 8},
		{When: 8, Committed: 1, Shard: 3, Position: 8},
		{When: 8, Committed: 2, Shard: 1, Position: 8},
		{When: 8, Committed: 2, Shard: 2, Position: 1},
		{When: 8, Committed: 2, Shard: 2, Position: 2},
	}
	for i := range ordered {
		for j := range ordered {
			if got := compare(&ordered[i], &ordered[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("place %d to %d: %d", i, j, got)
			}
		}
	}
}

func TestWindowCutsSegments(t *testing.T) {
	w := window{ledger.Vector{10}, ledger.Vector{20, 5}}
	for _, c := range []struct {
		shard     ledger.Shard
		first     ledger.Position
		n         int
		from, end uint32
	}{
		{0, 0, 10, 0, 0}, {0, 5, 10, 5, 10}, {0, 12, 4, 0, 4}, {0, 5, 30, 5, 15}, {0, 20, 5, 0, 0}, {1, 0, 9, 0, 5}, {2, 0, 9, 0, 0},
	} {
		if from, end := w.rows(c.shard, c.first, c.n); from != c.from || end != c.end {
			t.Errorf("%+v: %d to %d", c, from, end)
		}
	}
}

// What a busy shard has does not keep a page from the others.
func TestPagesBeginWithEveryShard(t *testing.T) {
	s := newStore(t, 3)
	for s.model == nil || len(shardsOf(s.model)) < 3 {
		s.append(simples(len(s.model), len(s.model)+5)...)
	}
	var seen []stored
	m := ""
	for range 3 {
		p := ask(t, s.enum, Request{Mark: m, Count: 1})
		seen, m = append(seen, *s.find(p.Records[0].RID.String())), p.Mark
	}
	if len(shardsOf(seen)) != 3 {
		t.Errorf("three pages come from the shards %v", shardsOf(seen))
	}
}

func shardsOf(list []stored) map[ledger.Shard]bool {
	shards := map[ledger.Shard]bool{}
	for i := range list {
		shards[list[i].place.Shard] = true
	}
	return shards
}

// A page that is resumed is no longer than what was kept for it.
func TestDroppedHitsBoundThePage(t *testing.T) {
	hits := make([]hit, 3)
	if b := (&progress{max: 3, hits: hits}).best(10); b.max != 3 {
		t.Errorf("full: %d", b.max)
	}
	if b := (&progress{max: 5, hits: hits}).best(10); b.max != 10 || len(b.heap.items) != 3 {
		t.Errorf("not full: %d", b.max)
	}
	if b := (&progress{max: 5, hits: hits}).best(2); len(b.heap.items) != 2 {
		t.Errorf("smaller page: %d hits", len(b.heap.items))
	}
}

// Layers keep what was done below a later cut, and become one behind it.
func TestLayers(t *testing.T) {
	s := newStore(t, 1)
	early, late, sooner := turn{newest: 50}, turn{newest: 40}, turn{newest: 60}
	for name, c := range map[string]struct {
		done *turn
		want []layer
	}{
		"cut before what was done": {&sooner, []layer{{ledger.Vector{1}, early}, {ledger.Vector{2}, sooner}}},
		"cut behind it":            {&late, []layer{{ledger.Vector{2}, late}}},
	} {
		w := &walk{Engine: s.engine, saved: &progress{layers: []layer{{ledger.Vector{1}, early}}}}
		w.mark.To = ledger.Vector{2}
		p := w.progress(&scan{best: newBest(1), done: c.done, known: &cuts{}})
		if !slices.EqualFunc(p.layers, c.want, func(a, b layer) bool { return slices.Equal(a.to, b.to) && a.done == b.done }) {
			t.Errorf("%s: %+v", name, p.layers)
		}
	}
}

// What a call has looked at of a segment that reaches beyond its window is not the
// segment: the next call, with a later window, begins anew.
func TestProgressFits(t *testing.T) {
	known := &cuts{{{first: 0, n: 5, maxWhen: 9}, {first: 5, n: 14, maxWhen: 8}, {first: 19, n: 1, maxWhen: 7}}}
	other := &cuts{{{first: 0, n: 5, maxWhen: 9}, {first: 5, n: 10, maxWhen: 8}, {first: 15, n: 5, maxWhen: 8}}}
	for _, c := range []struct {
		name  string
		ends  []ledger.Position // of the layers
		to    ledger.Position   // of the window now
		known *cuts
		want  bool
	}{
		{"the same window", []ledger.Position{15}, 15, known, true},
		{"a later window, a segment in both", []ledger.Position{15}, 20, known, false},
		{"a later window, between segments", []ledger.Position{19}, 20, known, true},
		{"an earlier layer that ends in a segment", []ledger.Position{15, 19}, 20, known, false},
		{"earlier layers between segments", []ledger.Position{5, 19}, 20, known, true},
		{"segments cut otherwise", []ledger.Position{15}, 15, other, false},
	} {
		p := &progress{}
		for _, end := range c.ends {
			p.layers = append(p.layers, layer{to: ledger.Vector{end}})
		}
		p.layout = known.layout(window{nil, p.to()})
		if got := p.fits(c.known, window{nil, ledger.Vector{c.to}}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestProgressKeysDiffer(t *testing.T) {
	s := newStore(t, 1)
	seen := map[string]int{}
	for i, c := range []struct {
		kind    mark.Kind
		epoch   ledger.Epoch
		mark    string
		entries []filter.Entry
		scope   activity.Scope
	}{
		{kind: mark.Search}, {kind: mark.Enum}, {kind: mark.Search, epoch: 1}, {kind: mark.Search, mark: "a"}, {kind: mark.Search, entries: bob},
		{kind: mark.Search, scope: allScope}, {kind: mark.Search, scope: activity.Scope{Plans: map[string]bool{"a": true}}},
		{kind: mark.Search, scope: activity.Scope{Plans: map[string]bool{"a": true, "b": true}}},
		{kind: mark.Search, scope: activity.Scope{Plans: map[string]bool{"ab": true}}},
	} {
		key := s.engine.progressKey(c.kind, c.epoch, &Request{Mark: c.mark, Scope: c.scope}, c.entries).Sort
		if j, ok := seen[key]; ok {
			t.Errorf("requests %d and %d have one key", j, i)
		}
		seen[key] = i
	}
	a := s.engine.progressKey(mark.Search, 0, &Request{Scope: activity.Scope{Plans: map[string]bool{"a": true, "b": false}}}, nil)
	if _, ok := seen[a.Sort]; !ok {
		t.Error("a plan that is not in the scope changes the key")
	}
}

// A walk that was cut off before its first page began when it was first asked
// for.
func TestResumedWalkKeepsItsDay(t *testing.T) {
	s, _ := slowStore(t, 1, 2*time.Second)
	s.clock.t = time.Date(2024, 5, 15, 23, 59, 50, 0, time.UTC)
	for n := range 30 {
		r := simple(n)
		r.When = s.clock.now().Unix()
		s.append(r)
	}
	entries := []filter.Entry{{Field: filter.When, Text: "Today"}, {Field: filter.What, Operator: filter.Equals, Text: "/share/0"}}
	// The zones must be known, or their growth takes the day.
	if err := s.engine.catalogOf(s.ledger.Epoch()).grow(context.Background(), s.ledger, ledger.Vector{30}, s.engine.budget(context.Background()), 1); err != nil {
		t.Fatal(err)
	}
	page := s.patient(s.search, Request{Entries: entries, Count: 5, Scope: allScope}, func() {})
	check(t, "found after midnight", page, 0)
	if s.clock.now().Day() != 16 {
		t.Fatalf("it is %v: the test did not cross midnight", s.clock.now())
	}
}

func TestShortFiltersAreInTheMark(t *testing.T) {
	s := newStore(t, 1)
	s.append(simples(0, 6)...)
	m, err := s.engine.Marks.Open(ask(t, s.search, Request{Entries: bob, Count: 1}).Mark)
	if err != nil || len(m.Filter) == 0 || m.FilterHash != nil {
		t.Errorf("mark %+v, %v", m, err)
	}
}
