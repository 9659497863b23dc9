package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
)

// reading is a walk of enum or of search by one user, with the mark that was last
// given out: what a client keeps.
type reading struct {
	*world
	name    string
	search  bool
	scope   activity.Scope
	entries []filter.Entry
	program *filter.Program
	mark    string
	got     map[string]bool
	began   []*sent // acknowledged when the walk began
	ended   bool
	asked   bool
	pages   int
	last    *activity.Stored // of a search, the last record given out
}

// walker enumerates over many pages and ends.
func (w *world) walker(ctx context.Context, p *process) { w.read(ctx, p, false) }

// searcher does searches, one after the other.
func (w *world) searcher(ctx context.Context, p *process) { w.read(ctx, p, true) }

func (w *world) read(ctx context.Context, p *process, search bool) {
	r := w.newReading(p.name, search)
	w.resuming = append(w.resuming, func(ctx context.Context, p *process) { r.finish(ctx, p) })
	for range 4 + w.rand.IntN(12) {
		if p.killed {
			return
		}
		r.page(ctx, p, 1+w.rand.IntN(9))
		if w.rand.IntN(3) == 0 && p.sleep(ctx, time.Duration(w.rand.IntN(100))*time.Millisecond) != nil {
			return
		}
		if w.restarts && w.rand.IntN(6) == 0 && !p.open(ctx) { // only the mark is left
			return
		}
		if r.ended && search { // a new search, from the beginning
			r = w.newReading(p.name, true)
			rest := r
			w.resuming = append(w.resuming, func(ctx context.Context, p *process) { rest.finish(ctx, p) })
		}
	}
}

// filters that searches have: by text, by list, by negation, by time.
func (w *world) filters() []filter.Entry {
	from, to := begin().Add(-30*time.Second).UTC().Format(time.RFC3339), begin().Add(-10*time.Second).UTC().Format(time.RFC3339)
	all := [][]filter.Entry{
		{},
		{{Field: filter.Who, Text: fmt.Sprint("writer ", w.rand.IntN(4))}},
		{{Field: filter.Where, Operator: filter.Equals, Text: "host 1"}},
		{{Field: filter.Where, Operator: filter.NotEqualTo, Text: "host 0"}, {Field: filter.Action, Text: "Removed"}},
		{{Field: filter.What, Operator: filter.Equals, Text: "0"}, {Field: filter.What, Operator: filter.Equals, Text: "2"}},
		{{Field: filter.When, From: &from, To: &to}},
		{{Field: filter.MonitoringPlan, Text: "alpha"}},
		{{Field: filter.Who, Text: "nobody"}},
	}
	return all[w.rand.IntN(len(all))]
}

func (w *world) newReading(name string, isSearch bool) *reading {
	r := &reading{world: w, name: name, search: isSearch, got: map[string]bool{}, scope: activity.Scope{All: true}}
	if w.rand.IntN(2) == 0 {
		r.scope = activity.Scope{Plans: map[string]bool{plans[1+w.rand.IntN(2)].ID: true}}
	}
	if isSearch {
		r.entries = w.filters()
	}
	program, problems := filter.Compile(r.entries, filter.Env{Now: begin(), Zone: time.UTC})
	if len(problems) > 0 {
		w.fail("filter %v: %v", r.entries, problems)
	}
	r.program = program
	return r
}

// wants says whether a record belongs into the walk.
func (r *reading) wants(s *activity.Stored) bool {
	return !s.ArchiveOnly && r.scope.Sees(s.Plan.ID) && r.program.Match(s)
}

