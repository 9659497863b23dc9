package access

import "maps"

// state is everything in the directory at one version. The things that the maps
// point to are never modified: an edit replaces them, so that two states can be
// compared by pointer.
type state struct {
	settings Settings
	accounts map[string]*Account    // by nameKey
	groups   map[string]*Group      // by nameKey
	folders  map[string]*Folder     // by folded path
	plans    map[string]*Plan       // by ID
	roles    map[string]*Assignment // by key
}

func newState() *state {
	s := &state{
		accounts: map[string]*Account{},
		groups:   map[string]*Group{},
		folders:  map[string]*Folder{},
		plans:    map[string]*Plan{},
		roles:    map[string]*Assignment{},
	}
	s.addBuiltIn()
	return s
}

// addBuiltIn adds the groups that every directory has.
func (s *state) addBuiltIn() {
	for _, name := range []string{AdministratorsGroup, ClientUsersGroup} {
		if key := nameKey(name); s.groups[key] == nil {
			s.groups[key] = &Group{Name: name}
		}
	}
}

func (s *state) clone() *state {
	return &state{
		settings: s.settings,
		accounts: maps.Clone(s.accounts),
		groups:   maps.Clone(s.groups),
		folders:  maps.Clone(s.folders),
		plans:    maps.Clone(s.plans),
		roles:    maps.Clone(s.roles),
	}
}

// planByName finds a plan by its name without regard to case.
func (s *state) planByName(name string) *Plan {
	folded := fold(name)
	for _, p := range s.plans {
		if fold(p.Name) == folded {
			return p
		}
	}
	return nil
}

// resolve finds the account that a name means: the account of exactly that
// name; for a name without domain else the one in the default domain, or else
// the only one of that name in any domain.
func (s *state) resolve(name string, byUser func(folded string) []*Account) *Account {
	n, err := ParseName(name)
	if err != nil {
		return nil
	}
	if a := s.accounts[n.key()]; a != nil || n.Domain != "" {
		return a
	}
	if d := s.settings.DefaultDomain; d != "" {
		if a := s.accounts[Name{d, n.User}.key()]; a != nil {
			return a
		}
	}
	if same := byUser(fold(n.User)); len(same) == 1 {
		return same[0]
	}
	return nil
}

// indexUsers lists the accounts by the folded name without domain.
func (s *state) indexUsers() map[string][]*Account {
	index := make(map[string][]*Account, len(s.accounts))
	for _, a := range s.accounts {
		if n, err := ParseName(a.Name); err == nil {
			index[fold(n.User)] = append(index[fold(n.User)], a)
		}
	}
	return index
}
