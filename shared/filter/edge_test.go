package filter

import (
	"slices"
	"testing"

	"docket/shared/activity"
)

func selects(t *testing.T, records []activity.Record, entries ...Entry) []uint32 {
	t.Helper()
	p := mustCompile(t, entries...)
	got, err := p.Select(makeSegment(t, records), ridOf, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := matching(p, records); !slices.Equal(got, want) {
		t.Errorf("%+v: selects %v, matches %v", entries, got, want)
	}
	return got
}

func whats(t *testing.T, list ...string) []activity.Record {
	var records []activity.Record
	for _, what := range list {
		r := record(t).Record
		r.What, r.Details = what, []activity.Detail{{PropertyName: "p", After: what}}
		records = append(records, r)
	}
	return records
}

// A pattern that begins in one dictionary value and ends in the next is in
// neither.
func TestPatternAcrossValues(t *testing.T) {
	records := whats(t, "xa", "y", "zaya", "ya")
	if got := selects(t, records, Entry{Field: What, Text: "ay"}); !slices.Equal(got, []uint32{2}) {
		t.Errorf("selects %v", got)
	}
	if got := selects(t, records, Entry{Field: After, Text: "AY"}); !slices.Equal(got, []uint32{2}) {
		t.Errorf("selects %v", got)
	}
}

// A column with one value has no ids.
func TestOneValueInAllRows(t *testing.T) {
	records := whats(t, "same", "same", "same")
	for _, f := range []Field{What, Before, After, Detail} {
		for _, o := range []Operator{Contains, DoesNotContain, Equals, NotEqualTo} {
			for _, s := range []string{"", "same", "other"} {
				selects(t, records, Entry{Field: f, Operator: o, Text: s})
			}
		}
	}
}

// Few rows that are left of a large dictionary are judged one by one.
func TestFewCandidates(t *testing.T) {
	var list []string
	for i := range 100 {
		list = append(list, ridOf(i).String())
	}
	records := whats(t, list...)
	records[7].Who, records[8].Who = "one", "one"
	got := selects(t, records, Entry{Field: Who, Text: "ONE"}, Entry{Field: What, Operator: NotEqualTo, Text: list[8]})
	if !slices.Equal(got, []uint32{7}) {
		t.Errorf("selects %v", got)
	}
}
