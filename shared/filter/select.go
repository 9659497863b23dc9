package filter

import (
	"fmt"
	"slices"

	"docket/shared/activity"
	"docket/shared/segment"
)

// Rows is records by column: those of a Segment, or a View of several.
type Rows interface {
	Len() int
	Zone() segment.Zone
	Whens() ([]int64, error)
	Actions() ([]activity.Action, error)
	DetailStarts() ([]uint32, error)
	Dictionary(c segment.Column) (*segment.Dictionary, error)
	Text(c segment.Column) (*segment.Text, error)
}

var (
	_ Rows = (*segment.Segment)(nil)
	_ Rows = (*segment.View)(nil)
)

// Parts is what Select may read of a segment.
func (p *Program) Parts() segment.Parts { return p.parts }

// Select appends to rows the numbers of those rows of seg that pass, ascending:
// exactly the rows for whose records Match is true. rid computes the identifier
// of a row; it is asked only for rows that pass everything else, and only if the
// filter looks at RID. Errors are those of a damaged segment.
func (p *Program) Select(seg Rows, rid func(row int) activity.RID, rows []uint32) ([]uint32, error) {
	return p.SelectWhen(seg, 0, seg.Len(), everything.from, everything.to, rid, rows)
}

// SelectWhen is Select for the rows alone that lie from low on and before high,
// and whose When is in from to to, both included.
func (p *Program) SelectWhen(seg Rows, low, high int, from, to int64, rid func(row int) activity.RID, rows []uint32) ([]uint32, error) {
	s := selection{seg: seg, rid: rid, rows: rows, base: len(rows), all: true, low: low, high: high}
	if bounds := (interval{from, to}); bounds != everything {
		if err := s.narrowWhen(intervals{bounds}); err != nil {
			return rows, fmt.Errorf("filter on When: %w", err)
		}
	}
	for _, c := range p.conditions {
		if s.empty() {
			return rows, nil
		}
		if err := c.narrow(&s); err != nil {
			return rows, fmt.Errorf("filter on %s: %w", c, err)
		}
	}
	return s.result(), nil
}

// condition is everything that a filter says about one field, prepared for
// whole segments.
type condition interface {
	// narrow drops rows that do not pass from the selection.
	narrow(s *selection) error

	String() string // the field
}

// selection is the rows of a segment that have passed so far.
type selection struct {
	seg  Rows
	rid  func(row int) activity.RID
	low  int      // the rows looked at: from low on
	high int      // and before high
	all  bool     // every one of them; then rows beyond base are none yet
	rows []uint32 // ascending from base
	base int
}

// candidates are the rows that have passed, unless all have.
func (s *selection) candidates() []uint32 { return s.rows[s.base:] }

// drop drops every row.
func (s *selection) drop() { s.all, s.rows = false, s.rows[:s.base] }

func (s *selection) empty() bool { return s.count() == 0 }

// count is how many rows have passed.
func (s *selection) count() int {
	if s.all {
		return s.high - s.low
	}
	return len(s.rows) - s.base
}

// keep drops the rows for which holds is false.
func (s *selection) keep(holds func(row uint32) bool) {
	if s.all {
		s.all = false
		for row := uint32(s.low); row < uint32(s.high); row++ {
			if holds(row) {
				s.rows = append(s.rows, row)
			}
		}
		return
	}
	kept := s.rows[:s.base]
	for _, row := range s.candidates() {
		if holds(row) {
			kept = append(kept, row)
		}
	}
	s.rows = kept
}

// result is the rows that have passed, behind those that the caller had.
func (s *selection) result() []uint32 {
	if s.all {
		s.addRows(s.low, s.high)
		s.all = false
	}
	return s.rows
}

// addRows adds rows from low on and before high.
func (s *selection) addRows(low, high int) {
	n := len(s.rows)
	s.rows = grow(s.rows, high-low)
	for row := low; row < high; row++ {
		s.rows[n+row-low] = uint32(row)
	}
}

// keepText drops the rows whose value is not accepted.
func (s *selection) keepText(text *segment.Text, accept []bool) {
	switch ids := text.IDs(); {
	case ids.Bytes != nil:
		keepAccepted(s, ids.Bytes, accept)
	case ids.Shorts != nil:
		keepAccepted(s, ids.Shorts, accept)
	case ids.Longs != nil:
		keepAccepted(s, ids.Longs, accept)
	case !accept[0]: // one value in all rows
		s.drop()
	}
}

// keepAccepted does not branch on the outcome, which no processor can foretell.
func keepAccepted[T ~uint8 | ~uint16 | ~uint32](s *selection, ids []T, accept []bool) {
	n := s.base
	if s.all {
		s.all = false
		s.rows = grow(s.rows, s.high-s.low)
		for row, id := range ids[s.low:s.high] {
			s.rows[n] = uint32(s.low + row)
			n += bit(accept[id])
		}
	} else {
		for _, row := range s.candidates() {
			s.rows[n] = row
			n += bit(accept[ids[row]])
		}
	}
	s.rows = s.rows[:n]
}

// grow makes room for n more elements, their content undefined.
func grow(s []uint32, n int) []uint32 { return slices.Grow(s, n)[:len(s)+n] }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
