package access

import (
	"slices"
	"sync"
)

// Members is the set of the accounts in a group, those of nested groups
// included. Accounts are compared by name without regard to case, and need not
// be accounts of the directory. The zero Members is empty.
type Members struct {
	keys map[string]struct{}
}

// Contains reports whether the account of this name is a member.
func (m Members) Contains(account string) bool {
	_, ok := m.keys[nameKey(account)]
	return ok
}

// Len is the number of members.
func (m Members) Len() int { return len(m.keys) }

// Group returns the members of the group of this name, compared without regard
// to case; false if there is no such group.
func (s *Snapshot) Group(name string) (Members, bool) {
	key := nameKey(name)
	if s.state.groups[key] == nil {
		return Members{}, false
	}
	if m, ok := s.members.Load(key); ok {
		return m.(Members), true
	}
	m := s.state.flatten(key)
	s.members.Store(key, m)
	return m, true
}

// flatten collects the members of a group and of all groups below it. Each
// group is visited once, so cycles end.
func (s *state) flatten(key string) Members {
	m := Members{keys: map[string]struct{}{}}
	seen := map[string]bool{key: true}
	for queue := []string{key}; len(queue) > 0; queue = queue[1:] {
		g := s.groups[queue[0]]
		if g == nil {
			continue
		}
		for _, member := range g.Members {
			m.keys[nameKey(member)] = struct{}{}
		}
		for _, nested := range g.Groups {
			if k := nameKey(nested); !seen[k] {
				seen[k] = true
				queue = append(queue, k)
			}
		}
	}
	return m
}

// containers finds the groups that something is directly in. The index is made
// when it is first needed.
type containers struct {
	state     *state
	once      sync.Once
	ofAccount map[string][]*Group
	ofGroup   map[string][]*Group
}

func (c *containers) index() {
	c.ofAccount, c.ofGroup = map[string][]*Group{}, map[string][]*Group{}
	for _, g := range c.state.groups {
		for _, m := range g.Members {
			c.ofAccount[nameKey(m)] = append(c.ofAccount[nameKey(m)], g)
		}
		for _, n := range g.Groups {
			c.ofGroup[nameKey(n)] = append(c.ofGroup[nameKey(n)], g)
		}
	}
}

// chains returns, for every group that the account is in, by the group's key,
// how it got there: the names of the groups from the one that holds the account
// to the one in question. It is also in the groups named besides.
func (c *containers) chains(account string, besides ...string) map[string][]string {
	c.once.Do(c.index)
	found := map[string][]string{}
	var queue []string
	visit := func(groups []*Group, via []string) {
		for _, g := range groups {
			key := nameKey(g.Name)
			if found[key] == nil {
				found[key] = append(slices.Clone(via), g.Name)
				queue = append(queue, key)
			}
		}
	}
	for _, name := range besides {
		if g := c.state.groups[nameKey(name)]; g != nil {
			visit([]*Group{g}, nil)
		}
	}
	for visit(c.ofAccount[account], nil); len(queue) > 0; queue = queue[1:] {
		visit(c.ofGroup[queue[0]], found[queue[0]])
	}
	return found
}

// GroupsOf lists the groups that an account is in, directly or by other groups,
// by name.
func (s *Snapshot) GroupsOf(account string) []string {
	key := nameKey(account)
	if a := s.account(account); a != nil {
		key = nameKey(a.Name)
	}
	var names []string
	for group := range s.chains(key) {
		names = append(names, s.state.groups[group].Name)
	}
	slices.Sort(names)
	return names
}
