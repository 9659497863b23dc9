package hammer

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"docket/shared/activity"
	"docket/shared/client"
	"docket/shared/filter"
)

// query is a search and what it must find, said in another way.
type query struct {
	name    string
	entries []filter.Entry
	match   func(template *activity.Record, when int64, at id) bool
}

// selective is the largest share of the records that a query may match, as one
// in so many: a walk must end while the run goes on.
const selective = 200

// few records are found whole in a page or two.
const few = 10_000

// searcher searches, and compares with what was written.
func (r *run) searcher(ctx context.Context, dice *rand.Rand) error {
	for ctx.Err() == nil {
		batches := r.book.all()
		if len(batches) == 0 {
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return nil
			}
			continue
		}
		if err := r.find(ctx, dice, r.query(dice, len(batches))); err != nil {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil
		}
	}
	return nil
}

func text(f filter.Field, op filter.Operator, s string) filter.Entry {
	return filter.Entry{Field: f, Operator: op, Text: s}
}

// query draws a search that is selective enough. All look only at this run.
func (r *run) query(dice *rand.Rand, batches int) query {
	for {
		q := r.draw(dice, &r.content.templates[dice.IntN(numTemplates)], batches)
		n := 0
		for i := range 2000 {
			at := id{uint32(dice.IntN(batches)), uint32(i)}
			if template, when := r.content.facts(at); q.match(&r.content.templates[template], when, at) {
				n++
			}
		}
		if n <= 2000/selective || r.book.sent() < few {
			return q
		}
	}
}

// draw makes a search from a record that it finds. Filters of one field are
// alternatives, so What is given once.
func (r *run) draw(dice *rand.Rand, t *activity.Record, batches int) query {
	from := t.When - dice.Int64N(spread)
	to := from + 3600
	when := filter.Entry{Field: filter.When}
	first, last := string(activity.AppendWhen(nil, from)), string(activity.AppendWhen(nil, to))
	when.From, when.To = &first, &last
	ours := text(filter.What, filter.StartsWith, r.content.prefix)
	switch dice.IntN(5) {
	case 0:
		return query{"who", []filter.Entry{ours, text(filter.Who, filter.Equals, t.Who)},
			func(r *activity.Record, _ int64, _ id) bool { return strings.EqualFold(r.Who, t.Who) }}
	case 1:
		return query{"when and action", []filter.Entry{ours, when, text(filter.Action, filter.Default, t.Action.String())},
			func(r *activity.Record, at int64, _ id) bool { return at >= from && at <= to && r.Action == t.Action }}
	case 2:
		b := uint32(dice.IntN(batches))
		return query{"one batch", []filter.Entry{text(filter.What, filter.Contains, r.content.batchPrefix(b))},
			func(_ *activity.Record, _ int64, at id) bool { return at.batch == b }}
	case 3:
		return query{"where and not who", []filter.Entry{ours, text(filter.Where, filter.Equals, t.Where), text(filter.Who, filter.DoesNotContain, "svc-")},
			func(r *activity.Record, _ int64, _ id) bool {
				return strings.EqualFold(r.Where, t.Where) && !strings.Contains(strings.ToLower(r.Who), "svc-")
			}}
	}
	return query{"object type and when", []filter.Entry{ours, when, text(filter.ObjectType, filter.Equals, t.ObjectType)},
		func(r *activity.Record, at int64, _ id) bool {
			return at >= from && at <= to && strings.EqualFold(r.ObjectType, t.ObjectType)
		}}
}

// find walks through one search and judges it: every page, and at the end whether
// all that was visible before it began and matches has come.
func (r *run) find(ctx context.Context, dice *rand.Rand, q query) error {
	began := r.now()
	seen := map[id]bool{}
	last := int64(activity.MaxWhen)
	for mark := ""; ; {
		page, err := r.searchPage(ctx, dice, mark, q.entries)
		if err != nil {
			if err = r.passing(ctx, &r.search, err); err != nil {
				return err
			}
			continue
		}
		if len(page.Records) == 0 {
			break
		}
		if mark != "" && dice.IntN(3) == 0 {
			if again, err := r.searchPage(ctx, dice, mark, q.entries); err == nil {
				r.repeats.Add(1)
				r.same(page.Records, again.Records)
			}
		}
		last = r.takeMatches(q, page.Records, seen, last)
		mark = page.Mark
	}
	r.missing(q, seen, began)
	r.searches.Add(1)
	return nil
}

func (r *run) searchPage(ctx context.Context, dice *rand.Rand, mark string, entries []filter.Entry) (client.Page, error) {
	counts := [...]int{3, 100, 1000, 1000}
	began := time.Now()
	page, err := r.on(dice).Search(ctx, mark, entries, counts[dice.IntN(len(counts))])
	if err == nil {
		r.search.add(time.Since(began), len(page.Records))
	}
	return page, err
}

// takeMatches judges one page of a search that has come down to the time last.
func (r *run) takeMatches(q query, recs []activity.Stored, seen map[id]bool, last int64) int64 {
	batches := r.book.all()
	for i := range recs {
		at, b := r.check(batches, &recs[i])
		switch template, when := r.content.facts(at); {
		case b == nil:
			if _, ours := r.content.identify(recs[i].What); !ours {
				r.found.add(Foreign, "search %q gave %s, which is not of this run", q.name, recs[i].RID)
			}
			continue
		case !q.match(&r.content.templates[template], when, at):
			r.found.add(Foreign, "search %q gave record %d of batch %d, which does not match", q.name, at.index, at.batch)
		case seen[at]:
			r.found.add(Repeated, "search %q gave record %d of batch %d again", q.name, at.index, at.batch)
		case recs[i].When > last:
			r.found.add(Order, "search %q gave record %d of batch %d after an older one", q.name, at.index, at.batch)
		}
		seen[at] = true
		last = recs[i].When
	}
	return last
}

// missing finds what a search that began at a time should have given.
func (r *run) missing(q query, seen map[id]bool, began int64) {
	for number, b := range r.book.all() {
		if b.bad || !b.due(began) {
			continue
		}
		for i := range b.n {
			at := id{uint32(number), i}
			template, when := r.content.facts(at)
			if q.match(&r.content.templates[template], when, at) && !seen[at] {
				r.found.add(Lost, "search %q did not give record %d of batch %d", q.name, i, number)
			}
		}
	}
}
