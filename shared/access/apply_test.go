package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"docket/shared/table/memory"

	"pgregory.net/rapid"
)

func ptr[T any](v T) *T { return &v }

// applied applies doc and returns the changes, or the problems.
func applied(t *testing.T, d *Directory, doc *Document, prune bool) (changes, problems []string) {
	t.Helper()
	stop := errors.New("stop")
	r, err := d.Edit("t", rand.Reader).Update(context.Background(), func(f *Draft) error {
		problems = nil
		for _, p := range f.Apply(doc, prune) {
			problems = append(problems, p.String())
		}
		if problems != nil {
			return stop
		}
		return nil
	})
	if err != nil && !errors.Is(err, stop) {
		t.Fatal(err)
	}
	for _, c := range r.Changes {
		changes = append(changes, c.String())
	}
	return changes, problems
}

func TestApplyTakesGroupsInAnyOrder(t *testing.T) {
	d, _ := newDirectory(t)
	doc := &Document{Groups: []GroupSpec{{Name: "A", Groups: []string{"B"}}, {Name: "B", Groups: []string{"C"}}, {Name: "C", Members: []string{"x"}}}}
	if _, problems := applied(t, d, doc, false); problems != nil {
		t.Fatal(problems)
	}
	// The other way round, in one step: at no time is there a cycle.
	doc = &Document{Groups: []GroupSpec{{Name: "A", Groups: []string{}}, {Name: "B", Groups: []string{"A"}}, {Name: "C", Groups: []string{"B"}}}}
	if _, problems := applied(t, d, doc, false); problems != nil {
		t.Fatal(problems)
	}
	if changes, _ := applied(t, d, doc, true); changes != nil {
		t.Errorf("applied again it changes %v", changes)
	}
	doc.Groups[0].Groups = []string{"C"}
	if _, problems := applied(t, d, doc, false); len(problems) != 1 || !strings.Contains(problems[0], "inside itself") {
		t.Errorf("problems %v", problems)
	}
}

