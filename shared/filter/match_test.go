package filter

import (
	"fmt"
	"testing"

	"docket/shared/activity"
)

func TestOneWord(t *testing.T) {
	const rid = "20240515083000123ABCDEF0123456789ABCDEF0123456789"
	for _, c := range []struct {
		field Field
		op    Operator
		text  string
		want  bool
	}{
		{Who, Default, "alice", true},
		{Who, Default, "mallory", false},
		{Who, Contains, "PRISE\\AL", true},
		{Who, Contains, "", true},
		{Who, DoesNotContain, "mallory", true},
		{Who, DoesNotContain, "ALICE", false},
		{Who, DoesNotContain, "", false},
		{Who, Equals, `enterprise\ALICE`, true},
		{Who, Equals, "alice", false},
		{Who, NotEqualTo, "alice", true},
		{Who, NotEqualTo, `enterprise\alice`, false},
		{Who, StartsWith, "enter", true},
		{Who, StartsWith, "alice", false},
		{Who, EndsWith, "ALICE", true},
		{Who, EndsWith, "enter", false},
		{Who, InGroup, `ENTERPRISE\Admins`, true},
		{Who, InGroup, `ENTERPRISE\Nobody`, false},
		{Who, NotInGroup, `ENTERPRISE\Admins`, false},
		{Who, NotInGroup, `ENTERPRISE\Nobody`, true},
		{RID, Equals, rid, true},
		{RID, Equals, "20240515083000123abcdef0123456789abcdef0123456789", true},
		{RID, StartsWith, "2024", true},
		{RID, NotEqualTo, rid, false},
		{Where, EndsWith, ".LOCAL", true},
		{ObjectType, Equals, "user", true},
		{What, Contains, "kelvin", true},
		{What, Contains, "\u212aELVIN", true},
		{What, Contains, "u\u017fers", true},
		{What, EndsWith, "ΣΊΣΥΦΟΣ", true},
		{What, EndsWith, "σίσυφοσ", true},
		{What, Contains, "Kelvın", false},
		{DataSource, Equals, "active directory", true},
		{MonitoringPlan, Equals, "ad monitoring", true},
		{MonitoringPlan, Equals, "p1", false},
		{Item, Equals, "enterprise.local (domain)", true},
		{Item, Equals, "enterprise.local", false},
		{Workstation, StartsWith, "WS", true},
		{Before, Equals, "clerk", true},
		{Before, Equals, "manager", false},
		{Before, Equals, "", true}, // the second detail has none
		{Before, NotEqualTo, "clerk", false},
		{Before, NotEqualTo, "manager", true},
		{After, Contains, "5", true},
		{After, DoesNotContain, "manag", false},
		{After, DoesNotContain, "clerk", true},
		{Detail, Equals, "title", true},
		{Detail, Equals, "CHANGED twice", true},
		{Detail, Equals, "clerk", true},
		{Detail, Equals, "555", true},
		{Detail, NotEqualTo, "555", false},
		{Detail, DoesNotContain, "666", true},
		{Action, Default, "Modified", true},
		{Action, Equals, "Read", false},
		{Action, NotEqualTo, "Modified", false},
		{Action, NotEqualTo, "Modify (Failed Attempt)", true},
		{When, Default, "Today", true},
		{When, Equals, "Yesterday", false},
		{When, NotEqualTo, "Today", false},
		{When, NotEqualTo, "Yesterday", true},
		{When, Default, "LastSevenDays", true},
		{When, Default, "LastThirtyDays", true},
	} {
		t.Run(fmt.Sprintf("%s %d %s", c.field, c.op, c.text), func(t *testing.T) {
			p := mustCompile(t, Entry{Field: c.field, Operator: c.op, Text: c.text})
			if got := p.Match(record(t)); got != c.want {
				t.Errorf("Match = %v, want %v", got, c.want)
			}
		})
	}
}

func TestAbsentFields(t *testing.T) {
	r := record(t)
	r.Plan, r.Item, r.DataSource, r.Workstation, r.Details = activity.Plan{}, "", "", "", nil
	for _, f := range []Field{MonitoringPlan, Item, DataSource, Workstation, Before, After, Detail} {
		isDetail := f == Before || f == After || f == Detail
		for _, c := range []struct {
			op   Operator
			text string
			want bool
		}{
			{Contains, "x", false}, {Equals, "x", false}, {StartsWith, "x", false}, {EndsWith, "x", false},
			{DoesNotContain, "x", true}, {NotEqualTo, "x", true},
			// No detail at all is not an empty one.
			{Contains, "", !isDetail}, {Equals, "", !isDetail}, {StartsWith, "", !isDetail}, {EndsWith, "", !isDetail},
			{DoesNotContain, "", isDetail}, {NotEqualTo, "", isDetail},
		} {
			p := mustCompile(t, Entry{Field: f, Operator: c.op, Text: c.text})
			if got := p.Match(r); got != c.want {
				t.Errorf("%s %s %q: %v, want %v", f, c.op, c.text, got, c.want)
			}
		}
	}
}

