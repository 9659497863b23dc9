package access

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Snapshot is the directory at one version: immutable and safe for concurrent
// use. What it returns shares memory with it and must not be modified.
type Snapshot struct {
	version uint64
	state   *state

	containers
	rights  sync.Map // account key -> Rights
	members sync.Map // group key -> Members
}

func newSnapshot(version uint64, s *state) *Snapshot {
	s.ensureIndex()
	snap := &Snapshot{version: version, state: s}
	snap.containers.state = s
	return snap
}

// Version counts the edits that led here; 0 is a directory never written to.
func (s *Snapshot) Version() uint64 { return s.version }

// Settings returns the directory's settings.
func (s *Snapshot) Settings() Settings { return s.state.settings }

// Account finds an account by DOMAIN\user, user@domain or user, without regard
// to case. A name without domain is that of an account without domain, else of
// one in the default domain, else of the only account of that name. A disabled
// account is found too.
func (s *Snapshot) Account(name string) (Account, bool) {
	a := s.account(name)
	if a == nil {
		return Account{}, false
	}
	return *a, true
}

func (s *Snapshot) account(name string) *Account { return s.state.resolve(name) }

// Plan finds a plan by its name, exact in case, or by its ID, a GUID in any
// common form, or by both if they agree. Both empty find nothing.
func (s *Snapshot) Plan(name, id string) (Plan, bool) {
	var p *Plan
	if id == "" {
		p = s.state.planNames[fold(name)]
	} else if canonical, err := ParsePlanID(id); err == nil {
		p = s.state.plans[canonical]
	}
	if p == nil || (name != "" && p.Name != name) {
		return Plan{}, false
	}
	return *p, true
}

// FindPlan finds a plan as people name it: by its ID, or by its name without
// regard to case.
func (s *Snapshot) FindPlan(ref string) (Plan, bool) {
	if p := s.state.findPlan(ref); p != nil {
		return *p, true
	}
	return Plan{}, false
}

// Accounts lists all accounts by name.
func (s *Snapshot) Accounts() []Account { return listed(s.state.accounts) }

// Groups lists all groups by name, those that every directory has included.
func (s *Snapshot) Groups() []Group { return listed(s.state.groups) }

// FindGroup returns a group by name, without regard to case.
func (s *Snapshot) FindGroup(name string) (Group, bool) {
	if g := s.state.groups[nameKey(name)]; g != nil {
		return *g, true
	}
	return Group{}, false
}

// Folders lists all folders by path.
func (s *Snapshot) Folders() []Folder { return listed(s.state.folders) }

// Plans lists all plans by name.
func (s *Snapshot) Plans() []Plan {
	plans := listed(s.state.plans)
	slices.SortFunc(plans, func(a, b Plan) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	return plans
}

// Assignments lists all roles given, by holder.
func (s *Snapshot) Assignments() []Assignment { return listed(s.state.roles) }

// listed returns the values of m in the order of their keys.
func listed[T any](m map[string]*T) []T {
	list := make([]T, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, *m[key])
	}
	return list
}
