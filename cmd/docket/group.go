package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"docket/shared/access"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newGroupCommand) }

func newGroupCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "group", "Manage groups of accounts", `
Groups hold accounts and other groups. Roles given to a group are its members';
the search operators InGroup and NotInGroup look groups up by name. A member
need not be an account that can sign in.

Members of "`+access.AdministratorsGroup+`" are Global administrators, those of
"`+access.ClientUsersGroup+`" Global reviewers.
`)
	c.AddCommand(newGroupAdd(a), newGroupList(a), newGroupShow(a),
		newGroupMembers(a, true), newGroupMembers(a, false), newGroupRemove(a))
	return c
}

func newGroupAdd(a *admin) *cobra.Command {
	var g access.Group
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a group",
		Example: `  docket group add 'Corp\Auditors'
  docket group add 'Corp\Auditors' --member 'Corp\ann' --member bob@corp --group 'Corp\Chiefs'`,
		Args: takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error {
				made := g
				made.Name, made.Members = args[0], fullNames(d, g.Members)
				return d.AddGroup(made)
			})
		},
	}
	c.Flags().StringArrayVar(&g.Members, "member", nil, "account in the group; may be repeated")
	c.Flags().StringArrayVar(&g.Groups, "group", nil, "group whose members are members too; may be repeated")
	c.Flags().StringVar(&g.Note, "note", "", "what the group is for")
	return c
}

// groupView is a group as --json prints it.
type groupView struct {
	Name    string   `json:"name"`
	Note    string   `json:"note,omitempty"`
	BuiltIn bool     `json:"builtIn,omitempty"`
	Members []string `json:"members"`
	Groups  []string `json:"groups"`
	// Count includes the members of nested groups.
	Count int      `json:"count"`
	Roles []string `json:"roles,omitempty"`
}

func viewGroup(s *access.Snapshot, g access.Group) groupView {
	all, _ := s.Group(g.Name)
	return groupView{
		Name: g.Name, Note: g.Note, BuiltIn: g.BuiltIn(), Count: all.Len(),
		Members: append([]string{}, g.Members...), Groups: append([]string{}, g.Groups...),
	}
}

func newGroupList(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the groups",
		Example: `  docket group list
  docket group list --json`,
		Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				views := []groupView{}
				var rows [][]string
				for _, g := range s.Groups() {
					v := viewGroup(s, g)
					views = append(views, v)
					rows = append(rows, []string{v.Name, strconv.Itoa(len(v.Members)), strconv.Itoa(len(v.Groups)), strconv.Itoa(v.Count), v.Note})
				}
				if a.json {
					return a.printJSON(views)
				}
				return a.printTable("NAME\tACCOUNTS\tGROUPS\tALL MEMBERS\tNOTE", rows)
			})
		},
	}
}

func newGroupShow(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show a group, its members and its roles",
		Example: `  docket group show 'Corp\Auditors'`,
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				g, ok := s.FindGroup(args[0])
				if !ok {
					return unknown("group", args[0])
				}
				v := viewGroup(s, g)
				for _, r := range s.Assignments() {
					if r.Group != "" && access.SameName(r.Group, g.Name) {
						v.Roles = append(v.Roles, roleText(s, r))
					}
				}
				if a.json {
					return a.printJSON(v)
				}
				a.printFields([][2]string{
					{"name", v.Name}, {"note", v.Note}, {"members", strings.Join(v.Members, "\n")}, {"groups", strings.Join(v.Groups, "\n")},
					{"all members", strconv.Itoa(v.Count)}, {"roles", strings.Join(v.Roles, "\n")},
				})
				return nil
			})
		},
	}
}

// newGroupMembers makes add-member or remove-member.
func newGroupMembers(a *admin, add bool) *cobra.Command {
	var groups bool
	c := &cobra.Command{
		Use:   "add-member GROUP NAME...",
		Short: "Put accounts or groups into a group",
		Example: `  docket group add-member 'Corp\Auditors' 'Corp\ann' 'Corp\bob'
  docket group add-member 'Corp\Auditors' --group 'Corp\Chiefs'`,
		Args: takes("GROUP", "NAME..."),
	}
	run := addMembers
	if !add {
		c.Use, c.Short = "remove-member GROUP NAME...", "Take accounts or groups out of a group"
		c.Example = strings.ReplaceAll(c.Example, "add-member", "remove-member")
		run = removeMembers
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return runMembers(c.Context(), a, args[0], args[1:], groups, run)
	}
	c.Flags().BoolVar(&groups, "group", false, "the names are of groups")
	return c
}

// runMembers changes one of a group's lists.
func runMembers(ctx context.Context, a *admin, group string, names []string, groups bool, change func(list, names []string) ([]string, error)) error {
	return a.edit(ctx, func(d *access.Draft, _ *dataDir) error {
		full := names
		if !groups {
			full = fullNames(d, names)
		}
		var failed error
		err := d.UpdateGroup(group, func(g *access.Group) {
			list := &g.Members
			if groups {
				list = &g.Groups
			}
			*list, failed = change(*list, full)
		})
		if failed != nil {
			return failed
		}
		return err
	})
}

// fullNames replaces names in any form by those of the accounts that they mean;
// what means no account stays.
func fullNames(d *access.Draft, names []string) []string {
	full := slices.Clone(names)
	for i, name := range names {
		if account, ok := d.Account(name); ok {
			full[i] = account.Name
		}
	}
	return full
}

func addMembers(list, names []string) ([]string, error) { return append(list, names...), nil }

func removeMembers(list, names []string) ([]string, error) {
	for _, name := range names {
		n := len(list)
		list = slices.DeleteFunc(list, func(m string) bool { return access.SameName(m, name) })
		if len(list) == n {
			return nil, unknown("member", name)
		}
	}
	return list, nil
}

func newGroupRemove(a *admin) *cobra.Command {
	var cascade bool
	c := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a group; its members stay accounts",
		Example: `  docket group remove 'Corp\Auditors'
  docket group remove 'Corp\Auditors' --cascade`,
		Args: takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return d.RemoveGroup(args[0], cascade) })
		},
	}
	c.Flags().BoolVar(&cascade, "cascade", false, "revoke its roles and take it out of groups as well")
	return c
}
