package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/table/memory"

	"pgregory.net/rapid"
)

// The names of the property tests: few, so that they meet.
var (
	someAccounts = []string{"a", `D\a`, `D\b`, `E\b`, "c@e"}
	someGroups   = []string{"g", `D\g`, "h", "i", AdministratorsGroup, ClientUsersGroup}
	someFolders  = []string{"f", "f/g", "f/g/h", "k", "K/g"}
	somePlans    = []string{"p", "q", "r"}
)

// randomStep is one edit of any kind; most are refused, which is part of the
// matter.
func randomStep(t *rapid.T, f *Draft) error {
	pick := func(list []string, label string) string {
		s := rapid.SampledFrom(list).Draw(t, label)
		if rapid.Bool().Draw(t, "upper") {
			return strings.ToUpper(s)
		}
		return s
	}
	cascade := rapid.Bool().Draw(t, "cascade")
	switch rapid.IntRange(0, 12).Draw(t, "step") {
	case 0:
		return f.AddAccount(Account{Name: pick(someAccounts, "account")})
	case 1:
		return f.RemoveAccounts(cascade, pick(someAccounts, "account"))
	case 2:
		return f.UpdateAccount(pick(someAccounts, "account"), func(a *Account) { a.Disabled = !a.Disabled })
	case 3:
		return f.AddGroup(Group{Name: pick(someGroups, "group"), Members: []string{pick(someAccounts, "member")}})
	case 4:
		return f.RemoveGroup(pick(someGroups, "group"), cascade)
	case 5:
		return f.UpdateGroup(pick(someGroups, "group"), func(g *Group) { g.Groups = append(g.Groups, pick(someGroups, "nested")) })
	case 6:
		return f.AddFolder(pick(someFolders, "folder"))
	case 7:
		return f.MoveFolder(pick(someFolders, "from"), pick(someFolders, "to"))
	case 8:
		return f.RemoveFolder(pick(someFolders, "folder"), cascade)
	case 9:
		_, err := f.AddPlan(Plan{Name: pick(somePlans, "plan"), Folder: rapid.SampledFrom(append([]string{""}, someFolders...)).Draw(t, "folder")})
		return err
	case 10:
		return f.RemovePlan(pick(somePlans, "plan"), cascade)
	case 11:
		return f.Revoke(randomRole(t, pick))
	default:
		return f.Grant(randomRole(t, pick))
	}
}

func randomRole(t *rapid.T, pick func([]string, string) string) Assignment {
	a := Assignment{Role: rapid.SampledFrom(Roles()).Draw(t, "role")}
	if rapid.Bool().Draw(t, "to group") {
		a.Group = pick(someGroups, "group")
	} else {
		a.Account = pick(someAccounts, "account")
	}
	if a.Role.Scoped() {
		if rapid.Bool().Draw(t, "on folder") {
			a.Folder = pick(someFolders, "folder")
		} else {
			a.Plan = pick(somePlans, "plan")
		}
	}
	return a
}

// naiveRights works the rights of an account out from the lists of the
// directory, by definition and without any index.
func naiveRights(s *Snapshot, a Account) Rights {
	in := func(group string) bool {
		var inside func(name string) bool
		inside = func(name string) bool {
			for _, g := range s.Groups() {
				if !SameName(g.Name, name) {
					continue
				}
				for _, m := range g.Members {
					if SameName(m, a.Name) {
						return true
					}
				}
				for _, n := range g.Groups {
					if inside(n) {
						return true
					}
				}
			}
			return false
		}
		return inside(group)
	}
	roles := append(s.Assignments(), Assignment{Role: GlobalAdministrator, Group: AdministratorsGroup}, Assignment{Role: GlobalReviewer, Group: ClientUsersGroup})
	var r Rights
	plans := map[string]bool{}
	for _, g := range roles {
		if a.Disabled || g.Account != "" && !SameName(g.Account, a.Name) || g.Group != "" && !in(g.Group) {
			continue
		}
		switch g.Role {
		case GlobalAdministrator:
			r.Read, r.Write, r.Scope.All = true, true, true
		case GlobalReviewer:
			r.Read, r.Scope.All = true, true
		case Contributor:
			r.Write = true
		case Reviewer:
			r.Read = true
			for _, p := range s.Plans() {
				below := strings.HasPrefix(strings.ToUpper(p.Folder)+"/", strings.ToUpper(g.Folder)+"/")
				if p.ID == g.Plan || g.Folder != "" && below {
					plans[p.ID] = true
				}
			}
		}
	}
	if !r.Scope.All {
		r.Scope.Plans = plans
	}
	return r
}

