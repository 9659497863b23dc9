package filter

import (
	"testing"
	"time"

	"docket/shared/activity"
)

// now is a Wednesday, noon.
var now = time.Date(2024, 5, 15, 12, 0, 0, 0, time.UTC)

// members is a group of accounts written in lower case.
type members map[string]bool

func (m members) Contains(account string) bool { return m[fold(account)] }

func testEnv() Env {
	groups := map[string]members{
		`ENTERPRISE\Admins`: {`enterprise\alice`: true, `enterprise\bob`: true},
		`ENTERPRISE\Nobody`: {},
	}
	return Env{Now: now, Group: func(name string) (Members, bool) {
		m, ok := groups[name]
		return m, ok
	}}
}

func when(t testing.TB, s string) int64 {
	t.Helper()
	w, ok := activity.ParseWhen(s)
	if !ok {
		t.Fatalf("bad time %q in a test", s)
	}
	return w
}

func text(s string) *string { return &s }

// record is a full one; tests change what they look at.
func record(t testing.TB) *activity.Stored {
	r := &activity.Stored{Record: activity.Record{
		Who:         `ENTERPRISE\Alice`,
		Where:       "dc1.enterprise.local",
		ObjectType:  "User",
		What:        `\local\enterprise\Users\Kelvin Σίσυφος`,
		Action:      activity.Modified,
		When:        when(t, "2024-05-15T08:30:00Z"),
		Plan:        activity.Plan{ID: "p1", Name: "AD Monitoring"},
		Item:        "enterprise.local (Domain)",
		DataSource:  "Active Directory",
		Workstation: "ws-7",
		Details: []activity.Detail{
			{PropertyName: "Title", Before: "Clerk", After: "Manager"},
			{PropertyName: "Phone", Message: "changed twice", After: "555"},
		},
	}}
	copy(r.RID[:], "20240515083000123ABCDEF0123456789ABCDEF0123456789")
	return r
}

func mustCompile(t testing.TB, entries ...Entry) *Program {
	t.Helper()
	p, problems := Compile(entries, testEnv())
	if problems != nil {
		t.Fatalf("compile %+v: %v", entries, problems)
	}
	return p
}
