package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"docket/shared/access"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newPlanCommand) }

func newPlanCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "plan", "Manage monitoring plans", `
A plan says which records belong together: a Reviewer on it reads them. Only
plans that are enabled may be written to through the API. Wherever a plan is
named, its ID will do as well as its name.
`)
	c.AddCommand(newPlanAdd(a), newPlanList(a), newPlanShow(a), newPlanSet(a), newPlanRemove(a))
	return c
}

func newPlanAdd(a *admin) *cobra.Command {
	var p access.Plan
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a plan and print its ID",
		Example: `  docket plan add 'Active Directory' --enabled
  docket plan add 'File servers' --folder Corporation/Europe --item 'fs01 (Windows)'
  docket plan add 'From the old server' --id '{42F64379-163E-4A43-A9C5-4514C5A23798}'`,
		Args: takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error {
				p.Name = args[0]
				_, err := d.AddPlan(p)
				return err
			})
		},
	}
	c.Flags().StringVar(&p.ID, "id", "", "its ID, a GUID, if it has one already; else a new one is made")
	c.Flags().StringVar(&p.Folder, "folder", "", "path of the folder it is in")
	c.Flags().BoolVar(&p.Enabled, "enabled", false, "let it be written to through the API")
	c.Flags().StringArrayVar(&p.Items, "item", nil, "what it monitors, with its type; may be repeated")
	return c
}

// planView is a plan as --json prints it.
type planView struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Folder  string   `json:"folder,omitempty"`
	Enabled bool     `json:"enabled"`
	Items   []string `json:"items"`
	Roles   []string `json:"roles,omitempty"`
}

func viewPlan(p access.Plan) planView {
	return planView{ID: p.ID, Name: p.Name, Folder: p.Folder, Enabled: p.Enabled, Items: append([]string{}, p.Items...)}
}

func newPlanList(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the plans",
		Example: `  docket plan list
  docket plan list --json`,
		Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				views := []planView{}
				var rows [][]string
				for _, p := range s.Plans() {
					views = append(views, viewPlan(p))
					rows = append(rows, []string{p.Name, p.ID, p.Folder, yes(p.Enabled, "enabled"), strconv.Itoa(len(p.Items))})
				}
				if a.json {
					return a.printJSON(views)
				}
				return a.printTable("NAME\tID\tFOLDER\tAPI\tITEMS", rows)
			})
		},
	}
}

func newPlanShow(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "show PLAN",
		Short: "Show a plan and the roles on it",
		Example: `  docket plan show 'Active Directory'
  docket plan show '{42F64379-163E-4A43-A9C5-4514C5A23798}' --json`,
		Args: takes("PLAN"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				p, ok := s.FindPlan(args[0])
				if !ok {
					return unknown("plan", args[0])
				}
				v := viewPlan(p)
				for _, r := range s.Assignments() {
					if s.Covers(r, p) {
						v.Roles = append(v.Roles, roleText(s, r))
					}
				}
				if a.json {
					return a.printJSON(v)
				}
				a.printFields([][2]string{
					{"name", v.Name}, {"ID", v.ID}, {"folder", v.Folder}, {"enabled", strconv.FormatBool(v.Enabled)},
					{"items", strings.Join(v.Items, "\n")}, {"roles", strings.Join(v.Roles, "\n")},
				})
				return nil
			})
		},
	}
}

func newPlanSet(a *admin) *cobra.Command {
	var name, folder string
	var enabled bool
	var items, add, remove []string
	c := &cobra.Command{
		Use:   "set PLAN",
		Short: "Change a plan",
		Long:  "Change a plan. Its ID never changes; records written before keep the name that it\nhad then.",
		Example: `  docket plan set 'Active Directory' --enabled
  docket plan set 'Active Directory' --enabled=false --name 'Active Directory (old)'
  docket plan set 'File servers' --folder Corporation --add-item 'fs02 (Windows)'
  docket plan set 'File servers' --folder ''`,
		Args: takes("PLAN"),
	}
	fl := c.Flags()
	fl.StringVar(&name, "name", "", "new name")
	fl.StringVar(&folder, "folder", "", "path of the folder to put it in; empty is the top")
	fl.BoolVar(&enabled, "enabled", false, "let it be written to through the API, or not")
	fl.StringArrayVar(&items, "item", nil, "all that it monitors; may be repeated")
	fl.StringArrayVar(&add, "add-item", nil, "what it monitors from now on; may be repeated")
	fl.StringArrayVar(&remove, "remove-item", nil, "what it monitors no more; may be repeated")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error {
			var missing error
			err := d.UpdatePlan(args[0], func(p *access.Plan) {
				setIf(fl.Changed("name"), &p.Name, name)
				setIf(fl.Changed("folder"), &p.Folder, folder)
				setIf(fl.Changed("enabled"), &p.Enabled, enabled)
				setIf(fl.Changed("item"), &p.Items, slices.Clone(items))
				p.Items = append(p.Items, add...)
				p.Items, missing = without(p.Items, remove)
			})
			if missing != nil {
				return missing
			}
			return err
		})
	}
	return c
}

func setIf[T any](changed bool, field *T, value T) {
	if changed {
		*field = value
	}
}

func without(list, remove []string) ([]string, error) {
	for _, r := range remove {
		i := slices.Index(list, r)
		if i < 0 {
			return nil, unknown("item", r)
		}
		list = slices.Delete(list, i, i+1)
	}
	return list, nil
}

func newPlanRemove(a *admin) *cobra.Command {
	var cascade bool
	c := &cobra.Command{
		Use:   "remove PLAN",
		Short: "Remove a plan; its records stay, for global roles alone",
		Example: `  docket plan remove 'File servers'
  docket plan remove 'File servers' --cascade`,
		Args: takes("PLAN"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return d.RemovePlan(args[0], cascade) })
		},
	}
	c.Flags().BoolVar(&cascade, "cascade", false, "revoke the roles on it as well")
	return c
}

// unknown says that something named on the command line does not exist.
func unknown(kind, name string) error { return fmt.Errorf("%s %s does not exist", kind, name) }
