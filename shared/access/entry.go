package access

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
)

// entry is one stored thing: exactly one of its fields is set.
type entry struct {
	Settings *Settings   `json:"settings,omitempty"`
	Account  *Account    `json:"account,omitempty"`
	Group    *groupPart  `json:"group,omitempty"`
	Folder   *Folder     `json:"folder,omitempty"`
	Plan     *Plan       `json:"plan,omitempty"`
	Role     *Assignment `json:"role,omitempty"`
}

// groupPart is a share of a group's members, so that a group of any size fits
// the entries of the directory and a change of one member rewrites one of them.
type groupPart struct {
	Name    string   `json:"name"`
	Note    string   `json:"note,omitempty"` // of part 0
	Part    int      `json:"part,omitempty"`
	Members []string `json:"members,omitempty"`
	Groups  []string `json:"groups,omitempty"`
}

// membersPerPart is about how many members a part of a group holds: 500 names of
// usual length are 16 KiB, and of the greatest length still less than MaxEntry.
const membersPerPart = 500

// parts cuts a group. Which part a member is in depends on its name and on the
// number of parts alone, a power of two.
func parts(g *Group) []*groupPart {
	n := 1
	for len(g.Members)+len(g.Groups) > n*membersPerPart {
		n *= 2
	}
	list := make([]*groupPart, n)
	for i := range list {
		list[i] = &groupPart{Name: g.Name, Part: i}
	}
	list[0].Note = g.Note
	for _, m := range g.Members {
		p := list[partOf(m, n)]
		p.Members = append(p.Members, m)
	}
	for _, m := range g.Groups {
		p := list[partOf(m, n)]
		p.Groups = append(p.Groups, m)
	}
	return list
}

func partOf(member string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(nameKey(member)))
	return int(h.Sum32() & uint32(n-1))
}

// The first bytes of the keys of entries.
const (
	keySettings = "settings"
	keyAccount  = "account/"
	keyGroup    = "group/"
	keyFolder   = "folder/"
	keyPlan     = "plan/"
	keyRole     = "role/"
)

// key is where the entry stands in the directory; an error if it is not one.
func (e *entry) key() (string, error) {
	switch {
	case e.Settings != nil:
		return keySettings, nil
	case e.Account != nil:
		return keyAccount + nameKey(e.Account.Name), nil
	case e.Group != nil:
		return fmt.Sprintf("%s%s\x00%04x", keyGroup, nameKey(e.Group.Name), e.Group.Part), nil
	case e.Folder != nil:
		return keyFolder + fold(e.Folder.Path), nil
	case e.Plan != nil:
		return keyPlan + e.Plan.ID, nil
	case e.Role != nil:
		return keyRole + e.Role.key(), nil
	}
	return "", fmt.Errorf("%w: an entry of no known kind", ErrDamaged)
}

// load adds the entry to s. Parts of a group come one after the other.
func (e *entry) load(s *state) {
	switch {
	case e.Settings != nil:
		s.settings = *e.Settings
	case e.Account != nil:
		s.accounts[nameKey(e.Account.Name)] = e.Account
	case e.Group != nil:
		key := nameKey(e.Group.Name)
		g := s.groups[key]
		if g == nil || e.Group.Part == 0 {
			g = &Group{Name: e.Group.Name, Note: e.Group.Note}
			s.groups[key] = g
		}
		g.Members = append(g.Members, e.Group.Members...)
		g.Groups = append(g.Groups, e.Group.Groups...)
	case e.Folder != nil:
		s.folders[fold(e.Folder.Path)] = e.Folder
	case e.Plan != nil:
		s.plans[e.Plan.ID] = e.Plan
	case e.Role != nil:
		s.roles[e.Role.key()] = e.Role
	}
}

// entries are the stored form of a state's thing by their keys.
type entries map[string]*entry

func (m entries) add(e *entry) {
	if key, err := e.key(); err == nil {
		m[key] = e
	}
}

// stored lists the entries that differ between two states: those of was that
// are no more or not the same, and those of is that are new or not the same.
func stored(was, is *state) (old, new entries) {
	old, new = entries{}, entries{}
	if was.settings != is.settings {
		old.add(&entry{Settings: &was.settings})
		new.add(&entry{Settings: &is.settings})
	}
	differing(was.accounts, is.accounts, func(m entries, a *Account) { m.add(&entry{Account: a}) }, old, new)
	differing(was.groups, is.groups, func(m entries, g *Group) {
		for _, p := range parts(g) {
			m.add(&entry{Group: p})
		}
	}, old, new)
	differing(was.folders, is.folders, func(m entries, f *Folder) { m.add(&entry{Folder: f}) }, old, new)
	differing(was.plans, is.plans, func(m entries, p *Plan) { m.add(&entry{Plan: p}) }, old, new)
	differing(was.roles, is.roles, func(m entries, a *Assignment) { m.add(&entry{Role: a}) }, old, new)
	for key, e := range new {
		if reflect.DeepEqual(old[key], e) {
			delete(new, key)
			delete(old, key)
		}
	}
	return old, new
}

func differing[T any](was, is map[string]*T, add func(entries, *T), old, new entries) {
	for key, v := range was {
		if is[key] != v {
			add(old, v)
		}
	}
	for key, v := range is {
		if was[key] != v {
			add(new, v)
		}
	}
}

// encode writes one entry, ErrInvalid if it is too large to be stored.
func (e *entry) encode(key string) ([]byte, error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %q: %w", key, err)
	}
	if len(raw) > MaxEntry {
		return nil, invalid("%s has %d bytes in all, at most %d can be stored", quoted(key), len(raw), MaxEntry)
	}
	return raw, nil
}
