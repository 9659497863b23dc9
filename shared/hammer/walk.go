package hammer

import (
	"slices"

	"docket/shared/activity"
)

// walk is how far one walk has come: its mark and how many records of each batch
// it has been given. They come in order, each once, so a number says which.
type walk struct {
	mark string
	seen []uint32
	done int // the batches before this one need not be looked at again
}

// clone is a walk that can go on from the same mark.
func (w *walk) clone() *walk {
	return &walk{mark: w.mark, seen: slices.Clone(w.seen), done: w.done}
}

// take adds the records of the page after the walk's mark.
func (r *run) take(w *walk, recs []activity.Stored, now int64) {
	batches := r.book.all()
	if n := len(batches); n > len(w.seen) {
		w.seen = append(w.seen, make([]uint32, n-len(w.seen))...)
	}
	for i := range recs {
		at, b := r.check(batches, &recs[i])
		if b == nil {
			continue
		}
		switch next := w.seen[at.batch]; {
		case at.index < next:
			r.found.add(Repeated, "record %d of batch %d (RID %s) came again in one walk", at.index, at.batch, recs[i].RID)
			continue
		case at.index > next:
			r.found.add(Order, "record %d of batch %d came when record %d was next", at.index, at.batch, next)
		}
		w.seen[at.batch] = at.index + 1
		if at.index+1 == b.n {
			b.known(now)
		}
	}
}

// check compares one record with what was sent. It returns nil for a record
// that is not of this run, or cannot be.
func (r *run) check(batches []*batch, rec *activity.Stored) (id, *batch) {
	at, ok := r.content.identify(rec.What)
	if !ok {
		return at, nil
	}
	if int(at.batch) >= len(batches) || at.index >= batches[at.batch].n {
		r.found.add(Altered, "record %d of batch %d (RID %s) was never sent", at.index, at.batch, rec.RID)
		return at, nil
	}
	b := batches[at.batch]
	if b.bad {
		r.found.add(Refused, "record %d of batch %d (RID %s) is visible though its request was refused", at.index, at.batch, rec.RID)
		return at, nil
	}
	if d := r.content.difference(at, rec); d != "" {
		r.found.add(Altered, "record %d of batch %d (RID %s): %s", at.index, at.batch, rec.RID, d)
	}
	if !b.sameRID(at.index, rec.RID) {
		r.found.add(Altered, "record %d of batch %d has another RID than before: %s", at.index, at.batch, rec.RID)
	}
	return at, b
}

// ended judges a walk whose last page, asked for at that time, was empty: the
// end. All that was visible before must have come, and of no batch a part.
func (r *run) ended(w *walk, batches []*batch, asked int64) {
	settled := true // whether all batches up to here have come or never will
	for i := w.done; i < len(batches); i++ {
		b := batches[i]
		seen := uint32(0)
		if i < len(w.seen) {
			seen = w.seen[i]
		}
		switch {
		case b.bad || seen == b.n:
		case seen > 0:
			r.found.add(Part, "of batch %d came %d of %d records before the end", i, seen, b.n)
		case b.due(asked):
			r.found.add(Lost, "batch %d of %d records did not come before the end", i, b.n)
		default:
			settled = false
		}
		if settled {
			w.done = i + 1
		}
	}
}

// same compares what one mark of a search gave at two times: one page may be
// longer than the other, but not different, since a search sees the store as it
// was when it began.
func (r *run) same(first, again []activity.Stored) {
	if (len(first) == 0) != (len(again) == 0) {
		r.found.add(Unstable, "search: a mark gave %d records and then %d", len(first), len(again))
		return
	}
	for i := range min(len(first), len(again)) {
		if first[i].RID != again[i].RID {
			r.found.add(Unstable, "search: record %d after a mark was %s and is %s when asked again", i, first[i].RID, again[i].RID)
			return
		}
	}
}