// page asks for one page and checks it.
func (r *reading) page(ctx context.Context, p *process, count int) {
	if !r.asked {
		// An answer of 503 has fixed the window of a search as any other.
		r.began, r.asked = r.model.acked(), true
	}
	acked := r.model.acked()
	q := search.Request{Mark: r.mark, Count: count, Scope: r.scope}
	ask := p.engine.Enum
	if r.search {
		q.Entries, q.HasEntries = r.entries, true
		ask = p.engine.Search
	}
	if r.rand.IntN(3) == 0 {
		q.Size, q.MaxBytes = func(*activity.Stored) int { return 150 }, 150*(1+r.rand.IntN(6))
	}
	page, err := ask(ctx, q)
	r.trace("%s: page of %d: %d records, %v", r.name, count, len(page.Records), err)
	if err != nil {
		if !mayFail(err) {
			r.fail("%s: page %d: %v", r.name, r.pages, err)
		}
		return
	}
	if r.rand.IntN(5) == 0 { // the same mark again gives the same and maybe more (E5)
		again, err := ask(ctx, q)
		r.check(p, "page again", err)
		if err == nil {
			r.repeated(p, page, again)
		}
	}
	r.pages++
	r.take(p, page, count, acked)
}

// repeated holds the second answer to a mark against the first: of every shard it
// gives the same records, fewer or more.
func (r *reading) repeated(p *process, page, again search.Page) {
	if r.search && r.mark == "" {
		return // a new walk has a window of its own
	}
	first, second := byShard(p, page), byShard(p, again)
	for s, a := range first {
		for i, b := range second[s] {
			if i < len(a) && a[i] != b {
				r.fail("%s: the same mark gives %s in shard %d and then %s (E5)", r.name, a[i], s, b)
				return
			}
		}
	}
}

func byShard(p *process, page search.Page) map[ledger.Shard][]activity.RID {
	list := map[ledger.Shard][]activity.RID{}
	for i := range page.Records {
		s, _, _ := p.ledger.Locate(page.Records[i].RID)
		list[s] = append(list[s], page.Records[i].RID)
	}
	return list
}

// take checks the records of a page and goes on to its mark.
func (r *reading) take(p *process, page search.Page, count int, acked []*sent) {
	if len(page.Records) > count {
		r.fail("%s: %d records, asked for %d (S2)", r.name, len(page.Records), count)
	}
	for i := range page.Records {
		s := &page.Records[i]
		name := s.Who + "/" + s.What
		_, _, same := r.model.original(&s.Record)
		switch {
		case !same:
			r.fail("%s: %s was not sent so (L7)", r.name, name)
		case !r.wants(s):
			r.fail("%s: %s, plan %q, does not belong into the walk (A1, S1)", r.name, name, s.Plan.Name)
		case r.got[name]:
			r.fail("%s: %s is given out twice (E2)", r.name, name)
		case r.search && r.last != nil && s.When > r.last.When:
			r.fail("%s: %s is newer than what was before it", r.name, name)
		}
		r.got[name] = true
		r.last = s
		if shard, at, ok := p.ledger.Locate(s.RID); !ok {
			r.fail("%s: the RID of %s leads nowhere (L7)", r.name, name)
		} else {
			r.shownAt(p, place{shard, at}, &s.Record, s.RID)
		}
	}
	r.forward(p, page)
	r.mark = page.Mark
	if len(page.Records) > 0 {
		return
	}
	must := r.began // what a search has in its window for certain
	if !r.search {
		must = acked
	}
	for _, b := range must {
		r.mustHave(b, "an empty page (E8, S1)")
	}
	r.ended = true
	r.last = nil
}

// forward checks that the mark of a page is not behind the one it was asked with,
// and not the same one if it gave something (E4).
func (r *reading) forward(p *process, page search.Page) {
	next, err := p.engine.Marks.Open(page.Mark)
	if err != nil {
		r.fail("%s: the mark of page %d: %v", r.name, r.pages, err)
		return
	}
	var asked mark.Mark
	if r.mark != "" {
		if asked, err = p.engine.Marks.Open(r.mark); err != nil {
			r.fail("%s: the mark before page %d: %v", r.name, r.pages, err)
			return
		}
	}
	if !reaches(next.From, asked.From) || len(page.Records) == 0 && !reaches(next.From, asked.To) {
		r.fail("%s: the mark goes from %v, %v back to %v (E4)", r.name, asked.From, asked.To, next.From)
	}
	if asked.Place != nil && next.Place != nil && next.Place.When > asked.Place.When {
		r.fail("%s: the mark goes back from %v to %v (E4)", r.name, *asked.Place, *next.Place)
	}
	samePlace := asked.Place == next.Place || asked.Place != nil && next.Place != nil && *asked.Place == *next.Place
	if len(page.Records) > 0 && samePlace && reaches(asked.From, next.From) {
		r.fail("%s: the mark stands still after %d records (E4)", r.name, len(page.Records))
	}
}

