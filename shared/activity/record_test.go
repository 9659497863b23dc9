package activity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestActionsHaveTheirNames(t *testing.T) {
	list := Actions()
	if len(list) != 23 || list[0] != Added || list[22] != RenameFailed {
		t.Fatalf("actions %v", list)
	}
	names := map[string]bool{}
	for i, a := range list {
		if int(a) != i+1 || !a.Valid() || names[a.String()] || a.String() == "" {
			t.Errorf("action %d: number %d, name %q, valid %v", i, a, a, a.Valid())
		}
		names[a.String()] = true
		if got, ok := ParseAction(a.String()); !ok || got != a {
			t.Errorf("%q is action %d, %v; want %d", a, got, ok, a)
		}
	}
}

// TestActionNumbersAreStored: segments hold the numbers, so they are fixed.
func TestActionNumbersAreStored(t *testing.T) {
	for name, want := range map[string]Action{
		"Added": 1, "Removed": 2, "Modified": 3, "Read": 4, "Moved": 5, "Renamed": 6, "Checked in": 7, "Checked out": 8,
		"Discard check out": 9, "Successful Logon": 10, "Failed Logon": 11, "Logoff": 12, "Copied": 13, "Sent": 14,
		"Session start": 15, "Session end": 16, "Activated": 17, "Add (Failed Attempt)": 18, "Remove (Failed Attempt)": 19,
		"Modify (Failed Attempt)": 20, "Read (Failed Attempt)": 21, "Move (Failed Attempt)": 22, "Rename (Failed Attempt)": 23,
	} {
		if got, ok := ParseAction(name); !ok || got != want {
			t.Errorf("%s is %d, %v; want %d", name, got, ok, want)
		}
	}
}

func TestNoOtherActions(t *testing.T) {
	for _, name := range []string{"", "added", "Added ", "Action(1)", "Checked In", "Modify"} {
		if got, ok := ParseAction(name); ok || got != NoAction {
			t.Errorf("%q is %d, %v", name, got, ok)
		}
	}
	for _, a := range []Action{NoAction, numActions, 255} {
		if a.Valid() || !strings.HasPrefix(a.String(), "Action(") {
			t.Errorf("%d: valid %v, %q", a, a.Valid(), a)
		}
	}
}

func good() Record {
	return Record{Who: "w", Where: "h", ObjectType: "t", What: "x", Action: Read, Details: []Detail{{PropertyName: "p"}}}
}

func TestCheck(t *testing.T) {
	long255, long256 := strings.Repeat("я", 255), strings.Repeat("я", 256)
	for name, c := range map[string]struct {
		change func(*Record)
		want   []Problem
	}{
		"good":              {func(*Record) {}, nil},
		"as long as can":    {func(r *Record) { r.Who, r.Where, r.ObjectType, r.Plan.Name = long255, long255, long255, long255 }, nil},
		"What has no limit": {func(r *Record) { r.What = strings.Repeat("x", 100_000) }, nil},
		"bounds of When":    {func(r *Record) { r.When = MinWhen }, nil},
		"without Who":       {func(r *Record) { r.Who = "" }, []Problem{{"/R/Who", "Who is required and must not be blank."}}},
		"blank Where":       {func(r *Record) { r.Where = " \t\u2003\u00a0" }, []Problem{{"/R/Where", "Where is required and must not be blank."}}},
		"starts with space": {func(r *Record) { r.Where, r.What = " a", "\u2003b" }, nil},
		"blank What":        {func(r *Record) { r.What = "\n" }, []Problem{{"/R/What", "What is required and must not be blank."}}},
		"long ObjectType":   {func(r *Record) { r.ObjectType = long256 }, []Problem{{"/R/ObjectType", "ObjectType is longer than 255 characters."}}},
		"no action":         {func(r *Record) { r.Action = NoAction }, []Problem{{"/R/Action", "Action is required and must not be blank."}}},
		"too early":         {func(r *Record) { r.When = MinWhen - 1 }, []Problem{{"/R/When", "When is outside the years 0001 to 9999."}}},
		"too late":          {func(r *Record) { r.When = MaxWhen + 1 }, []Problem{{"/R/When", "When is outside the years 0001 to 9999."}}},
		"long plan":         {func(r *Record) { r.Plan.Name = long256 }, []Problem{{"/R/MonitoringPlan/Name", "Name is longer than 255 characters."}}},
		"unnamed property": {func(r *Record) { r.Details = []Detail{{PropertyName: "p"}, {After: "x"}} },
			[]Problem{{"/R/DetailList/Detail[2]/PropertyName", "PropertyName is required and must not be blank."}}},
		"long property": {func(r *Record) { r.Details[0].PropertyName = long256 },
			[]Problem{{"/R/DetailList/Detail[1]/PropertyName", "PropertyName is longer than 255 characters."}}},
		"all at once": {func(r *Record) { r.Who, r.What = "", "" },
			[]Problem{{"/R/Who", "Who is required and must not be blank."}, {"/R/What", "What is required and must not be blank."}}},
	} {
		r := good()
		c.change(&r)
		before := []Problem{{"/before", "kept"}}
		if diff := cmp.Diff(append(before[:1:1], c.want...), r.Check(before, "/R")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestIntegrationItem(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "web01": "web01 (Integration)", "web01 (Integration)": "web01 (Integration)",
		"web01 (Domain)": "web01 (Domain) (Integration)", "(Integration)": "(Integration) (Integration)",
	} {
		if got := IntegrationItem(in); got != want {
			t.Errorf("%q: %q; want %q", in, got, want)
		}
	}
}

func TestScope(t *testing.T) {
	some := Scope{Plans: map[string]bool{"a": true, "b": false, "": true}}
	for _, c := range []struct {
		scope Scope
		plan  string
		want  bool
	}{
		{Scope{}, "a", false}, {Scope{}, "", false},
		{Scope{All: true}, "a", true}, {Scope{All: true}, "", true},
		{some, "a", true}, {some, "b", false}, {some, "c", false}, {some, "", false},
	} {
		if got := c.scope.Sees(c.plan); got != c.want {
			t.Errorf("%+v sees %q: %v", c.scope, c.plan, got)
		}
	}
	if !(Scope{}).Empty() || (Scope{All: true}).Empty() || some.Empty() {
		t.Error("only the zero scope is empty")
	}
}

func TestRIDIsItsText(t *testing.T) {
	const text = "20170214153610123" + "0123456789abcdef0123456789abcdef"
	var r RID
	if n := copy(r[:], text); n != RIDLen || len(text) != RIDLen || r.String() != text {
		t.Errorf("%q of %d bytes is %q", text, len(text), r)
	}
}
