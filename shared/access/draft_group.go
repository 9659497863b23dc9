package access

import (
	"slices"
	"strings"
)

func (d *Draft) group(name string) (*Group, error) {
	g := d.state.groups[nameKey(name)]
	if g == nil {
		return nil, notFound("group", name)
	}
	return g, nil
}

// Group finds a group by name, without regard to case.
func (d *Draft) Group(name string) (Group, bool) {
	g, err := d.group(name)
	if err != nil {
		return Group{}, false
	}
	return *g, true
}

// AddGroup adds a group whose name is new.
func (d *Draft) AddGroup(g Group) error {
	if d.state.groups[nameKey(g.Name)] != nil {
		return exists("group", g.Name)
	}
	return d.putGroup(g)
}

// UpdateGroup changes a group. Its name may change in case alone.
func (d *Draft) UpdateGroup(name string, change func(*Group)) error {
	old, err := d.group(name)
	if err != nil {
		return err
	}
	g := *old
	g.Members, g.Groups = slices.Clone(old.Members), slices.Clone(old.Groups)
	change(&g)
	if !SameName(g.Name, old.Name) {
		return invalid("group %s cannot be renamed to %s: add it and remove the other", old.Name, g.Name)
	}
	return d.putGroup(g)
}

// putGroup stores a group after making its lists canonical: accounts by the
// names that the directory has for them, groups by theirs.
func (d *Draft) putGroup(g Group) error {
	if _, err := ParseName(g.Name); err != nil {
		return err
	}
	if err := checkNote(g.Note); err != nil {
		return err
	}
	if len(g.Members)+len(g.Groups) > MaxMembers {
		return invalid("group %s: %d members, at most %d", g.Name, len(g.Members)+len(g.Groups), MaxMembers)
	}
	members := make([]string, len(g.Members))
	for i, m := range g.Members {
		if _, err := ParseName(m); err != nil {
			return err
		}
		members[i] = d.memberName(m)
	}
	nested := make([]string, len(g.Groups))
	for i, n := range g.Groups {
		other, err := d.group(n)
		if err != nil {
			return err
		}
		nested[i] = other.Name
	}
	g.Members, g.Groups = sortNames(members), sortNames(nested)
	if path := d.state.cycle(&g); path != nil {
		return invalid("group %s would be inside itself: %s", g.Name, strings.Join(path, " > "))
	}
	d.state.groups[nameKey(g.Name)] = &g
	return nil
}

// memberName is the name as the directory writes it, where it is of an account.
// A name without domain is not looked up in domains: it must mean the same for
// ever, whatever accounts come later.
func (d *Draft) memberName(name string) string {
	if a := d.state.accounts[nameKey(name)]; a != nil {
		return a.Name
	}
	return name
}

// cycle finds a way from g back to g through nested groups; nil if there is
// none. g itself is taken as given, the others as they are.
func (s *state) cycle(g *Group) []string {
	top := nameKey(g.Name)
	seen := map[string]bool{}
	var walk func(groups, path []string) []string
	walk = func(groups, path []string) []string {
		for _, name := range groups {
			key := nameKey(name)
			if key == top {
				return append(path, name)
			}
			next := s.groups[key]
			if next == nil || seen[key] {
				continue
			}
			seen[key] = true
			if found := walk(next.Groups, append(path, name)); found != nil {
				return found
			}
		}
		return nil
	}
	return walk(g.Groups, []string{g.Name})
}

// RemoveGroup removes a group. If it holds roles or is in groups, it is ErrInUse
// without cascade, and with it leaves them. The groups of every directory stay.
func (d *Draft) RemoveGroup(name string, cascade bool) error {
	g, err := d.group(name)
	if err != nil {
		return err
	}
	if g.BuiltIn() {
		return invalid("group %s exists in every directory: remove its members instead", g.Name)
	}
	if err := d.release("group", nameSet{nameKey(g.Name): g.Name}, cascade); err != nil {
		return err
	}
	delete(d.state.groups, nameKey(g.Name))
	return nil
}

// names is one of the group's lists.
func (g *Group) names(groups bool) []string {
	if groups {
		return g.Groups
	}
	return g.Members
}

// without is the group less some members.
func (g *Group) without(keys nameSet, group bool) *Group {
	less := *g
	if group {
		less.Groups = slices.DeleteFunc(slices.Clone(g.Groups), keys.has)
	} else {
		less.Members = slices.DeleteFunc(slices.Clone(g.Members), keys.has)
	}
	return &less
}