// reaches says whether a vector is nowhere behind another one.
func reaches(v, other ledger.Vector) bool {
	for s, at := range other {
		if at > 0 && (s >= len(v) || v[s] < at) {
			return false
		}
	}
	return true
}

// mustHave checks that all of a batch that belongs into the walk was given out.
func (r *reading) mustHave(b *sent, when string) {
	for i := range b.n {
		s := activity.Stored{Record: b.record(i)}
		if name := fmt.Sprintf("%s/%d", b.name, i); r.wants(&s) && !r.got[name] {
			r.fail("%s: %s was acknowledged before and is missing at %s", r.name, name, when)
		}
	}
}

// finish goes on from the last mark, when everything is quiet, to the end (E3, E6).
func (r *reading) finish(ctx context.Context, p *process) {
	r.tamper(p)
	r.ended = false
	for range 400 {
		if r.page(ctx, p, 5+r.rand.IntN(40)); r.ended || len(r.broken) > 0 {
			break
		}
	}
	if !r.ended {
		r.fail("%s: the walk finds no end in a quiet world (P1)", r.name)
	}
	if r.search && len(r.broken) == 0 {
		// The mark is a checkpoint now: another search from it gives the rest.
		r.ended = false
		for range 400 {
			if r.page(ctx, p, 5+r.rand.IntN(40)); r.ended || len(r.broken) > 0 {
				break
			}
		}
	}
	if len(r.broken) > 0 {
		return
	}
	want := r.expected()
	if len(want) != len(r.got) {
		for _, name := range want {
			if !r.got[name] {
				r.fail("%s: %s is missing in the end, %d of %d were given out (E1, S1)", r.name, name, len(r.got), len(want))
				return
			}
		}
		r.fail("%s: %d records were given out, %d are there (S1)", r.name, len(r.got), len(want))
	}
}

// expected is what a complete walk gives: the naive filter over the log (S1).
func (r *reading) expected() []string {
	var names []string
	for _, b := range r.model.batches {
		for i := range b.n {
			s := activity.Stored{Record: b.record(i)}
			name := fmt.Sprintf("%s/%d", b.name, i)
			if r.wants(&s) && r.inLog(name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// inLog says whether a record is in the ledger; every place was shown to the
// auditor.
func (w *world) inLog(name string) bool {
	if w.final == nil {
		w.final = map[string]bool{}
		for _, n := range w.model.log {
			w.final[n] = true
		}
	}
	return w.final[name]
}

// tamper changes a mark in one place: it must be refused (A3).
func (r *reading) tamper(p *process) {
	if len(r.mark) == 0 {
		return
	}
	changed := []byte(r.mark)
	i := r.rand.IntN(len(changed))
	changed[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[r.rand.IntN(64)]
	if string(changed) == r.mark {
		return
	}
	_, err := p.engine.Enum(context.WithValue(context.Background(), processKey{}, p), search.Request{Mark: string(changed), Count: 1, Scope: r.scope})
	var bad *search.BadRequest
	if !errors.As(err, &bad) {
		r.fail("%s: a changed mark is answered with %v (A3)", r.name, err)
	}
}

// auditReads does complete walks over what is there in the end, by engines that
// have seen nothing yet.
func (w *world) auditReads(ctx context.Context, p *process) {
	for i := 0; i < 2 && len(w.broken) == 0; i++ {
		if !p.open(ctx) {
			return
		}
		w.newReading(fmt.Sprintf("auditor %d", i), i > 0).finish(ctx, p)
	}
}
