package access

import (
	"slices"
	"strings"

	"docket/shared/activity"
)

// Rights is what an account may do on the API, all its roles taken together.
// The zero Rights is nothing.
type Rights struct {
	// Scope is the records that it may read. It is empty for one that may not
	// read, and also for a Reviewer on a folder that has no plans yet.
	Scope activity.Scope
	// Read says whether it has a role that reads, whatever the scope.
	Read bool
	// Write says whether it may write records.
	Write bool
}

// Grant is a role that an account holds and how it came to it.
type Grant struct {
	Assignment
	// Via is the groups that lead from the account to the holder of the role,
	// the one that the account is in first; none if the account holds it itself.
	Via []string
	// BuiltIn says that the role belongs to the last group of Via in every
	// directory.
	BuiltIn bool
}

// Rights returns what the account may do now. An account that does not exist or
// is disabled may do nothing.
func (s *Snapshot) Rights(account string) Rights { return s.RightsIn(account, nil) }

// RightsIn returns what the account may do now that it is also in these groups,
// which it is for the time of one request: by what its Kerberos ticket says. Groups
// that the directory does not have give nothing.
func (s *Snapshot) RightsIn(account string, groups []string) Rights {
	a := s.account(account)
	if a == nil || a.Disabled {
		return Rights{}
	}
	key := nameKey(a.Name)
	if r, ok := s.rights.Load(key); ok && len(groups) == 0 {
		return r.(Rights)
	}
	var r Rights
	for _, g := range s.grants(a, groups) {
		s.state.add(&r, &g.Assignment)
	}
	if len(groups) == 0 {
		s.rights.Store(key, r)
	}
	return r
}

// Grants lists the roles that the account holds itself or by groups, also while
// it is disabled.
func (s *Snapshot) Grants(account string) []Grant {
	a := s.account(account)
	if a == nil {
		return nil
	}
	return s.grants(a, nil)
}

func (s *Snapshot) grants(a *Account, groups []string) []Grant {
	accountKey := nameKey(a.Name)
	chains := s.containers.chains(accountKey, groups...)
	var list []Grant
	for _, r := range s.state.roles {
		if r.Account != "" && nameKey(r.Account) == accountKey {
			list = append(list, Grant{Assignment: *r})
		} else if r.Group != "" && chains[nameKey(r.Group)] != nil {
			list = append(list, Grant{Assignment: *r, Via: chains[nameKey(r.Group)]})
		}
	}
	for _, b := range builtInRoles {
		if via := chains[nameKey(b.Group)]; via != nil {
			list = append(list, Grant{Assignment: b, Via: via, BuiltIn: true})
		}
	}
	slices.SortFunc(list, func(a, b Grant) int {
		return strings.Compare(a.key()+strings.Join(a.Via, "\x00"), b.key()+strings.Join(b.Via, "\x00"))
	})
	return list
}

var builtInRoles = [...]Assignment{
	{Role: GlobalAdministrator, Group: AdministratorsGroup},
	{Role: GlobalReviewer, Group: ClientUsersGroup},
}

// add adds what one assignment allows (contract, section 7).
func (s *state) add(r *Rights, a *Assignment) {
	switch a.Role {
	case GlobalAdministrator:
		r.Read, r.Write, r.Scope = true, true, activity.Scope{All: true}
	case GlobalReviewer:
		r.Read, r.Scope = true, activity.Scope{All: true}
	case Reviewer:
		r.Read = true
		s.addPlans(&r.Scope, a)
	case Contributor:
		r.Write = true
	}
}

// addPlans adds the plans that a Reviewer's assignment is on: one plan, or all
// in a folder and below it.
func (s *state) addPlans(scope *activity.Scope, a *Assignment) {
	if scope.All {
		return
	}
	if scope.Plans == nil {
		scope.Plans = map[string]bool{}
	}
	if a.Plan != "" && s.plans[a.Plan] != nil {
		scope.Plans[a.Plan] = true
	}
	if a.Folder == "" {
		return
	}
	top := fold(a.Folder)
	for id, p := range s.plans {
		if p.Folder != "" && inFolder(fold(p.Folder), top) {
			scope.Plans[id] = true
		}
	}
}

// Covers reports whether a role is on the plan: by itself, by a folder above the
// plan, or because it is on everything.
func (s *Snapshot) Covers(a Assignment, p Plan) bool {
	switch {
	case a.Plan != "":
		return a.Plan == p.ID
	case a.Folder != "":
		return p.Folder != "" && inFolder(fold(p.Folder), fold(a.Folder))
	}
	return true
}
