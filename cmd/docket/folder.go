package main

import (
	"docket/shared/access"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newFolderCommand) }

func newFolderCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "folder", "Manage folders of monitoring plans", `
A folder is named by its path, as in Corporation/Europe. A role on a folder is on
all plans in it and below it, also on those that come later.
`)
	c.AddCommand(newFolderAdd(a), newFolderList(a), newFolderMove(a), newFolderRemove(a))
	return c
}

func newFolderAdd(a *admin) *cobra.Command {
	var parents bool
	c := &cobra.Command{
		Use:   "add PATH",
		Short: "Add a folder",
		Example: `  docket folder add Corporation
  docket folder add --parents Corporation/Europe/Zurich`,
		Args: takes("PATH"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return addFolder(d, args[0], parents) })
		},
	}
	c.Flags().BoolVar(&parents, "parents", false, "add the folders above it too where they are missing")
	return c
}

func addFolder(d *access.Draft, path string, parents bool) error {
	if parent := access.FolderParent(path); parents && parent != "" {
		if _, ok := d.Folder(parent); !ok {
			if err := addFolder(d, parent, true); err != nil {
				return err
			}
		}
	}
	return d.AddFolder(path)
}

func newFolderList(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the folders",
		Example: `  docket folder list`,
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				folders := s.Folders()
				if a.json {
					return a.printJSON(folders)
				}
				var rows [][]string
				for _, f := range folders {
					rows = append(rows, []string{f.Path})
				}
				return a.printTable("PATH", rows)
			})
		},
	}
}

func newFolderMove(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "move FROM TO",
		Short: "Rename a folder or move it into another",
		Long:  "Rename a folder or move it into another. All that lies in it, and the roles on it,\ngo with it.",
		Example: `  docket folder move Corporation/Europe Corporation/EMEA
  docket folder move Zurich Corporation/EMEA/Zurich`,
		Args: takes("FROM", "TO"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return d.MoveFolder(args[0], args[1]) })
		},
	}
}

func newFolderRemove(a *admin) *cobra.Command {
	var cascade bool
	c := &cobra.Command{
		Use:   "remove PATH",
		Short: "Remove a folder",
		Example: `  docket folder remove Corporation/Europe
  docket folder remove Corporation --cascade`,
		Args: takes("PATH"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return d.RemoveFolder(args[0], cascade) })
		},
	}
	c.Flags().BoolVar(&cascade, "cascade", false, "remove the folders below it, move its plans to the folder above, and revoke the roles on it")
	return c
}
