package access

import (
	"fmt"
	"strings"
)

// Role is what its holder may do (contract, section 7).
type Role uint8

// The roles. Reviewer and Configurator are on a plan or a folder, the others on
// everything.
const (
	GlobalAdministrator Role = iota + 1 // reads and writes all
	GlobalReviewer                      // reads all
	Reviewer                            // reads the records of its plans
	Contributor                         // writes
	Configurator                        // no part of the API
)

var roleNames = [...]string{
	GlobalAdministrator: "Global administrator",
	GlobalReviewer:      "Global reviewer",
	Reviewer:            "Reviewer",
	Contributor:         "Contributor",
	Configurator:        "Configurator",
}

// Roles lists all roles.
func Roles() []Role {
	return []Role{GlobalAdministrator, GlobalReviewer, Reviewer, Contributor, Configurator}
}

func (r Role) String() string {
	if !r.valid() {
		return fmt.Sprintf("Role(%d)", uint8(r))
	}
	return roleNames[r]
}

func (r Role) valid() bool { return r >= GlobalAdministrator && int(r) < len(roleNames) }

// Scoped reports whether the role is on a plan or a folder.
func (r Role) Scoped() bool { return r == Reviewer || r == Configurator }

// ParseRole reads a role's name without regard to case; dashes and underscores
// count as spaces (global-administrator). Errors are ErrInvalid.
func ParseRole(s string) (Role, error) {
	spaced := strings.NewReplacer("-", " ", "_", " ").Replace(s)
	for _, r := range Roles() {
		if strings.EqualFold(spaced, roleNames[r]) {
			return r, nil
		}
	}
	return 0, invalid("role %s: use one of %s", quoted(s), strings.Join(roleNames[1:], ", "))
}

// MarshalText writes the role's name.
func (r Role) MarshalText() ([]byte, error) {
	if !r.valid() {
		return nil, invalid("no role %d", uint8(r))
	}
	return []byte(roleNames[r]), nil
}

// UnmarshalText reads the role's name.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}

// Assignment gives a role to an account or to a group.
type Assignment struct {
	Role    Role   `json:"role"`
	Account string `json:"account,omitempty"` // either an account
	Group   string `json:"group,omitempty"`   // or a group
	Plan    string `json:"plan,omitempty"`    // the ID of the plan it is on,
	Folder  string `json:"folder,omitempty"`  // or the path of the folder; neither for roles that are not Scoped
}

// key is equal for assignments that say the same.
func (a *Assignment) key() string {
	who := "account\x00" + nameKey(a.Account)
	if a.Group != "" {
		who = "group\x00" + nameKey(a.Group)
	}
	return strings.Join([]string{who, a.Role.String(), a.Plan, fold(a.Folder)}, "\x00")
}

// holder is the group, or else the account, that has the role; empty if it is of
// the other kind.
func (a *Assignment) holder(group bool) string {
	if group {
		return a.Group
	}
	return a.Account
}

// check refuses assignments that make no sense by themselves.
func (a *Assignment) check() error {
	switch scoped := a.Plan != "" || a.Folder != ""; {
	case !a.Role.valid():
		return invalid("no role %d", uint8(a.Role))
	case (a.Account == "") == (a.Group == ""):
		return invalid("role %s: name either an account or a group", a.Role)
	case a.Role.Scoped() && (a.Plan == "") == (a.Folder == ""):
		return invalid("role %s: name either a plan or a folder that it is on", a.Role)
	case !a.Role.Scoped() && scoped:
		return invalid("role %s is on everything: it takes neither plan nor folder", a.Role)
	}
	return nil
}
