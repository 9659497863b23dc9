package filter

import (
	"strings"
	"testing"

	"docket/shared/activity"

	"github.com/google/go-cmp/cmp"
)

func TestProblems(t *testing.T) {
	const day = "2024-05-15T00:00:00Z"
	for _, c := range []struct {
		name string
		e    Entry
		want string
	}{
		{"unknown field", Entry{Field: NoField}, "There is no such filter."},
		{"field out of range", Entry{Field: 99}, "There is no such filter."},
		{"operator out of range", Entry{Field: Who, Operator: 99}, "Who: There is no such operator."},
		{"group of another field", Entry{Field: Where, Operator: InGroup, Text: "g"}, "Where: operator InGroup is not allowed here."},
		{"no group of another field", Entry{Field: Detail, Operator: NotInGroup, Text: "g"}, "Detail: operator NotInGroup is not allowed here."},
		{"action contains", Entry{Field: Action, Operator: Contains, Text: "Read"}, "Action: operator Contains is not allowed here."},
		{"when starts with", Entry{Field: When, Operator: StartsWith, From: text(day)}, "When: operator StartsWith is not allowed here."},
		{"hours in group", Entry{Field: WorkingHours, Operator: InGroup}, "WorkingHours: operator InGroup is not allowed here."},
		{"unknown action", Entry{Field: Action, Text: "Burned"}, `Action: there is no action "Burned".`},
		{"action in another case", Entry{Field: Action, Text: "read"}, `Action: there is no action "read".`},
		{"no action", Entry{Field: Action}, `Action: there is no action "".`},
		{"unknown group", Entry{Field: Who, Operator: InGroup, Text: "Staff"}, `Who: there is no group "Staff".`},
		{"unknown group, negative", Entry{Field: Who, Operator: NotInGroup, Text: "Staff"}, `Who: there is no group "Staff".`},
		{"long RID", Entry{Field: RID, Text: strings.Repeat("1", 50)}, "RID: the value is longer than 49 characters."},
		{"long Who", Entry{Field: Who, Text: strings.Repeat("é", 256)}, "Who: the value is longer than 255 characters."},
		{"long Where", Entry{Field: Where, Text: strings.Repeat("x", 256)}, "Where: the value is longer than 255 characters."},
		{"long ObjectType", Entry{Field: ObjectType, Operator: NotEqualTo, Text: strings.Repeat("x", 256)}, "ObjectType: the value is longer than 255 characters."},
		{"long plan", Entry{Field: MonitoringPlan, Text: strings.Repeat("x", 256)}, "MonitoringPlan: the value is longer than 255 characters."},
		{"long bad value is cut", Entry{Field: Action, Text: strings.Repeat("é", 100)}, `Action: there is no action "` + strings.Repeat("é", 32) + `"….`},
		{"bad UTF-8", Entry{Field: What, Text: "a\xff"}, "What: the value is not valid UTF-8."},
		{"range of a text", Entry{Field: Who, From: text(day)}, "Who: From and To are not allowed here."},
		{"unknown period", Entry{Field: When, Text: "today"}, `When: "today" is not a period: use Today, Yesterday, LastSevenDays or LastThirtyDays.`},
		{"no range", Entry{Field: When}, "When: From, To or a period is required."},
		{"period and range", Entry{Field: When, Text: "Today", To: text(day)}, "When: a period and a range exclude each other."},
		{"bad From", Entry{Field: When, From: text("2024-05-15")}, `When: From must be YYYY-MM-DDTHH:MM:SS with Z or an offset, not "2024-05-15".`},
		{"bad To", Entry{Field: When, From: text(day), To: text("")}, `When: To must be YYYY-MM-DDTHH:MM:SS with Z or an offset, not "".`},
		{"hours without To", Entry{Field: WorkingHours, From: text("08:00:00Z")}, "WorkingHours: From and To are required."},
		{"hours with text", Entry{Field: WorkingHours, Text: "Today", From: text("08:00:00Z"), To: text("08:00:00Z")}, "WorkingHours: From and To are required."},
		{"hours without zone", Entry{Field: WorkingHours, From: text("08:00:00"), To: text("08:00:00Z")}, `WorkingHours: From must be HH:MM:SS with Z or an offset, not "08:00:00".`},
		{"bad hour", Entry{Field: WorkingHours, From: text("08:00:00Z"), To: text("24:00:00Z")}, `WorkingHours: To must be HH:MM:SS with Z or an offset, not "24:00:00Z".`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.e.Path = "/here"
			good := Entry{Field: Who, Text: "x", Path: "/there"}
			p, problems := Compile([]Entry{good, c.e, good}, testEnv())
			if diff := cmp.Diff([]activity.Problem{{Path: "/here", Text: c.want}}, problems); diff != "" || p != nil {
				t.Errorf("program %v, problems (-want +got):\n%s", p, diff)
			}
		})
	}
}

