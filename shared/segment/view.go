package segment

import (
	"fmt"
	"slices"

	"docket/shared/activity"
)

// View is some parts of joined segments.
type View struct {
	n       int
	parts   Parts
	times   times
	actions []activity.Action
	starts  []uint32
	texts   [numColumns]*Text
}

// Len is the number of records.
func (v *View) Len() int { return v.n }

// Zone bounds what is there. It needs Times.
func (v *View) Zone() Zone { return v.times.zone }

// Whens are the times of the records, in seconds since 1970.
func (v *View) Whens() ([]int64, error) {
	if !v.parts.Has(Times.Of()) {
		return nil, fmt.Errorf("times: %w", errAbsent)
	}
	return v.times.whens, nil
}

// Spans bounds the times of every SpanRows rows. It needs Times.
func (v *View) Spans() []Span { return v.times.spans }

// Committed is when the batch of a row was committed, in microseconds since
// 1970-01-01T00:00:00Z. It needs Times.
func (v *View) Committed(row int) int64 {
	i, _ := slices.BinarySearch(v.times.runEnds, uint32(row)+1)
	return v.times.committed[i]
}

// ArchiveOnly says whether a record is kept out of enum and search. It needs
// Times.
func (v *View) ArchiveOnly(row int) bool {
	return v.times.archive != nil && v.times.archive[row/64]>>(row%64)&1 == 1
}

// Actions are the actions of the records.
func (v *View) Actions() ([]activity.Action, error) {
	if !v.parts.Has(Actions.Of()) {
		return nil, fmt.Errorf("actions: %w", errAbsent)
	}
	return v.actions, nil
}

// DetailStarts has Len()+1 entries, as of a Segment.
func (v *View) DetailStarts() ([]uint32, error) {
	if !v.parts.Has(Details.Of()) {
		return nil, fmt.Errorf("details: %w", errAbsent)
	}
	return v.starts, nil
}

// Text is a column. Its values are in no order.
func (v *View) Text(c Column) (*Text, error) {
	if !v.parts.Has(Part(c).Of()) {
		return nil, fmt.Errorf("column %s: %w", c, errAbsent)
	}
	return v.texts[c], nil
}

// Dictionary is the distinct values of a column.
func (v *View) Dictionary(c Column) (*Dictionary, error) {
	t, err := v.Text(c)
	if err != nil {
		return nil, err
	}
	return t.Dictionary, nil
}

// Record fills dst with a record. It needs AllParts. Texts lie in room, of which
// it returns what is left; where there is too little it makes more.
func (v *View) Record(row int, dst *activity.Record, room *Room) error {
	if row < 0 || row >= v.n || !v.parts.Has(AllParts) {
		return fmt.Errorf("no record %d of %d: %w", row, v.n, errAbsent)
	}
	dst.Action, dst.When, dst.ArchiveOnly = v.actions[row], v.times.whens[row], v.ArchiveOnly(row)
	for c := range DetailName {
		*c.field(dst) = room.value(v.texts[c], row)
	}
	from, end := int(v.starts[row]), int(v.starts[row+1])
	dst.Details = room.someDetails(end - from)
	for i := range dst.Details {
		for c := DetailName; c < numColumns; c++ {
			*c.detailField(&dst.Details[i]) = room.value(v.texts[c], from+i)
		}
	}
	return nil
}

// Room is memory for the texts and details of records, used piece by piece so
// that a record costs no allocation of its own. What was made of it stays.
type Room struct {
	bytes   []byte
	details []activity.Detail
}

const (
	roomBytes   = 64 << 10
	roomDetails = 512
)

// value is a row's value.
func (r *Room) value(t *Text, row int) string {
	id := int(t.ID(row))
	if t.original == nil {
		return t.Entry(id)
	}
	n := t.original.size(id)
	if n == 0 {
		return ""
	}
	if cap(r.bytes)-len(r.bytes) < n {
		r.bytes = make([]byte, 0, max(n, roomBytes))
	}
	at := len(r.bytes)
	r.bytes = t.original.append(r.bytes, id)
	return alias(r.bytes[at:])
}

// size is how many bytes value i has.
func (o *original) size(i int) int {
	if v, ok := o.others[uint32(i)]; ok {
		return len(v)
	}
	return int(o.Ends[i]) - o.start(i)
}

// someDetails is n empty details.
func (r *Room) someDetails(n int) []activity.Detail {
	if n == 0 {
		return nil
	}
	if r == nil {
		return make([]activity.Detail, n)
	}
	if len(r.details) < n {
		r.details = make([]activity.Detail, max(n, roomDetails))
	}
	list := r.details[:n:n]
	r.details = r.details[n:]
	return list
}
