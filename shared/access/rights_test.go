package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// world is plans in and outside of folders, for the tests of rights:
//
//	Top            plan outside
//	Corp           plan corp
//	Corp/Europe    plan europe
//	CorpX          plan other (its path begins like Corp and is not below it)
func world(t *testing.T) *Directory {
	t.Helper()
	d, _ := newDirectory(t)
	update(t, d, func(f *Draft) error {
		for _, path := range []string{"Corp", "Corp/Europe", "CorpX"} {
			if err := f.AddFolder(path); err != nil {
				return err
			}
		}
		for name, folder := range map[string]string{"outside": "", "corp": "Corp", "europe": "corp/europe", "other": "CorpX"} {
			if _, err := f.AddPlan(Plan{Name: name, Folder: folder}); err != nil {
				return err
			}
		}
		if err := f.AddGroup(Group{Name: "Inner", Members: []string{`Corp\ann`}}); err != nil {
			return err
		}
		if err := f.AddGroup(Group{Name: "Outer", Groups: []string{"Inner"}}); err != nil {
			return err
		}
		return f.AddAccount(Account{Name: `Corp\ann`})
	})
	return d
}

// may is what somebody may do, in a word: "all write" or "europe,corp".
func may(s *Snapshot, account string) string {
	r := s.Rights(account)
	var words []string
	for id := range r.Scope.Plans {
		p, _ := s.Plan("", id)
		words = append(words, p.Name)
	}
	slices.Sort(words)
	text := strings.Join(words, ",")
	if r.Scope.All {
		text = "all"
	}
	if r.Read && text == "" {
		text = "none yet"
	}
	if r.Write {
		text = strings.TrimSpace(text + " write")
	}
	return text
}

// TestRoleMatrix is the table of the contract's section 7, each role held by the
// account, by a group, and by a group around that.
func TestRoleMatrix(t *testing.T) {
	for _, test := range []struct {
		role         Role
		plan, folder string
		want         string
	}{
		{GlobalAdministrator, "", "", "all write"},
		{GlobalReviewer, "", "", "all"},
		{Reviewer, "europe", "", "europe"},
		{Reviewer, "outside", "", "outside"},
		{Reviewer, "", "Corp", "corp,europe"},
		{Reviewer, "", "corp/EUROPE", "europe"},
		{Contributor, "", "", "write"},
		{Configurator, "europe", "", ""},
		{Configurator, "", "Corp", ""},
	} {
		for _, holder := range []Assignment{{Account: "ann"}, {Group: "inner"}, {Group: "Outer"}} {
			a := holder
			a.Role, a.Plan, a.Folder = test.role, test.plan, test.folder
			t.Run(fmt.Sprintf("%s %s%s by %s%s", a.Role, a.Plan, a.Folder, a.Account, a.Group), func(t *testing.T) {
				d := world(t)
				update(t, d, func(f *Draft) error { return f.Grant(a) })
				if got := may(snapshot(t, d), "ANN@corp"); got != test.want {
					t.Errorf("may %q, want %q", got, test.want)
				}
				update(t, d, func(f *Draft) error { return f.UpdateAccount("ann", func(a *Account) { a.Disabled = true }) })
				if got := may(snapshot(t, d), "ann"); got != "" {
					t.Errorf("disabled and may %q", got)
				}
				update(t, d, func(f *Draft) error { return f.Revoke(a) })
				update(t, d, func(f *Draft) error { return f.UpdateAccount("ann", func(a *Account) { a.Disabled = false }) })
				if got := may(snapshot(t, d), "ann"); got != "" {
					t.Errorf("revoked and may %q", got)
				}
			})
		}
	}
}

func TestRolesAddUp(t *testing.T) {
	for _, test := range []struct {
		want  string
		roles []Assignment
	}{
		{"corp,europe,outside", []Assignment{{Role: Reviewer, Folder: "Corp"}, {Role: Reviewer, Plan: "outside"}}},
		{"europe write", []Assignment{{Role: Reviewer, Plan: "europe"}, {Role: Contributor}}},
		{"all write", []Assignment{{Role: GlobalReviewer}, {Role: Contributor}, {Role: Reviewer, Plan: "europe"}}},
		{"all", []Assignment{{Role: Reviewer, Plan: "europe"}, {Role: GlobalReviewer}}},
		{"write", []Assignment{{Role: Configurator, Folder: "Corp"}, {Role: Contributor}}},
	} {
		d := world(t)
		update(t, d, func(f *Draft) error {
			for i, a := range test.roles {
				if a.Account = "ann"; i%2 == 1 {
					a.Account, a.Group = "", "Outer"
				}
				if err := f.Grant(a); err != nil {
					return err
				}
			}
			return nil
		})
		if got := may(snapshot(t, d), "ann"); got != test.want {
			t.Errorf("%v: may %q, want %q", test.roles, got, test.want)
		}
	}
}

