package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is one difference between two versions of the directory, without
// secrets.
type Change struct {
	Op      string   `json:"op"`   // added, changed or removed
	Kind    string   `json:"kind"` // setting, folder, plan, account, group or role
	Name    string   `json:"name"`
	Details []string `json:"details,omitempty"` // of an added or changed thing
}

// The values of Change.Op.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// String is one line: "~ plan X: enabled: no -> yes".
func (c Change) String() string {
	sign := map[string]string{Added: "+", Changed: "~", Removed: "-"}[c.Op]
	line := fmt.Sprintf("%s %s %s", sign, c.Kind, c.Name)
	if len(c.Details) > 0 {
		line += ": " + strings.Join(c.Details, ", ")
	}
	return line
}

// changes lists what differs between two states, kind by kind, by name.
func changes(was, is *state) []Change {
	var list []Change
	if from, to := was.settings.DefaultDomain, is.settings.DefaultDomain; from != to {
		list = append(list, Change{Changed, "setting", "default domain", fromTo(nil, "name", from, to)})
	}
	list = compare(list, "folder", was.folders, is.folders, func(f *Folder) string { return f.Path }, folderDetails)
	list = compare(list, "plan", was.plans, is.plans, func(p *Plan) string { return p.Name }, planDetails)
	list = compare(list, "account", was.accounts, is.accounts, func(a *Account) string { return a.Name }, accountDetails)
	list = compare(list, "group", was.groups, is.groups, func(g *Group) string { return g.Name }, groupDetails)
	return append(list, roleChanges(was, is)...)
}

// compare appends the differences of one kind. details says what is different; of
// a new thing, what is different from an empty one.
func compare[T any](list []Change, kind string, was, is map[string]*T, name func(*T) string, details func(was, is *T) []string) []Change {
	for _, key := range bothKeys(was, is) {
		old, new := was[key], is[key]
		c := Change{Op: Changed, Kind: kind}
		switch {
		case old == new:
			continue
		case new == nil:
			list = append(list, Change{Op: Removed, Kind: kind, Name: name(old)})
			continue
		case old == nil:
			var empty T
			c.Op, c.Name, old = Added, name(new), &empty
		default:
			c.Name = name(old)
		}
		if c.Details = details(old, new); c.Op == Added || len(c.Details) > 0 {
			list = append(list, c)
		}
	}
	return list
}

func bothKeys[T any](a, b map[string]*T) []string {
	keys := make(map[string]struct{}, len(a))
	for key := range a {
		keys[key] = struct{}{}
	}
	for key := range b {
		keys[key] = struct{}{}
	}
	return slices.Sorted(maps.Keys(keys))
}

// roleChanges lists roles given and taken. The same role of the same holder is
// no change, however it is written.
func roleChanges(was, is *state) []Change {
	var list []Change
	for _, key := range bothKeys(was.roles, is.roles) {
		old, new := was.roles[key], is.roles[key]
		if old == nil {
			list = append(list, Change{Op: Added, Kind: "role", Name: is.describe(new)})
		} else if new == nil {
			list = append(list, Change{Op: Removed, Kind: "role", Name: was.describe(old)})
		}
	}
	return list
}

func folderDetails(was, is *Folder) []string {
	if was.Path == "" {
		return nil
	}
	return fromTo(nil, "path", was.Path, is.Path)
}

func planDetails(was, is *Plan) []string {
	var list []string
	if was.ID == "" {
		list = append(list, "ID "+is.ID)
	} else {
		list = fromTo(list, "name", was.Name, is.Name)
	}
	list = fromTo(list, "folder", was.Folder, is.Folder)
	list = fromTo(list, "enabled", yesNo(was.Enabled), yesNo(is.Enabled))
	return addedRemoved(list, "item", was.Items, is.Items, func(s string) string { return s })
}

func accountDetails(was, is *Account) []string {
	var list []string
	if was.Name != "" {
		list = fromTo(list, "name", was.Name, is.Name)
	}
	list = fromTo(list, "disabled", yesNo(was.Disabled), yesNo(is.Disabled))
	list = fromTo(list, "note", was.Note, is.Note)
	list = fromTo(list, "recognise repeats", yesNo(was.RecogniseRepeats), yesNo(is.RecogniseRepeats))
	list = fromTo(list, "schemes", strings.Join(was.Schemes, " "), strings.Join(is.Schemes, " "))
	if !sameVerifiers(was.Verifiers, is.Verifiers) || was.PasswordSet != is.PasswordSet {
		list = append(list, "password set")
	}
	return list
}

func groupDetails(was, is *Group) []string {
	var list []string
	if was.Name != "" {
		list = fromTo(list, "name", was.Name, is.Name)
	}
	list = fromTo(list, "note", was.Note, is.Note)
	list = addedRemoved(list, "member", was.Members, is.Members, nameKey)
	return addedRemoved(list, "group", was.Groups, is.Groups, nameKey)
}

// fromTo appends "what: from -> to" if they differ.
func fromTo(list []string, what, from, to string) []string {
	if from == to {
		return list
	}
	shown := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	return append(list, fmt.Sprintf("%s: %s -> %s", what, shown(from), shown(to)))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// addedRemoved appends what is in one list and not in the other.
func addedRemoved(list []string, what string, was, is []string, key func(string) string) []string {
	missing := func(from, to []string, verb string) {
		have := make(map[string]bool, len(to))
		for _, s := range to {
			have[key(s)] = true
		}
		for _, s := range from {
			if !have[key(s)] {
				list = append(list, fmt.Sprintf("%s %s %s", what, s, verb))
			}
		}
	}
	missing(is, was, Added)
	missing(was, is, Removed)
	return list
}