func TestApplyListsAllProblemsWithTheirLines(t *testing.T) {
	d, _ := newDirectory(t)
	doc := &Document{
		DefaultDomain: ptr("a:b"),
		Folders:       []FolderSpec{{2, "X/Y"}, {3, "Z"}, {4, "z"}, {5, ""}},
		Plans:         []PlanSpec{{Line: 6, Name: "P", Folder: ptr("Nowhere")}, {Line: 7, Name: "Q", ID: "42"}, {Line: 8, Name: "R"}, {Line: 9, Name: "r"}},
		Accounts:      []AccountSpec{{Line: 10, Name: "a@b@c"}, {Line: 11, Name: `D\a`}, {Line: 12, Name: "A@d"}, {Line: 13, Name: "n", Note: ptr("\a")}},
		Groups:        []GroupSpec{{Line: 14, Name: "g", Groups: []string{"nobody"}}, {Line: 15, Name: "h", Members: []string{`x\`}}},
		Roles: []RoleSpec{
			{16, Assignment{Role: Reviewer, Account: `D\a`}}, {17, Assignment{Role: Contributor, Account: "ghost"}},
			{18, Assignment{Role: Contributor, Group: "ghosts"}}, {19, Assignment{Role: Reviewer, Account: `D\a`, Plan: "nothing"}},
			{20, Assignment{Role: Contributor, Account: `D\a`, Folder: "Z"}}, {21, Assignment{Role: Contributor, Account: `D\a`}},
			{22, Assignment{Role: Contributor, Account: `d\A`}},
		},
	}
	_, problems := applied(t, d, doc, true)
	var lines []string
	for _, p := range problems {
		line, _, _ := strings.Cut(p, ":")
		lines = append(lines, strings.TrimPrefix(line, "line "))
	}
	if got := strings.Join(lines[1:], " "); got != "2 4 5 6 7 9 10 12 13 14 15 16 17 18 19 20 22" {
		t.Errorf("problems in lines %s:\n%s", got, strings.Join(problems, "\n"))
	}
	if s := snapshot(t, d); s.Version() != 0 {
		t.Errorf("version %d after a document with problems", s.Version())
	}
}

func TestPruneIsForTheListsThatThereAre(t *testing.T) {
	d := world(t)
	update(t, d, func(f *Draft) error {
		if err := f.UpdateGroup(ClientUsersGroup, func(g *Group) { g.Members = []string{`Corp\ann`} }); err != nil {
			return err
		}
		return f.Grant(Assignment{Role: Reviewer, Account: "ann", Folder: "Corp"})
	})
	for _, test := range []struct {
		doc  *Document
		want string
	}{
		{&Document{}, ""},
		{&Document{Folders: []FolderSpec{}}, "folder Corp/Europe is not free: plan europe"},
		{&Document{Accounts: []AccountSpec{}}, `accounts that the file lacks are in use (role Reviewer of account Corp\ann on folder Corp; Corp\ann is in the group Inner; Corp\ann is in the group Netwrix Auditor Client Users)`},
		{&Document{Accounts: []AccountSpec{}, Groups: []GroupSpec{}}, `(role Reviewer of account Corp\ann on folder Corp)`},
		{&Document{Groups: []GroupSpec{{Name: "Outer"}}}, "group Inner is in use (Inner is in the group Outer)"},
	} {
		changes, problems := applied(t, d, test.doc, true)
		if got := strings.Join(problems, "\n"); !strings.Contains(got, test.want) || (test.want == "") != (got == "") || changes != nil {
			t.Errorf("problems %q, want %q; changes %v", got, test.want, changes)
		}
	}
	empty := &Document{
		Folders: []FolderSpec{}, Plans: []PlanSpec{}, Accounts: []AccountSpec{}, Groups: []GroupSpec{}, Roles: []RoleSpec{},
	}
	if _, problems := applied(t, d, empty, true); problems != nil {
		t.Fatal(problems)
	}
	s := snapshot(t, d)
	if n := len(s.Accounts()) + len(s.Folders()) + len(s.Plans()) + len(s.Assignments()); n != 0 || len(s.Groups()) != 2 || len(s.Groups()[1].Members) != 0 {
		t.Errorf("%d things left, groups %v", n, s.Groups())
	}
}

// TestADirectoryCanBeDescribedAndMadeAgain exports random directories and applies
// the description to them, to an empty directory, and to another random one.
func TestADirectoryCanBeDescribedAndMadeAgain(t *testing.T) {
	ctx := context.Background()
	random := func(t *rapid.T, label string) *Directory {
		d := Open(memory.New(testNow), testNow)
		_, err := d.Edit("t", rand.Reader).Update(ctx, func(f *Draft) error {
			for range rapid.IntRange(0, 40).Draw(t, label) {
				if err := randomStep(t, f); err != nil && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrExists) && !errors.Is(err, ErrInUse) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	rapid.Check(t, func(t *rapid.T) {
		source := random(t, "source")
		s, err := source.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		doc := s.Document()
		shown := func(d *Directory) string {
			s, err := d.Snapshot(ctx)
			if err != nil {
				t.Fatal(err)
			}
			// A member is written as its account is, if that came first.
			return strings.ToUpper(fmt.Sprint(s.Settings(), s.Accounts(), s.Groups(), s.Folders(), s.Plans(), s.Assignments()))
		}
		apply := func(d *Directory) []Problem {
			var problems []Problem
			_, err := d.Edit("t", rand.Reader).Update(ctx, func(f *Draft) error {
				if problems = f.Apply(doc, true); problems != nil {
					return errors.New("problems")
				}
				return nil
			})
			if err != nil && problems == nil {
				t.Fatal(err)
			}
			return problems
		}
		before := shown(source)
		if p := apply(source); p != nil || shown(source) != before {
			t.Fatalf("applied to itself: %v\n%s\nwas\n%s", p, shown(source), before)
		}
		fresh := Open(memory.New(testNow), testNow)
		if p := apply(fresh); p != nil || shown(fresh) != shown(source) {
			t.Fatalf("applied to nothing: %v\n%s\nwant\n%s", p, shown(fresh), shown(source))
		}
	})
}
