package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Two stores that differ only in what the caller may not see give the same
// records on the same pages. Commit times and shards are the same in both; what
// differs is how many other records there are, in batches of their own or amid
// visible ones, and when they are written.
func TestNothingTellsOfOtherRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.IntRange(1, 3).Draw(t, "shards")
		bare, full := newStore(t, shards), newStore(t, shards)
		scope := activity.Scope{Plans: map[string]bool{"p1": true, "p2": true}}
		n := 0
		write := func(label string) {
			for range rapid.IntRange(0, 3).Draw(t, label) {
				n++
				var visible, mixed []activity.Record
				for _, r := range anyBatch(t) {
					mixed = append(mixed, r)
					if !r.ArchiveOnly && scope.Sees(r.Plan.ID) {
						visible = append(visible, r)
					}
				}
				token := fmt.Sprintf("batch %d", n)
				full.random.ChaCha8 = newSeeded(token).ChaCha8
				full.append(mixed...)
				if visible != nil {
					bare.random.ChaCha8 = newSeeded(token).ChaCha8
					bare.append(visible...)
				}
				bare.clock.advance(time.Millisecond)
				full.clock.advance(time.Millisecond)
			}
		}
		write("first")
		marks := map[*store]string{}
		for range 5 {
			entries, count := anyFilter(t), rapid.IntRange(1, 6).Draw(t, "count")
			entries = slices.DeleteFunc(entries, func(e filter.Entry) bool { return e.Field == filter.RID })
			enum := rapid.Bool().Draw(t, "enum")
			var pages [2]Page
			for i, s := range []*store{bare, full} {
				ask := s.search
				if enum {
					ask = s.enum
				}
				var err error
				pages[i], err = ask(Request{
					Mark: marks[s], Entries: entries, Count: count, Scope: scope, Group: groups, MaxBytes: 900,
					Size: func(r *activity.Stored) int { return 100 * len(r.What) },
				})
				if err != nil {
					t.Fatal(err)
				}
				marks[s] = pages[i].Mark
			}
			if diff := cmp.Diff(withoutRIDs(pages[0]), withoutRIDs(pages[1])); diff != "" {
				t.Fatalf("(-without +with other records):\n%s", diff)
			}
			if len(pages[0].Mark) != len(pages[1].Mark) {
				t.Fatalf("marks of %d and %d characters", len(pages[0].Mark), len(pages[1].Mark))
			}
			write("more")
		}
	})
}

func withoutRIDs(p Page) []activity.Record {
	var list []activity.Record
	for i := range p.Records {
		r := p.Records[i].Record
		if len(r.Details) == 0 {
			r.Details = nil
		}
		list = append(list, r)
	}
	return list
}

// The plan of another scope finds what a plan that does not exist finds.
func TestForeignPlanIsLikeNone(t *testing.T) {
	s := newStore(t, 1)
	r := simple(1)
	r.Plan = activity.Plan{ID: "p9", Name: "secret"}
	s.append(r)
	scope := activity.Scope{Plans: map[string]bool{"p1": true}}
	var results []string
	for _, plan := range []string{"secret", "absent"} {
		page, err := s.search(Request{Entries: []filter.Entry{{Field: filter.MonitoringPlan, Text: plan}}, Count: 5, Scope: scope})
		results = append(results, fmt.Sprint(len(page.Records), len(page.Mark), err))
	}
	if results[0] != results[1] {
		t.Errorf("%s and %s", results[0], results[1])
	}
}

// A segment has more plans than the catalog remembers, and is searched.
func TestManyPlansInOneSegment(t *testing.T) {
	s := newStore(t, 1)
	var batch []activity.Record
	for n := range maxNames + 8 {
		r := simple(n)
		r.Plan = activity.Plan{ID: fmt.Sprintf("p%d", n), Name: fmt.Sprintf("plan %d", n)}
		batch = append(batch, r)
	}
	s.append(batch...)
	scope := activity.Scope{Plans: map[string]bool{"p33": true, "p7": true}}
	page, err := s.search(Request{Count: 5, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "scope", page, 33, 7)
	page, err = s.search(Request{Entries: []filter.Entry{{Field: filter.MonitoringPlan, Text: "PLAN 33"}}, Count: 5, Scope: allScope})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "plan", page, 33)
}

// Segments that the zones rule out are not opened.
func TestSearchOpensWhatItMust(t *testing.T) {
	l := &slow{}
	s := newStore(t, 2, func(c *Config) { l.Log, c.Ledger, c.Budget, c.Workers = c.Ledger, l, time.Hour, 1 })
	l.clock = s.clock
	for n := range 30 {
		r := simple(n)
		r.Plan = activity.Plan{ID: "p1", Name: fmt.Sprintf("plan %d", n)}
		s.append(r)
	}
	ask(t, s.search, Request{Count: 1}) // learns the zones
	from := activity.AppendWhen(nil, simple(20).When)
	text := string(from)
	for name, c := range map[string]struct {
		r    Request
		want []int
		most int
	}{
		"newest":       {Request{Count: 1}, []int{29}, 2},
		"one plan":     {Request{Count: 5, Entries: []filter.Entry{{Field: filter.MonitoringPlan, Operator: filter.Equals, Text: "Plan 3"}}}, []int{3}, 2},
		"no plan":      {Request{Count: 5, Entries: []filter.Entry{{Field: filter.MonitoringPlan, Text: "nothing"}}}, nil, 0},
		"one moment":   {Request{Count: 5, Entries: []filter.Entry{{Field: filter.When, From: &text, To: &text}}}, []int{20}, 2},
		"later ranges": {Request{Count: 5, Entries: []filter.Entry{{Field: filter.When, Text: "Today"}}}, nil, 0},
	} {
		l.reads = 0
		check(t, name, ask(t, s.search, c.r), c.want...)
		if l.reads > c.most {
			t.Errorf("%s: %d segments opened", name, l.reads)
		}
	}
}

// brokenAt is a log that cannot be read at a position.
type brokenAt struct {
	Log
	at  ledger.Position
	err error
}

func (l brokenAt) Scan(ctx context.Context, s ledger.Shard, from, to ledger.Position, maxBytes int) ([]ledger.Part, error) {
	if from == l.at {
		return nil, l.err
	}
	return l.Log.Scan(ctx, s, from, min(to, l.at), maxBytes)
}

func (l brokenAt) Load(ctx context.Context, s ledger.Shard, first ledger.Position) (ledger.Part, error) {
	if first == l.at {
		return ledger.Part{}, l.err
	}
	return l.Log.Load(ctx, s, first)
}

func TestFailuresAreReported(t *testing.T) {
	s := newStore(t, 1)
	for n := range 5 {
		s.append(simple(n))
	}
	ask(t, s.search, Request{Count: 1})
	// One at a time: several look ahead, and what they meet there is reported.
	s.engine.Workers = 1
	broken := errors.New("broken")
	s.engine.Ledger = brokenAt{s.engine.Ledger, 2, broken}
	p := ask(t, s.search, Request{Count: 2})
	check(t, "what lies in front of it", p, 4, 3)
	for name, f := range map[string]func(Request) (Page, error){"search": s.search, "enum": s.enum} {
		mark := ""
		var err error
		for range 5 {
			var page Page
			if page, err = f(Request{Mark: mark, Count: 1, Scope: allScope}); err != nil {
				break
			}
			mark = page.Mark
		}
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "shard 0 at 2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