func TestEveryProblemIsReported(t *testing.T) {
	_, problems := Compile([]Entry{
		{Field: Action, Text: "x", Path: "/1"}, {Field: Who, Text: "x"}, {Field: When, Path: "/3"},
	}, testEnv())
	if len(problems) != 2 || problems[0].Path != "/1" || problems[1].Path != "/3" {
		t.Errorf("problems %v", problems)
	}
}

func TestLongestValues(t *testing.T) {
	for f, n := range map[Field]int{RID: 49, Who: 255, Where: 255, ObjectType: 255, MonitoringPlan: 255, What: 5000, Item: 5000, After: 5000} {
		mustCompile(t, Entry{Field: f, Text: strings.Repeat("é", n)})
	}
}

func TestFilterSize(t *testing.T) {
	fits := make([]Entry, MaxEntries)
	for i := range fits {
		fits[i] = Entry{Field: Who, Operator: Equals, Text: "x"}
	}
	mustCompile(t, fits...)
	for name, entries := range map[string][]Entry{
		"entries": append(fits, fits[0]),
		"bytes":   {{Field: What, Text: strings.Repeat("x", MaxBytes)}, {Field: When, From: text("2")}},
	} {
		p, problems := Compile(entries, testEnv())
		if p != nil || len(problems) != 1 || !strings.Contains(problems[0].Text, "at most") {
			t.Errorf("too many %s: %v", name, problems)
		}
	}
}

func TestOperatorsOfFields(t *testing.T) {
	for _, f := range Fields() {
		for _, o := range append(Operators(), Default) {
			want := true
			switch f {
			case Action, When, WorkingHours:
				want = o == Default || o == Equals || o == NotEqualTo
			case Who:
			default:
				want = o != InGroup && o != NotInGroup
			}
			if f.Allows(o) != want {
				t.Errorf("%s allows %d: %v", f, o, !want)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, f := range Fields() {
		if got, ok := ParseField(f.String()); !ok || got != f {
			t.Errorf("%s parses as %s", f, got)
		}
	}
	for _, o := range Operators() {
		if got, ok := ParseOperator(o.String()); !ok || got != o {
			t.Errorf("%s parses as %s", o, got)
		}
	}
	if f, ok := ParseField("Monitoring Plan"); !ok || f != MonitoringPlan {
		t.Error("Monitoring Plan is not a field")
	}
	for _, name := range []string{"", "who", "Who ", "monitoring plan", "Default", "NoField"} {
		if _, ok := ParseField(name); ok {
			t.Errorf("%q is a field", name)
		}
		if _, ok := ParseOperator(name); ok {
			t.Errorf("%q is an operator", name)
		}
	}
	if len(Fields()) != 15 || len(Operators()) != 8 {
		t.Errorf("%d fields and %d operators, the contract has 15 and 8", len(Fields()), len(Operators()))
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(uint8(Who), uint8(InGroup), `ENTERPRISE\Admins`, "", "", uint8(0))
	f.Add(uint8(When), uint8(NotEqualTo), "", "2024-05-15T00:00:00+02:00", "2024-05-15T00:00:00.5Z", uint8(3))
	f.Add(uint8(WorkingHours), uint8(Equals), "", "22:00:00Z", "06:00:00+05:30", uint8(3))
	f.Add(uint8(Action), uint8(Default), "Discard check out", "", "", uint8(0))
	f.Add(uint8(What), uint8(Contains), "\u212a\u017fς", "", "", uint8(0))
	f.Fuzz(func(t *testing.T, field, op uint8, value, from, to string, ends uint8) {
		e := Entry{Field: Field(field), Operator: Operator(op), Text: value, Path: "/p"}
		if ends&1 != 0 {
			e.From = &from
		}
		if ends&2 != 0 {
			e.To = &to
		}
		p, problems := Compile([]Entry{e}, testEnv())
		if (p == nil) == (problems == nil) {
			t.Fatalf("program %v with problems %v", p, problems)
		}
		if p == nil {
			return
		}
		checkNegation(t, e)
	})
}

// checkNegation asserts that an operator and its negation, both accepted,
// never agree.
func checkNegation(t *testing.T, e Entry) {
	base, negated := e.Operator.positive()
	if negated {
		e.Operator = base
	}
	opposite := e
	switch base {
	case Contains:
		opposite.Operator = DoesNotContain
	case Equals:
		opposite.Operator = NotEqualTo
	case InGroup:
		opposite.Operator = NotInGroup
	default:
		return
	}
	if mustCompile(t, e).Match(record(t)) == mustCompile(t, opposite).Match(record(t)) {
		t.Errorf("%+v and its negation agree", e)
	}
}
