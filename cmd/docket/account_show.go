package main

import (
	"fmt"
	"slices"
	"strings"

	"docket/shared/access"

	"github.com/spf13/cobra"
)

// accountView is an account as --json prints it.
type accountView struct {
	Name        string     `json:"name"`
	Note        string     `json:"note,omitempty"`
	Disabled    bool       `json:"disabled"`
	Schemes     []string   `json:"schemes"`
	PasswordSet string     `json:"passwordSet,omitempty"`
	Groups      []string   `json:"groups,omitempty"`
	Roles       []roleView `json:"roles,omitempty"`
	May         *mayView   `json:"may,omitempty"`

	RecogniseRepeats bool `json:"recogniseRepeats,omitempty"`
}

// mayView is what an account may do now.
type mayView struct {
	Read  string   `json:"read"` // all, plans, or nothing
	Plans []string `json:"plans,omitempty"`
	Write bool     `json:"write"`
}

func viewAccount(acc access.Account) accountView {
	v := accountView{Name: acc.Name, Note: acc.Note, Disabled: acc.Disabled, Schemes: append([]string{}, acc.Schemes...), RecogniseRepeats: acc.RecogniseRepeats}
	if acc.PasswordSet != 0 {
		v.PasswordSet = stamp(acc.PasswordSet)
	}
	return v
}

func newAccountList(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Example: `  docket account list
  docket account list --json`,
		Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				views := []accountView{}
				var rows [][]string
				for _, acc := range s.Accounts() {
					v := viewAccount(acc)
					views = append(views, v)
					state := yes(v.Disabled, "disabled")
					if v.PasswordSet == "" {
						state = strings.TrimSpace(state + " no password")
					}
					rows = append(rows, []string{v.Name, strings.Join(v.Schemes, " "), state, v.Note})
				}
				if a.json {
					return a.printJSON(views)
				}
				return a.printTable("NAME\tSCHEMES\tSTATE\tNOTE", rows)
			})
		},
	}
}

func newAccountShow(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Show an account, its groups, its roles and what it may do",
		Example: `  docket account show 'Corp\ann'
  docket account show ann@corp --json`,
		Args: takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				acc, ok := s.Account(args[0])
				if !ok {
					return unknown("account", args[0])
				}
				v := viewAccount(acc)
				v.Groups = s.GroupsOf(acc.Name)
				for _, g := range s.Grants(acc.Name) {
					v.Roles = append(v.Roles, viewRole(s, g))
				}
				v.May = viewRights(s, acc.Name)
				if a.json {
					return a.printJSON(v)
				}
				a.printAccount(v)
				return nil
			})
		},
	}
}

func viewRights(s *access.Snapshot, account string) *mayView {
	r := s.Rights(account)
	v := &mayView{Read: "nothing", Write: r.Write}
	switch {
	case r.Scope.All:
		v.Read = "all"
	case r.Read:
		v.Read = "plans"
		for id := range r.Scope.Plans {
			if p, ok := s.Plan("", id); ok {
				v.Plans = append(v.Plans, p.Name)
			}
		}
		slices.Sort(v.Plans)
	}
	return v
}

func (a *admin) printAccount(v accountView) {
	var roles []string
	for _, r := range v.Roles {
		text := r.Role + " on " + r.on()
		if len(r.Via) > 0 {
			text += " by " + strings.Join(r.Via, " > ")
		}
		roles = append(roles, text)
	}
	reads := v.May.Read + " records"
	if v.May.Read == "plans" {
		reads = fmt.Sprintf("records of %d plan(s): %s", len(v.May.Plans), strings.Join(v.May.Plans, ", "))
	}
	if v.May.Read == "nothing" {
		reads = "nothing"
	}
	password := v.PasswordSet
	if password == "" {
		password = "none"
	}
	a.printFields([][2]string{
		{"name", v.Name}, {"note", v.Note}, {"disabled", yes(v.Disabled, "yes")}, {"schemes", strings.Join(v.Schemes, " ")},
		{"password set", password}, {"recognises repeats", yes(v.RecogniseRepeats, "yes, for 15 minutes")}, {"groups", strings.Join(v.Groups, "\n")}, {"roles", strings.Join(roles, "\n")},
		{"reads", reads}, {"writes", map[bool]string{true: "yes", false: "no"}[v.May.Write]},
	})
}
