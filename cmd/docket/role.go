package main

import (
	"fmt"
	"strings"

	"docket/shared/access"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newRoleCommand) }

func newRoleCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "role", "Give and take roles", `
Global administrator   reads and writes all records
Global reviewer        reads all records
Reviewer               reads the records of a plan, or of all plans in a folder
Contributor            writes records
Configurator           manages a plan or a folder; has no part of the API

Roles are given to accounts or to groups. Several roles add up.
`)
	c.AddCommand(newRoleGrant(a), newRoleRevoke(a), newRoleList(a))
	return c
}

func newRoleGrant(a *admin) *cobra.Command {
	return newRoleChange(a, &cobra.Command{
		Use:   "grant ROLE",
		Short: "Give a role to an account or a group",
		Example: `  docket role grant 'Global administrator' --account 'Corp\ann'
  docket role grant reviewer --group 'Corp\Auditors' --plan 'Active Directory'
  docket role grant reviewer --account bob@corp --folder Corporation/Europe
  docket role grant contributor --account feeder`,
	}, (*access.Draft).Grant)
}

func newRoleRevoke(a *admin) *cobra.Command {
	return newRoleChange(a, &cobra.Command{
		Use:     "revoke ROLE",
		Short:   "Take a role from an account or a group",
		Example: `  docket role revoke reviewer --account 'Corp\bob' --folder Corporation/Europe`,
	}, (*access.Draft).Revoke)
}

func newRoleChange(a *admin, c *cobra.Command, change func(*access.Draft, access.Assignment) error) *cobra.Command {
	var r access.Assignment
	c.Args = takes("ROLE")
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		if r.Role, err = access.ParseRole(args[0]); err != nil {
			return &exitError{exitUsage, err}
		}
		return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return change(d, r) })
	}
	c.Flags().StringVar(&r.Account, "account", "", "the account")
	c.Flags().StringVar(&r.Group, "group", "", "or the group")
	c.Flags().StringVar(&r.Plan, "plan", "", "the plan that a Reviewer or Configurator is for")
	c.Flags().StringVar(&r.Folder, "folder", "", "or the folder")
	return c
}

// roleView is a role as --json prints it.
type roleView struct {
	Role    string   `json:"role"`
	Account string   `json:"account,omitempty"`
	Group   string   `json:"group,omitempty"`
	Plan    string   `json:"plan,omitempty"`
	PlanID  string   `json:"planId,omitempty"`
	Folder  string   `json:"folder,omitempty"`
	Via     []string `json:"via,omitempty"`
}

func viewRole(s *access.Snapshot, g access.Grant) roleView {
	v := roleView{Role: g.Role.String(), Account: g.Account, Group: g.Group, PlanID: g.Plan, Folder: g.Folder, Via: g.Via}
	if p, ok := s.FindPlan(g.Plan); ok && g.Plan != "" {
		v.Plan = p.Name
	}
	return v
}

func (v roleView) on() string {
	switch {
	case v.Plan != "":
		return "plan " + v.Plan
	case v.Folder != "":
		return "folder " + v.Folder
	}
	return "everything"
}

func (v roleView) holder() string {
	if v.Group != "" {
		return "group " + v.Group
	}
	return "account " + v.Account
}

// roleText says what an assignment gives in one line.
func roleText(s *access.Snapshot, r access.Assignment) string {
	v := viewRole(s, access.Grant{Assignment: r})
	return fmt.Sprintf("%s of %s on %s", v.Role, v.holder(), v.on())
}

func newRoleList(a *admin) *cobra.Command {
	var account string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the roles given, or those that an account has in effect",
		Example: `  docket role list
  docket role list --account 'Corp\ann'`,
		Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				grants, err := listGrants(s, account)
				if err != nil {
					return err
				}
				views := []roleView{}
				var rows [][]string
				for _, g := range grants {
					v := viewRole(s, g)
					views = append(views, v)
					rows = append(rows, []string{v.Role, v.holder(), v.on(), strings.Join(v.Via, " > ")})
				}
				if a.json {
					return a.printJSON(views)
				}
				return a.printTable("ROLE\tOF\tON\tBY", rows)
			})
		},
	}
	c.Flags().StringVar(&account, "account", "", "only what this account has, itself or by groups")
	return c
}

func listGrants(s *access.Snapshot, account string) ([]access.Grant, error) {
	if account == "" {
		var all []access.Grant
		for _, r := range s.Assignments() {
			all = append(all, access.Grant{Assignment: r})
		}
		return all, nil
	}
	if _, ok := s.Account(account); !ok {
		return nil, unknown("account", account)
	}
	return s.Grants(account), nil
}
