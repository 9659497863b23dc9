package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"

	"docket/shared/activity"
	"docket/shared/ledger"
	"docket/shared/source"
)

// run is one text on its way into the ledger.
type run struct {
	in     *Ingester
	ctx    context.Context
	origin Origin
	report func(Refusal)
	result Result
	plans  map[activity.Plan]foundPlan

	// body is what the keys of the current batch are bound to.
	body func() [sha256.Size]byte
	sum  hash.Hash // of the entries of the current batch; nil if nobody asks

	groups  []group // of the batch being filled
	next    int     // the entry that a run would go on with
	from    int     // the batch's first entry; 0: it is empty
	through int
	line    int // of the first entry
	bytes   int
	pending []Refusal // of the batch, reported when it is done
	refused int       // before this run, of the same text
	until   int       // the entry to end before; 0: none
}

// group is the records of a batch that name one plan. Whether that plan exists is
// no property of the text, and may change between two deliveries of it: by having a
// key of its own, a group is stored as a whole or not yet, and the others do not
// depend on it.
type group struct {
	named   activity.Plan // as the records have it; the zero Plan is none
	records []activity.Record
	entries []place
}

// place is where an entry stands.
type place struct{ number, line int }

type foundPlan struct {
	plan activity.Plan
	ok   bool
}

func (in *Ingester) newRun(ctx context.Context, o Origin, report func(Refusal)) *run {
	return &run{in: in, ctx: ctx, origin: o, report: report, plans: map[activity.Plan]foundPlan{}, next: 1}
}

// maxRefused bounds the refusals of a text: a small file may unpack to a thousand
// million bad records, and a report of more than this helps nobody. It is looked at
// between batches, so that it never changes what is in one.
const maxRefused = 100_000

var errRefused = fmt.Errorf("the file is not read from here on: %d of its records were refused", maxRefused)

// all reads the text to its end, which it reports by true, or until stop says so
// between two batches. Then next is where to go on.
func (f *run) all(r *source.Reader, read *readFault, stop func() bool) (ended bool, err error) {
	for {
		switch {
		case f.from > 0:
		case f.until > 0 && f.next >= f.until:
			return true, nil
		case stop != nil && stop():
			return false, nil
		}
		e, ok := r.Next()
		if read.err != nil {
			return false, fmt.Errorf("read: %w", read.err)
		}
		if !ok {
			return true, f.flush()
		}
		lone := e.Bytes > loneBytes
		if lone {
			if err := f.flush(); err != nil {
				return false, err
			}
		}
		if f.from == 0 && f.refused+f.result.Refused >= maxRefused && !e.Rest {
			f.begin(&e)
			f.refuse(e.Number, e.Number, e.Line, errRefused)
			return true, f.flush()
		}
		f.add(&e)
		if lone || f.through-f.from+1 == batchEntries || f.bytes >= batchBytes {
			if err := f.flush(); err != nil {
				return false, err
			}
		}
	}
}

// begin counts an entry to the batch.
func (f *run) begin(e *source.Entry) {
	if f.from == 0 {
		f.from, f.line = e.Number, e.Line
	}
	f.through = e.Number
}

// add puts an entry into the batch. A refused one takes its place there too.
func (f *run) add(e *source.Entry) {
	f.begin(e)
	f.bytes += e.Bytes
	if f.sum != nil {
		f.sum.Write(e.Data)
	}
	if e.Refused != nil {
		f.refuse(e.Number, e.Number, e.Line, e.Refused)
		return
	}
	for i := range e.Records {
		g := f.group(e.Records[i].Plan)
		g.records = append(g.records, e.Records[i])
		if n := len(g.entries); n == 0 || g.entries[n-1].number != e.Number {
			g.entries = append(g.entries, place{e.Number, e.Line})
		}
	}
}

// group is the batch's group for a plan. Plans of a batch are few: a list will do.
func (f *run) group(named activity.Plan) *group {
	for i := range f.groups {
		if f.groups[i].named == named {
			return &f.groups[i]
		}
	}
	if n := len(f.groups); n < cap(f.groups) {
		f.groups = f.groups[:n+1] // with the room of an earlier batch
	} else {
		f.groups = append(f.groups, group{})
	}
	g := &f.groups[len(f.groups)-1]
	*g = group{named, g.records[:0], g.entries[:0]}
	return g
}

