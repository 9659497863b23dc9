package segment

import (
	"fmt"
	"slices"

	"docket/shared/activity"
)

// all is every column, decoded.
type all struct {
	whens   []int64
	actions []activity.Action
	starts  []uint32
	text    [numColumns]*Text
}

func (s *Segment) all() (*all, error) {
	return s.whole.get(s.everything)
}

func (s *Segment) everything() (*all, error) {
	var a all
	var err error
	if a.whens, err = s.Whens(); err != nil {
		return nil, err
	}
	if a.actions, err = s.Actions(); err != nil {
		return nil, err
	}
	if a.starts, err = s.DetailStarts(); err != nil {
		return nil, err
	}
	for c := range a.text {
		if a.text[c], err = s.Text(Column(c)); err != nil {
			return nil, err
		}
	}
	return &a, nil
}

// Record fills dst with a record. Its texts share the segment's memory.
func (s *Segment) Record(row int, dst *activity.Record) error {
	return s.RecordIn(row, dst, nil)
}

// RecordIn is Record with its details in room, unless that is nil.
func (s *Segment) RecordIn(row int, dst *activity.Record, room *Room) error {
	if row < 0 || row >= s.head.n {
		return fmt.Errorf("no record %d of %d", row, s.head.n)
	}
	a, err := s.all()
	if err != nil {
		return err
	}
	a.record(row, dst, room.someDetails(int(a.starts[row+1]-a.starts[row])))
	dst.ArchiveOnly = s.ArchiveOnly(row)
	return nil
}

// Records appends all records to dst. Their texts share the segment's memory.
func (s *Segment) Records(dst []activity.Record) ([]activity.Record, error) {
	a, err := s.all()
	if err != nil {
		return dst, err
	}
	details := make([]activity.Detail, s.head.details)
	base := len(dst)
	dst = slices.Grow(dst, s.head.n)[:base+s.head.n]
	for row := range s.head.n {
		r := &dst[base+row]
		from, to := a.starts[row], a.starts[row+1]
		r.ArchiveOnly = s.ArchiveOnly(row)
		a.record(row, r, details[from:to:to])
	}
	return dst, nil
}

// record fills dst but for ArchiveOnly; details has room for the record's.
func (a *all) record(row int, dst *activity.Record, details []activity.Detail) {
	// Field by field: a whole record would be made aside and copied.
	dst.Who = a.text[Who].Row(row)
	dst.Where = a.text[Where].Row(row)
	dst.ObjectType = a.text[ObjectType].Row(row)
	dst.What = a.text[What].Row(row)
	dst.Action = a.actions[row]
	dst.When = a.whens[row]
	dst.Plan.ID = a.text[PlanID].Row(row)
	dst.Plan.Name = a.text[PlanName].Row(row)
	dst.Item = a.text[Item].Row(row)
	dst.DataSource = a.text[DataSource].Row(row)
	dst.Workstation = a.text[Workstation].Row(row)
	dst.Details = nil
	if len(details) == 0 {
		return
	}
	first := int(a.starts[row])
	for i := range details {
		d := &details[i]
		d.PropertyName = a.text[DetailName].Row(first + i)
		d.Message = a.text[DetailMessage].Row(first + i)
		d.Before = a.text[DetailBefore].Row(first + i)
		d.After = a.text[DetailAfter].Row(first + i)
	}
	dst.Details = details
}
