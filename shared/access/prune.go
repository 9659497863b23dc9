package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// prune removes what the document's lists lack, roles first and folders last, so
// that nothing is in use by what goes too.
func (a *applier) prune() {
	s := a.draft.state
	if a.doc.Roles != nil {
		maps.DeleteFunc(s.roles, func(key string, _ *Assignment) bool { return !a.has("role", key) })
	}
	if a.doc.Groups != nil {
		a.pruneGroups()
	}
	if a.doc.Accounts != nil {
		a.pruneAccounts()
	}
	if a.doc.Plans != nil {
		for _, id := range slices.Sorted(maps.Keys(s.plans)) {
			if !a.has("plan ID", id) {
				a.note(0, a.draft.RemovePlan(id, false))
			}
		}
	}
	if a.doc.Folders != nil {
		a.pruneFolders()
	}
}

// pruneGroups empties the groups that every directory has instead of removing
// them.
func (a *applier) pruneGroups() {
	lacking := nameSet{}
	for key, g := range a.draft.state.groups {
		if a.has("group", key) {
			continue
		}
		if g.BuiltIn() {
			a.note(0, a.draft.UpdateGroup(g.Name, func(g *Group) { g.Members, g.Groups, g.Note = nil, nil, "" }))
		} else {
			lacking[key] = g.Name
		}
	}
	// Groups that go may be in each other: their own lists do not count.
	for key := range lacking {
		a.draft.state.groups[key] = &Group{Name: lacking[key]}
	}
	a.note(0, a.draft.release("group", lacking, false))
	for key := range lacking {
		delete(a.draft.state.groups, key)
	}
}

// pruneAccounts removes accounts. Where the document describes the groups, it has
// said who is in them, and a member need not be an account.
func (a *applier) pruneAccounts() {
	lacking := nameSet{}
	for key, account := range a.draft.state.accounts {
		if !a.has("account", key) {
			lacking[key] = account.Name
		}
	}
	uses := a.draft.roleUses(false, lacking)
	if a.doc.Groups == nil {
		uses = append(uses, a.draft.memberUses(false, lacking)...)
	}
	if len(uses) > 0 {
		a.note(0, inUse("accounts that the file lacks are in use (%s): take these away, or describe roles and groups in the file too", enumerate(uses)))
		return
	}
	for key := range lacking {
		a.draft.state.dropAccount(key)
	}
}

func (a *applier) pruneFolders() {
	var lacking []string
	for key, f := range a.draft.state.folders {
		if !a.has("folder", key) {
			lacking = append(lacking, f.Path)
		}
	}
	slices.SortFunc(lacking, func(p, q string) int { // the deepest first
		return cmp.Or(cmp.Compare(strings.Count(q, "/"), strings.Count(p, "/")), cmp.Compare(p, q))
	})
	for _, path := range lacking {
		a.note(0, a.draft.RemoveFolder(path, false))
	}
}