func TestCombinations(t *testing.T) {
	who := func(o Operator, s string) Entry { return Entry{Field: Who, Operator: o, Text: s} }
	for _, c := range []struct {
		name    string
		entries []Entry
		want    bool
	}{
		{"no entry passes everything", nil, true},
		{"positive words of a field are alternatives", []Entry{who(Equals, "x"), who(Contains, "alice")}, true},
		{"none of the alternatives", []Entry{who(Equals, "x"), who(StartsWith, "alice")}, false},
		{"negative words must all hold", []Entry{who(DoesNotContain, "x"), who(NotEqualTo, `enterprise\alice`)}, false},
		{"both groups must hold", []Entry{who(Contains, "alice"), who(DoesNotContain, "prise")}, false},
		{"both groups hold", []Entry{who(Contains, "alice"), who(DoesNotContain, "x")}, true},
		{"a group is an alternative", []Entry{who(Equals, "x"), who(InGroup, `ENTERPRISE\Admins`)}, true},
		{"different fields must all hold", []Entry{who(Contains, "alice"), {Field: Action, Text: "Read"}}, false},
		{"actions are alternatives", []Entry{{Field: Action, Text: "Read"}, {Field: Action, Text: "Modified"}}, true},
		{"an action asked for and excluded", []Entry{{Field: Action, Text: "Modified"}, {Field: Action, Operator: NotEqualTo, Text: "Modified"}}, false},
		{"ranges are alternatives", []Entry{{Field: When, Text: "Yesterday"}, {Field: When, From: text("2024-05-15T08:30:00Z")}}, true},
		{"a range asked for and excluded", []Entry{{Field: When, Text: "Today"}, {Field: When, Operator: NotEqualTo, To: text("2024-05-15T08:30:00Z")}}, false},
		{"different details may satisfy different fields", []Entry{{Field: Before, Text: "clerk"}, {Field: After, Text: "555"}}, true},
		{"watch list", []Entry{who(Equals, "a"), who(Equals, "b"), who(Equals, "c"), who(Equals, "d"), who(Equals, "e"), who(Equals, `ENTERPRISE\ALICE`)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mustCompile(t, c.entries...).Match(record(t)); got != c.want {
				t.Errorf("Match = %v, want %v", got, c.want)
			}
		})
	}
}

func TestSimpleFolding(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"K", "k", true}, {"k", "\u212a", true}, {"K", "\u212a", true},
		{"s", "\u017f", true}, {"S", "\u017f", true},
		{"σ", "ς", true}, {"Σ", "ς", true},
		{"å", "\u212b", true}, {"µ", "μ", true}, {"ß", "ẞ", true}, {"Ω", "\u2126", true},
		{"Ǆ", "ǅ", true}, {"ǆ", "ǅ", true}, {"𐐀", "𐐨", true}, {"Ꭰ", "ꭰ", true},
		{"İ", "i", false}, {"İ", "I", false}, {"ı", "i", false}, {"ı", "I", false},
		{"ß", "ss", false}, {"ﬁ", "fi", false}, {"é", "e\u0301", false},
	} {
		for _, w := range []Operator{Equals, Contains, StartsWith, EndsWith} {
			word := newWord(w, c.b, nil)
			if got := word.match(c.a); got != c.same {
				t.Errorf("%q %s %q: match says %v", c.a, w, c.b, got)
			}
			if got := word.test(value{plain: c.a, folded: fold(c.a)}); got != c.same {
				t.Errorf("%q %s %q: test says %v", c.a, w, c.b, got)
			}
		}
	}
}

func TestRIDEquals(t *testing.T) {
	rid := record(t).RID
	equal := Entry{Field: RID, Operator: Equals, Text: rid.String()}
	if got, ok := mustCompile(t, equal, Entry{Field: Who, Text: "x"}).RIDEquals(); !ok || got != rid {
		t.Errorf("RIDEquals = %s, %v", got, ok)
	}
	for name, entries := range map[string][]Entry{
		"no entry":     nil,
		"negative":     {{Field: RID, Operator: NotEqualTo, Text: rid.String()}},
		"contains":     {{Field: RID, Operator: Contains, Text: rid.String()}},
		"short":        {{Field: RID, Operator: Equals, Text: "2024"}},
		"alternatives": {equal, {Field: RID, Operator: StartsWith, Text: "2024"}},
	} {
		if _, ok := mustCompile(t, entries...).RIDEquals(); ok {
			t.Errorf("%s: leaves more than one record", name)
		}
	}
}