func TestBuiltInGroupsGiveRoles(t *testing.T) {
	for group, want := range map[string]string{AdministratorsGroup: "all write", ClientUsersGroup: "all", strings.ToUpper(ClientUsersGroup): "all"} {
		for _, nested := range []bool{false, true} {
			d := world(t)
			update(t, d, func(f *Draft) error {
				return f.UpdateGroup(group, func(g *Group) {
					if nested {
						g.Groups = append(g.Groups, "Outer")
					} else {
						g.Members = append(g.Members, `CORP\ann`)
					}
				})
			})
			if got := may(snapshot(t, d), "ann"); got != want {
				t.Errorf("%s, nested %t: may %q, want %q", group, nested, got, want)
			}
		}
	}
	// A group of that name in some domain is another group.
	d := world(t)
	update(t, d, func(f *Draft) error {
		return f.AddGroup(Group{Name: `Corp\` + AdministratorsGroup, Members: []string{`Corp\ann`}})
	})
	if got := may(snapshot(t, d), "ann"); got != "" {
		t.Errorf("by a group of a domain: may %q", got)
	}
}

func TestFolderScopeFollowsItsPlans(t *testing.T) {
	d := world(t)
	update(t, d, func(f *Draft) error { return f.Grant(Assignment{Role: Reviewer, Account: "ann", Folder: "Corp"}) })
	step := func(want string, change func(f *Draft) error) {
		t.Helper()
		update(t, d, change)
		if got := may(snapshot(t, d), "ann"); got != want {
			t.Errorf("may %q, want %q", got, want)
		}
	}
	step("corp,europe,late", func(f *Draft) error {
		_, err := f.AddPlan(Plan{Name: "late", Folder: "Corp/Europe"})
		return err
	})
	step("corp,europe,late,other", func(f *Draft) error {
		return f.UpdatePlan("other", func(p *Plan) { p.Folder = "Corp" })
	})
	step("corp,other", func(f *Draft) error { return f.MoveFolder("Corp/Europe", "Away") })
	step("corp,europe,late,other", func(f *Draft) error { return f.MoveFolder("Away", "Corp/Back") })
	step("corp,europe,late,other", func(f *Draft) error { return f.MoveFolder("Corp", "Renamed") })
	step("corp,late,other", func(f *Draft) error { return f.RemovePlan("europe", false) })
	step("none yet", func(f *Draft) error {
		for _, name := range []string{"corp", "late", "other"} {
			if err := f.UpdatePlan(name, func(p *Plan) { p.Folder = "" }); err != nil {
				return err
			}
		}
		return nil
	})
	step("", func(f *Draft) error { return f.RemoveFolder("Renamed", true) })
}

func TestAccountLookup(t *testing.T) {
	d, _ := newDirectory(t)
	update(t, d, func(f *Draft) error {
		for _, name := range []string{`Corp\ann`, `Lab\ann`, `Corp\bob`, "bob", `Corp\carl`, `eve@lab.example`} {
			if err := f.AddAccount(Account{Name: name}); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(when string, want map[string]string) {
		t.Helper()
		s := snapshot(t, d)
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if a, _ := s.Account(name); a.Name != want[name] {
				t.Errorf("%s: %q is account %q, want %q", when, name, a.Name, want[name])
			}
		}
	}
	check("no default domain", map[string]string{
		"ann": "", "bob": "bob", "CARL": `Corp\carl`, "eve": "eve@lab.example", `LAB.EXAMPLE\Eve`: "eve@lab.example",
		`corp\BOB`: `Corp\bob`, `Other\bob`: "", "bob@other": "", "": "", `Corp\`: "", "\xff": "", "аnn": "",
	})
	update(t, d, func(f *Draft) error { return f.SetDefaultDomain("LAB") })
	check("default domain Lab", map[string]string{"ann": `Lab\ann`, "bob": "bob", "carl": `Corp\carl`})
	update(t, d, func(f *Draft) error { return f.RemoveAccounts(false, "bob") })
	check("without bob", map[string]string{"bob": `Corp\bob`})
}

func TestPlanLookup(t *testing.T) {
	d, _ := newDirectory(t)
	const id = "{42F64379-163E-4A43-A9C5-4514C5A23798}"
	update(t, d, func(f *Draft) error {
		if _, err := f.AddPlan(Plan{ID: id, Name: "AD", Enabled: true, Items: []string{"b", "a", "b"}}); err != nil {
			return err
		}
		_, err := f.AddPlan(Plan{Name: "Files"})
		return err
	})
	s := snapshot(t, d)
	for _, test := range []struct {
		name, id string
		ok       bool
	}{
		{"AD", "", true}, {"", id, true}, {"AD", id, true}, {"", strings.ToLower(id[1:37]), true},
		{"ad", "", false}, {"Files", id, false}, {"AD", "{42F64379-163E-4A43-A9C5-4514C5A23799}", false}, {"", "", false}, {"", "AD", false}, {"АD", "", false},
	} {
		p, ok := s.Plan(test.name, test.id)
		if ok != test.ok || ok && (p.ID != id || !p.Enabled || !slices.Equal(p.Items, []string{"a", "b"})) {
			t.Errorf("Plan(%q, %q) = %+v, %t", test.name, test.id, p, ok)
		}
	}
	if p, ok := s.FindPlan("ad"); !ok || p.ID != id {
		t.Errorf("FindPlan = %+v, %t", p, ok)
	}
}

func TestGroupMembers(t *testing.T) {
	d := world(t)
	update(t, d, func(f *Draft) error {
		return f.UpdateGroup("Outer", func(g *Group) { g.Members = []string{"stranger@corp", "bare", `Lab\ann`} })
	})
	m, ok := snapshot(t, d).Group("OUTER")
	if !ok || m.Len() != 4 {
		t.Fatalf("%d members, %t", m.Len(), ok)
	}
	for who, want := range map[string]bool{
		`Corp\ann`: true, `CORP\ANN`: true, "ann@corp": true, `Corp\Stranger`: true, "BARE": true, "ann": false, `Corp\bare`: false,
		"": false, "system": false, `NT AUTHORITY\SYSTEM`: false, "C:\\x": false, `Lab\ann`: true, `LAB\аnn`: false,
	} {
		if m.Contains(who) != want {
			t.Errorf("Contains(%q) = %t", who, !want)
		}
	}
	if _, ok := snapshot(t, d).Group("Nobodies"); ok {
		t.Error("a group that does not exist")
	}
	var none Members
	if none.Contains("ann") {
		t.Error("the zero Members contains somebody")
	}
}

// TestRightsIn gives an account groups for one question.
func TestRightsIn(t *testing.T) {
	d := world(t)
	update(t, d, func(f *Draft) error {
		if err := f.AddAccount(Account{Name: `Corp\bob`}); err != nil {
			return err
		}
		if err := f.AddAccount(Account{Name: `Corp\off`, Disabled: true}); err != nil {
			return err
		}
		if err := f.Grant(Assignment{Role: Contributor, Account: `Corp\bob`}); err != nil {
			return err
		}
		return f.Grant(Assignment{Role: GlobalReviewer, Group: "Outer"})
	})
	s := snapshot(t, d)
	for _, c := range []struct {
		account string
		groups  []string
		read    bool
		write   bool
	}{
		{`Corp\bob`, nil, false, true},
		{`Corp\bob`, []string{"Outer"}, true, true},
		{`Corp\bob`, []string{"no such group", "INNER"}, true, true},
		{`Corp\bob`, []string{"no such group", ""}, false, true},
		{`Corp\bob`, []string{ClientUsersGroup}, true, true},
		{`Corp\bob`, nil, false, true}, // nothing is remembered
		{`Corp\ann`, []string{AdministratorsGroup}, true, true},
		{`Corp\off`, []string{"Outer"}, false, false},
		{`Corp\nobody`, []string{"Outer"}, false, false},
	} {
		r := s.RightsIn(c.account, c.groups)
		if r.Read != c.read || r.Write != c.write || r.Scope.All != c.read {
			t.Errorf("%s in %v: %+v", c.account, c.groups, r)
		}
	}
}