func sameScope(a, b activity.Scope) bool {
	if a.All || b.All {
		return a.All == b.All
	}
	return len(a.Plans) == len(b.Plans) && (len(a.Plans) == 0 || reflect.DeepEqual(a.Plans, b.Plans))
}

// TestSnapshotsAgreeWithANaiveReading makes random edits and compares, after
// each, the editor's own view, that of a directory that was opened just now and
// that of one that follows, with each other and with the definition of rights.
func TestSnapshotsAgreeWithANaiveReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tbl := memory.New(testNow)
		editing, following := Open(tbl, testNow), Open(tbl, testNow)
		ctx := context.Background()
		for range rapid.IntRange(1, 25).Draw(t, "edits") {
			_, err := editing.Edit("t", rand.Reader).Update(ctx, func(f *Draft) error { return randomStep(t, f) })
			if err != nil && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrExists) && !errors.Is(err, ErrInUse) {
				t.Fatalf("error of no kind: %v", err)
			}
			var views []*Snapshot
			for _, d := range []*Directory{editing, following, Open(tbl, testNow)} {
				s, err := d.Snapshot(ctx)
				if err != nil {
					t.Fatal(err)
				}
				views = append(views, s)
			}
			for i, s := range views {
				if got, want := fmt.Sprint(s.Accounts(), s.Groups(), s.Folders(), s.Plans(), s.Assignments()),
					fmt.Sprint(views[0].Accounts(), views[0].Groups(), views[0].Folders(), views[0].Plans(), views[0].Assignments()); got != want {
					t.Fatalf("view %d:\n%s\nwant\n%s", i, got, want)
				}
				for _, a := range s.Accounts() {
					got, want := s.Rights(a.Name), naiveRights(s, a)
					if got.Read != want.Read || got.Write != want.Write || !sameScope(got.Scope, want.Scope) {
						t.Fatalf("view %d: %s may %+v, want %+v", i, a.Name, got, want)
					}
				}
			}
			if err := views[0].state.check(); err != nil {
				t.Fatalf("an edit left %v", err)
			}
		}
	})
}

// TestTreeIsAMap compares the tree of leaves with a plain map under random edits
// of entries of random size.
func TestTreeIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr tree
		model := map[string]string{}
		written := map[string][]byte{}
		for edit := range rapid.IntRange(1, 4).Draw(t, "edits") {
			old, next := entries{}, entries{}
			for range rapid.IntRange(1, 15).Draw(t, "changes") {
				name := fmt.Sprintf("u%03d", rapid.IntRange(0, 80).Draw(t, "name"))
				e := &entry{Account: &Account{Name: name}}
				key, _ := e.key()
				if _, known := model[name]; known {
					old[key] = e
				}
				if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
					delete(next, key)
					delete(model, name)
					continue
				}
				e.Account.Note = strings.Repeat("x", rapid.SampledFrom([]int{1, 2000, 20_000}).Draw(t, "size"))
				next[key] = e
				model[name] = e.Account.Note
			}
			was := tr
			var fresh []content
			var gone []*leaf
			var err error
			tr, fresh, gone, err = tr.edit(old, next, func(i int) string { return leafName(fmt.Sprint(edit), i) })
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range fresh {
				written[c.leaf.name] = c.value
			}
			for _, l := range gone {
				delete(written, l.name)
			}
			if len(written) != len(tr) {
				t.Fatalf("%d leaves are stored, the tree has %d", len(written), len(tr))
			}
			if len(was) > 4 && len(next)+len(old) == 1 && len(fresh) > 3 {
				t.Fatalf("one change wrote %d of %d leaves", len(fresh), len(was))
			}
			checkTree(t, tr, written, model)
		}
	})
}

// checkTree reads the tree back from what was written.
func checkTree(t *rapid.T, tr tree, written map[string][]byte, model map[string]string) {
	seen := 0
	for i, l := range tr {
		if (i == 0) != (l.from == "") || i > 0 && l.from <= tr[i-1].from {
			t.Fatalf("leaf %d begins at %q", i, l.from)
		}
		got, err := parseLeaf(l.name, l.from, written[l.name])
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got.entries {
			if i+1 < len(tr) && e.key >= tr[i+1].from {
				t.Fatalf("%q is in leaf %d, which ends at %q", e.key, i, tr[i+1].from)
			}
			if note, ok := model[e.Account.Name]; !ok || note != e.Account.Note {
				t.Fatalf("%s has a note of %d bytes, want %d", e.Account.Name, len(e.Account.Note), len(note))
			}
			seen++
		}
	}
	if seen != len(model) {
		t.Fatalf("%d entries, want %d", seen, len(model))
	}
}
