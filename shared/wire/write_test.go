package wire_test

import (
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/wire"
)

// answers are records that show every field, and no optional one.
func answers() []activity.Stored {
	full := activity.Stored{Record: activity.Record{
		Who: `Enterprise\O'Hara & "Sons"`, Where: "dc1.enterprise.local", ObjectType: "User", What: `\local\enterprise\Users\<Ann>`,
		Action: activity.AddFailed, When: 1772600767,
		Plan: activity.Plan{ID: "{42F64379-163E-4A43-A9C5-4514C5A23798}", Name: "AD Monitoring"}, Item: "enterprise.local (Domain)",
		DataSource: "Active Directory", Workstation: "172.28.6.15",
		Details: []activity.Detail{
			{PropertyName: "Title", Message: "was changed", Before: "a\tb", After: "line\r\nline"},
			{PropertyName: "Only"},
		},
	}}
	copy(full.RID[:], "20260304050607089B9451771F5964A9EAC0A5F35307EA155")
	least := activity.Stored{Record: activity.Record{
		Who: "w", Where: "s", ObjectType: "o", What: "control \x01, not a character \uffff", Action: activity.Read, When: activity.MinWhen,
		ArchiveOnly: true,
	}}
	copy(least.RID[:], "20260304050607089B9451771F5964A9EAC0A5F35307EA156")
	return []activity.Stored{full, least}
}

// TestAnswers compares answers and requests with files that show how they look:
// names and their order are those of the documentation.
func TestAnswers(t *testing.T) {
	from, to := "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
	recs := answers()
	s := wire.Search{Mark: "the-mark_1", Entries: []filter.Entry{
		{Field: filter.Who, Text: " Ann & Bob "},
		{Field: filter.Action, Operator: filter.NotEqualTo, Text: "Read"},
		{Field: filter.Who, Operator: filter.InGroup, Text: `Enterprise\Administrators`},
		{Field: filter.When, From: &from, To: &to},
		{Field: filter.When, Operator: filter.NotEqualTo, Text: "Today"},
		{Field: filter.When, To: &to},
		{Field: filter.WorkingHours, Operator: filter.NotEqualTo, From: &from},
	}}
	errs := []wire.Error{
		{Category: wire.InputError, Description: `There is no action "<Zap>".`, Location: wire.RecordLocation(wire.XML, 1) + "/Action"},
		{Category: wire.ServerError, Description: "Internal error."},
	}
	for _, f := range formats {
		var b strings.Builder
		part := func(name string, body []byte) { b.WriteString("== " + name + "\n" + string(body) + "\n") }
		part("page", appendPage(f, recs, "the-mark_1"))
		part("empty page", appendPage(f, nil, "the-mark_1"))
		part("write", wire.AppendRecords(nil, f, []activity.Record{recs[0].Record, recs[1].Record}))
		part("search", wire.AppendSearch(nil, f, s))
		part("empty search", wire.AppendSearch(nil, f, wire.Search{}))
		part("mark", wire.AppendMark(nil, f, "the-mark_1"))
		part("errors", wire.AppendErrors(nil, f, errs))
		golden(t, "written-"+strings.ToLower(f.String())+".golden", b.String())
	}
}

func TestEmptySearchComesBack(t *testing.T) {
	for _, f := range formats {
		s, err := wire.ReadSearch(f, wire.AppendSearch(nil, f, wire.Search{}))
		if err != nil || s.Mark != "" || len(s.Entries) != 0 {
			t.Errorf("%s: %+v, %v", f, s, err)
		}
	}
}

func TestErrorsComeBack(t *testing.T) {
	want := []wire.Error{{Category: wire.InputError, Description: "a <b> & \"c\"\nd", Location: "/x[1]"}, {Category: wire.XMLError, Description: "e"}}
	for _, f := range formats {
		got, err := wire.ReadErrors(f, wire.AppendErrors(nil, f, want))
		if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s: %+v, %v", f, got, err)
		}
	}
}

func TestRecordLocation(t *testing.T) {
	for _, f := range formats {
		if got := wire.RecordLocation(f, 41); got != "/ActivityRecordList/ActivityRecord[42]" {
			t.Errorf("%s: %s", f, got)
		}
	}
}

func TestInvalidSaysItAll(t *testing.T) {
	_, err := wire.ReadRecords(wire.JSON, []byte("[{},{}]"))
	want := "InputError: When is required and must not be blank. at /ActivityRecordList/ActivityRecord[1]/When (and 11 more)"
	if err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}
