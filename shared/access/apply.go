package access

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is something in a Document that cannot be applied.
type Problem struct {
	Line int // where the document says it; 0 if it is about what it does not say
	Text string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Text)
}

// Apply makes the draft as doc says: what doc describes is added or changed, the
// lists of items, members and schemes that it gives are whole. What it does not
// mention stays, but with prune what is missing from a list that doc has is
// removed: accounts if it has a list of accounts, and so on.
//
// It returns all problems that it finds; the draft is of no use then. Applied to
// a directory that is as doc says, it changes nothing.
func (d *Draft) Apply(doc *Document, prune bool) []Problem {
	a := &applier{draft: d, doc: doc, seen: map[string]int{}}
	if doc.DefaultDomain != nil {
		a.note(0, d.SetDefaultDomain(*doc.DefaultDomain))
	}
	a.folders()
	a.plans()
	a.accounts()
	a.groups()
	a.roles()
	if prune && len(a.problems) == 0 {
		a.prune()
	}
	slices.SortStableFunc(a.problems, func(p, q Problem) int { return cmp.Compare(p.Line, q.Line) })
	return a.problems
}

type applier struct {
	draft    *Draft
	doc      *Document
	seen     map[string]int // line of each thing by kind and key
	problems []Problem
}

func (a *applier) note(line int, err error) {
	if err != nil {
		a.problems = append(a.problems, Problem{line, err.Error()})
	}
}

// once reports whether the thing is described for the first time.
func (a *applier) once(line int, kind, key, shown string) bool {
	at, twice := a.seen[kind+"\x00"+key]
	if twice {
		a.note(line, invalid("%s %s is described twice, first in line %d", kind, shown, at))
		return false
	}
	a.seen[kind+"\x00"+key] = line
	return true
}

func (a *applier) has(kind, key string) bool {
	_, ok := a.seen[kind+"\x00"+key]
	return ok
}

func (a *applier) folders() {
	specs := slices.Clone(a.doc.Folders)
	slices.SortStableFunc(specs, func(f, g FolderSpec) int {
		return cmp.Compare(strings.Count(f.Path, "/"), strings.Count(g.Path, "/"))
	})
	for _, f := range specs {
		if !a.once(f.Line, "folder", fold(f.Path), f.Path) {
			continue
		}
		old, err := a.draft.folder(f.Path)
		switch {
		case err != nil:
			a.note(f.Line, a.draft.AddFolder(f.Path))
		case old.Path != f.Path:
			a.note(f.Line, a.draft.MoveFolder(old.Path, f.Path))
		}
	}
}

func (a *applier) plans() {
	for i := range a.doc.Plans {
		p := &a.doc.Plans[i]
		if a.once(p.Line, "plan", fold(p.Name), p.Name) {
			a.note(p.Line, a.plan(p))
		}
	}
}

func (a *applier) plan(spec *PlanSpec) error {
	set := func(p *Plan) {
		p.Name = spec.Name
		replace(&p.Folder, spec.Folder)
		replace(&p.Enabled, spec.Enabled)
		if spec.Items != nil {
			p.Items = slices.Clone(spec.Items)
		}
	}
	ref := spec.Name
	if spec.ID != "" {
		id, err := ParsePlanID(spec.ID)
		if err != nil {
			return err
		}
		ref = id
	}
	if old := a.draft.state.findPlan(ref); old != nil {
		a.seen["plan ID\x00"+old.ID] = spec.Line
		return a.draft.UpdatePlan(old.ID, set)
	}
	p := Plan{ID: spec.ID}
	set(&p)
	id, err := a.draft.AddPlan(p)
	if err == nil {
		a.seen["plan ID\x00"+id] = spec.Line
	}
	return err
}

func (a *applier) accounts() {
	for i := range a.doc.Accounts {
		spec := &a.doc.Accounts[i]
		if a.once(spec.Line, "account", nameKey(spec.Name), spec.Name) {
			a.note(spec.Line, a.account(spec))
		}
	}
}

// account is by the full name alone: a name without domain is an account without
// domain here, or the same file would mean different accounts at different times.
func (a *applier) account(spec *AccountSpec) error {
	set := func(acc *Account) {
		acc.Name = spec.Name
		replace(&acc.Disabled, spec.Disabled)
		replace(&acc.RecogniseRepeats, spec.RecogniseRepeats)
		replace(&acc.Note, spec.Note)
		if spec.Schemes != nil {
			acc.Schemes = spec.Schemes
		}
	}
	if old := a.draft.state.accounts[nameKey(spec.Name)]; old != nil {
		return a.draft.UpdateAccount(old.Name, set)
	}
	var acc Account
	set(&acc)
	return a.draft.AddAccount(acc)
}

// groups come to be first and get their members then: they may name each other
// in any order.
func (a *applier) groups() {
	var mine []*GroupSpec
	for i := range a.doc.Groups {
		spec := &a.doc.Groups[i]
		if !a.once(spec.Line, "group", nameKey(spec.Name), spec.Name) {
			continue
		}
		if err := a.group(spec); err != nil {
			a.note(spec.Line, err)
			continue
		}
		mine = append(mine, spec)
	}
	for _, spec := range mine {
		a.note(spec.Line, a.draft.UpdateGroup(spec.Name, func(g *Group) {
			if spec.Groups != nil {
				g.Groups = spec.Groups
			}
		}))
	}
}

func (a *applier) group(spec *GroupSpec) error {
	set := func(g *Group) {
		g.Name = spec.Name
		replace(&g.Note, spec.Note)
		if spec.Members != nil {
			g.Members = spec.Members
		}
		if spec.Groups != nil {
			g.Groups = nil
		}
	}
	if _, ok := a.draft.Group(spec.Name); ok {
		return a.draft.UpdateGroup(spec.Name, set)
	}
	var g Group
	set(&g)
	return a.draft.AddGroup(g)
}

func (a *applier) roles() {
	for i := range a.doc.Roles {
		spec := &a.doc.Roles[i]
		if err := a.role(spec); err != nil && !errors.Is(err, ErrExists) {
			a.note(spec.Line, err)
		}
	}
}

// role takes the account by its full name, as account does.
func (a *applier) role(spec *RoleSpec) error {
	if spec.Account != "" && a.draft.state.accounts[nameKey(spec.Account)] == nil {
		return notFound("account", spec.Account)
	}
	r, err := a.draft.canonical(spec.Assignment)
	if err != nil {
		return err
	}
	if !a.once(spec.Line, "role", r.key(), a.draft.state.describe(&r)) {
		return nil
	}
	return a.draft.Grant(r)
}

func replace[T any](field *T, by *T) {
	if by != nil {
		*field = *by
	}
}
