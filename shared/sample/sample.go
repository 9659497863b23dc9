package sample

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"docket/shared/activity"
)

//go:embed records.ndjson.gz
var compressed []byte

// line is a record as the file has it.
type line struct {
	Who, Where, ObjectType, What string
	Action, When                 string
	MonitoringPlan, Item         struct{ Name string }
	DataSource, Workstation      string
	DetailList                   []struct{ PropertyName, Before, After string }
}

// Records returns the sample in the order of the recordings, in a slice that is the caller's
// own. Every record has a plan's name and no plan ID; DataSource and Item are as
// in the file. An error means that the file compiled in is damaged.
func Records() ([]activity.Record, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("read sample: %w", err)
	}
	dec := json.NewDecoder(unzipped)
	dec.DisallowUnknownFields()
	var recs []activity.Record
	for n := 1; ; n++ {
		var l line
		switch err := dec.Decode(&l); {
		case errors.Is(err, io.EOF):
			return recs, nil
		case err != nil:
			return nil, fmt.Errorf("read sample record %d: %w", n, err)
		}
		r, err := l.record()
		if err != nil {
			return nil, fmt.Errorf("read sample record %d: %w", n, err)
		}
		recs = append(recs, r)
	}
}

func (l *line) record() (activity.Record, error) {
	action, ok := activity.ParseAction(l.Action)
	if !ok {
		return activity.Record{}, fmt.Errorf("unknown action %q", l.Action)
	}
	when, ok := activity.ParseWhen(l.When)
	if !ok {
		return activity.Record{}, fmt.Errorf("bad time %q", l.When)
	}
	r := activity.Record{
		Who: l.Who, Where: l.Where, ObjectType: l.ObjectType, What: l.What,
		Action: action, When: when,
		Plan: activity.Plan{Name: l.MonitoringPlan.Name},
		Item: l.Item.Name, DataSource: l.DataSource, Workstation: l.Workstation,
	}
	for _, d := range l.DetailList {
		r.Details = append(r.Details, activity.Detail{PropertyName: d.PropertyName, Before: d.Before, After: d.After})
	}
	if problems := r.Check(nil, ""); len(problems) > 0 {
		return activity.Record{}, fmt.Errorf("%s: %s", problems[0].Path, problems[0].Text)
	}
	return r, nil
}
