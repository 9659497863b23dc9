package access

import (
	"maps"
	"slices"
)

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

	index // of the maps above, nil until it is needed
}

// index finds things by other names than their keys.
type index struct {
	users     map[string][]*Account // by folded name without domain
	planNames map[string]*Plan      // by folded name
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

// ensureIndex makes the index. A state that several goroutines see has it.
func (s *state) ensureIndex() {
	if s.users != nil {
		return
	}
	s.users = make(map[string][]*Account, len(s.accounts))
	for _, a := range s.accounts {
		s.indexAccount(a)
	}
	s.planNames = make(map[string]*Plan, len(s.plans))
	for _, p := range s.plans {
		s.planNames[fold(p.Name)] = p
	}
}

func (s *state) indexAccount(a *Account) {
	if n, err := ParseName(a.Name); err == nil && s.users != nil {
		s.users[fold(n.User)] = append(s.users[fold(n.User)], a)
	}
}

// setAccount adds or replaces an account.
func (s *state) setAccount(a *Account) {
	s.unindexAccount(s.accounts[nameKey(a.Name)])
	s.accounts[nameKey(a.Name)] = a
	s.indexAccount(a)
}

func (s *state) dropAccount(key string) {
	s.unindexAccount(s.accounts[key])
	delete(s.accounts, key)
}

func (s *state) unindexAccount(old *Account) {
	if old == nil || s.users == nil {
		return
	}
	if n, err := ParseName(old.Name); err == nil {
		s.users[fold(n.User)] = slices.DeleteFunc(s.users[fold(n.User)], func(a *Account) bool { return a == old })
	}
}

// setPlan adds or replaces a plan.
func (s *state) setPlan(p *Plan) {
	s.unindexPlan(s.plans[p.ID])
	s.plans[p.ID] = p
	if s.planNames != nil {
		s.planNames[fold(p.Name)] = p
	}
}

func (s *state) dropPlan(id string) {
	s.unindexPlan(s.plans[id])
	delete(s.plans, id)
}

func (s *state) unindexPlan(old *Plan) {
	if old != nil && s.planNames != nil {
		delete(s.planNames, fold(old.Name))
	}
}

// findPlan finds a plan by its ID, or by its name without regard to case.
func (s *state) findPlan(ref string) *Plan {
	if id, err := ParsePlanID(ref); err == nil && s.plans[id] != nil {
		return s.plans[id]
	}
	s.ensureIndex()
	return s.planNames[fold(ref)]
}

// resolve finds the account that a name means: the account of exactly that
// name; for a name without domain else the one in the default domain, or else
// the only one of that name in any domain.
func (s *state) resolve(name string) *Account {
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
	s.ensureIndex()
	if same := s.users[fold(n.User)]; len(same) == 1 {
		return same[0]
	}
	return nil
}
