package recordfile

import (
	"encoding/json"
	"strings"

	"docket/shared/activity"
)

// csvHeader is the first row. Details are a JSON list, as in an answer.
var csvHeader = []string{"RID", "When", "Who", "Action", "ObjectType", "What", "Where", "MonitoringPlan", "MonitoringPlanID", "DataSource", "Item", "Workstation", "DetailList"}

// cell makes a text safe to open in a spreadsheet: one that would be taken for
// a formula gets an apostrophe before it, which spreadsheets do not show.
func cell(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return "'" + s
	}
	return s
}

// row puts the cells of a record into the memory of another.
func row(row []string, r *activity.Stored) ([]string, error) {
	details, err := detailText(r)
	if err != nil {
		return nil, err
	}
	when := string(activity.AppendWhen(nil, r.When))
	row = append(row[:0], r.RID.String(), when, r.Who, r.Action.String(), r.ObjectType, r.What, r.Where, r.Plan.Name, r.Plan.ID, r.DataSource, r.Item, r.Workstation, details)
	for i := range row {
		row[i] = cell(row[i])
	}
	return row, nil
}

type csvDetail struct {
	PropertyName string
	Message      string `json:",omitempty"`
	Before       string `json:",omitempty"`
	After        string `json:",omitempty"`
}

func detailText(r *activity.Stored) (string, error) {
	if len(r.Details) == 0 {
		return "", nil
	}
	list := make([]csvDetail, len(r.Details))
	for i, d := range r.Details {
		list[i] = csvDetail(d)
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(list); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