var errPlan = errors.New("the monitoring plan does not exist or does not accept data through the API")

// refuse notes that entries of the batch are refused.
func (f *run) refuse(from, through, line int, why error) {
	f.pending = append(f.pending, Refusal{From: from, Through: through, Line: line, Reason: why.Error()})
}

// reportPending reports the refusals of a batch in the order of the text, an entry
// once. A batch that is not completed has none: it will be looked at again.
func (f *run) reportPending() {
	slices.SortStableFunc(f.pending, func(a, b Refusal) int { return cmp.Or(a.From-b.From, a.Through-b.Through) })
	for i, r := range f.pending {
		if i > 0 && r.From == f.pending[i-1].From && r.Through == f.pending[i-1].Through {
			continue
		}
		f.result.Refused += cmp.Or(r.Entries, r.Through-r.From+1)
		f.report(r)
	}
	f.pending = f.pending[:0]
}

// maxPlans bounds what is remembered of plans that a file makes up.
const maxPlans = 10_000

// findPlan finds the plan that records name, or that of the ingestion.
func (f *run) findPlan(given activity.Plan) (activity.Plan, bool, error) {
	if given == (activity.Plan{}) {
		return f.in.config.Plan, true, nil
	}
	found, known := f.plans[given]
	if !known {
		var err error
		if found.plan, found.ok, err = f.in.config.FindPlan(f.ctx, given); err != nil {
			return activity.Plan{}, false, fmt.Errorf("look for plan %q: %w", given.Name, err)
		}
		if len(f.plans) < maxPlans {
			f.plans[given] = found
		}
	}
	return found.plan, found.ok, nil
}

// flush stores the batch, group by group.
func (f *run) flush() error {
	if f.from == 0 {
		return nil
	}
	var body [sha256.Size]byte
	if len(f.groups) > 0 {
		body = f.body()
	}
	for i := range f.groups {
		if err := f.store(&f.groups[i], body); err != nil {
			return err
		}
	}
	f.reportPending()
	f.next = f.through + 1
	f.groups, f.from, f.bytes = f.groups[:0], 0, 0
	if f.sum != nil {
		f.sum.Reset()
	}
	return nil
}

// store stores a group, or reports why not.
func (f *run) store(g *group, body [sha256.Size]byte) error {
	plan, ok, err := f.findPlan(g.named)
	if err != nil {
		return err
	}
	if !ok {
		f.refuseGroup(g, errPlan)
		return nil
	}
	for i := range g.records {
		g.records[i].Plan = plan
	}
	receipt, err := f.in.config.Ledger.Append(f.ctx, ledger.Batch{
		Records: g.records, Principal: f.origin.Principal, RequestID: f.origin.RequestID,
		Key: &ledger.Key{Owner: f.origin.Owner, Text: f.keyText(g), Body: body, Life: f.origin.Life},
	})
	switch {
	case errors.Is(err, ledger.ErrTooLarge):
		f.refuseGroup(g, errTooLarge)
		return nil
	case errors.Is(err, ledger.ErrKeyReused):
		f.refuseGroup(g, errReused)
		return nil
	case err != nil:
		return fmt.Errorf("store entries %d to %d: %w", f.from, f.through, err)
	case !receipt.Duplicate:
		f.result.Stored += receipt.N
		return nil
	}
	f.result.Before += receipt.N
	if more := len(g.records) - receipt.N; more > 0 {
		f.pending = append(f.pending, Refusal{From: f.from, Through: f.through, Line: f.line, Entries: more, Reason: fmt.Sprintf(
			"%d of these were refused by an earlier version when this was ingested before, and would be taken now: give those in a file of their own", more)})
	}
	return nil
}

var (
	errTooLarge = errors.New("it is too large to be stored")
	errReused   = errors.New("something else was stored under its identity before")
)

// keyText names a group of a batch: where the batch begins, and the plan if the
// records name one.
func (f *run) keyText(g *group) string {
	text := fmt.Sprintf("%s from %d", f.origin.Name, f.from)
	if g.named == (activity.Plan{}) {
		return text
	}
	return fmt.Sprintf("%s plan %q %q", text, g.named.ID, g.named.Name)
}

// refuseGroup reports the entries of a group.
func (f *run) refuseGroup(g *group, why error) {
	for _, e := range g.entries {
		f.refuse(e.number, e.number, e.line, why)
	}
}
