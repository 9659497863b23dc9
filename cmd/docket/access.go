package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"docket/shared/access"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newAccessCommand) }

func newAccessCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "access", "Manage all of who may do what by a file, and see who changed it", "")
	c.AddCommand(newAccessApply(a), newAccessExport(a), newAccessLog(a), newAccessSet(a))
	return c
}

const applyHelp = `Make the directory as a YAML file says: default domain, folders, plans, accounts,
groups and roles. What the file describes is added or changed; a field that it
leaves out stays as it is; a list that it gives (items, members, schemes) is whole.
What it does not mention stays, but with --prune what a list of the file lacks is
removed: accounts if the file has a list of accounts, roles if it has roles.

The whole file is checked first, and every problem is listed; if there is one,
nothing is changed. All is changed at once. Applied again it changes nothing.

Passwords are not in the file. A new account may name a file that holds its first
password; an account that has a password keeps it.

  defaultDomain: Corp
  folders: [Corporation, Corporation/Europe]
  plans:
    - name: Active Directory
      folder: Corporation/Europe
      enabled: true
      items: [corp.example (AD Container)]
  accounts:
    - name: Corp\ann
      schemes: [basic, digest]
      initialPasswordFile: ann.txt   # beside this file
  groups:
    - name: Corp\Auditors
      members: [Corp\ann, Corp\bob]
      groups: [Corp\Chiefs]
    - name: Corp\Chiefs
  roles:
    - role: Reviewer
      group: Corp\Auditors
      folder: Corporation             # or plan: Active Directory
    - role: Contributor
      account: Corp\ann

With --dry-run nothing is changed; the exit code is 3 if something would be.`

func newAccessApply(a *admin) *cobra.Command {
	var dryRun, prune bool
	c := &cobra.Command{
		Use:   "apply FILE",
		Short: "Make accounts, groups, roles, folders and plans as a file says",
		Long:  applyHelp,
		Example: `  docket access apply access.yaml --dry-run
  docket access apply access.yaml
  docket access apply access.yaml --prune
  docket access export | docket access apply --data /srv/other -`,
		Args: takes("FILE"),
		RunE: func(c *cobra.Command, args []string) error { return a.apply(c.Context(), args[0], dryRun, prune) },
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would be changed")
	c.Flags().BoolVar(&prune, "prune", false, "remove what the file's lists lack")
	return c
}

func (a *admin) apply(ctx context.Context, name string, dryRun, prune bool) error {
	file, problems, err := a.readAccessFile(name)
	if err != nil {
		return err
	}
	var data *dataDir
	if dryRun {
		data, err = a.open(ctx)
	} else {
		data, err = a.openForChange(ctx)
	}
	if err != nil {
		return err
	}
	defer data.Close()
	editor := data.directory().Edit(author(), rand.Reader)
	run := editor.Update
	if dryRun || len(problems) > 0 {
		run = editor.Preview // for the problems that only show against the directory
	}
	result, err := run(ctx, func(d *access.Draft) error { return file.applyTo(d, data, prune, problems) })
	var bad *fileError
	if errors.As(err, &bad) {
		return bad.named(name)
	}
	if err != nil {
		return data.explain(err)
	}
	if err := a.printResult(result); err != nil {
		return err
	}
	if dryRun && len(result.Changes) > 0 {
		return &exitError{code: exitFinding}
	}
	return nil
}

// fileError is everything that is wrong with a file.
type fileError struct {
	name     string
	problems []access.Problem
}

func (e *fileError) named(name string) error { return &fileError{name, e.problems} }

// maxShown bounds what is printed of a file's problems.
const maxShown = 100

func (e *fileError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s has %d problem(s), nothing was changed", e.name, len(e.problems))
	for i, p := range e.problems {
		if i == maxShown {
			fmt.Fprintf(&b, "\n  and %d more", len(e.problems)-maxShown)
			break
		}
		fmt.Fprintf(&b, "\n  %s", p)
	}
	return b.String()
}

// maxAccessFile bounds the file: 100,000 accounts fit.
const maxAccessFile = 64 << 20

func (a *admin) readAccessFile(name string) (*accessFile, []access.Problem, error) {
	from, dir := a.stdin, "."
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", name, err)
		}
		defer f.Close()
		from, dir = f, filepath.Dir(name)
	}
	text, err := io.ReadAll(io.LimitReader(from, maxAccessFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxAccessFile {
		return nil, nil, fmt.Errorf("read %s: it has more than %d MiB", name, maxAccessFile>>20)
	}
	file, problems := parseAccessFile(text)
	file.dir = dir
	return file, problems, nil
}

func newAccessExport(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print accounts, groups, roles, folders and plans as a file for apply",
		Long:  "Print accounts, groups, roles, folders and plans as YAML that docket access apply\ntakes back. It holds no passwords and nothing made from them.",
		Example: `  docket access export > access.yaml
  docket access export --json`,
		Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.view(c.Context(), func(s *access.Snapshot) error {
				file := exportFile(s.Document())
				if a.json {
					return a.printJSON(file)
				}
				return writeAccessFile(a.stdout, file)
			})
		},
	}
}

func newAccessLog(a *admin) *cobra.Command {
	var limit int
	var before uint64
	c := &cobra.Command{
		Use:   "log",
		Short: "Show who changed what, the newest first",
		Example: `  docket access log
  docket access log --limit 5
  docket access log --before 120 --json`,
		Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if limit < 1 || limit > access.MaxLogPage {
				return &exitError{exitUsage, fmt.Errorf("--limit must be 1 to %d", access.MaxLogPage)}
			}
			return a.showLog(c.Context(), before, limit)
		},
	}
	c.Flags().IntVar(&limit, "limit", 50, "show at most so many edits")
	c.Flags().Uint64Var(&before, "before", 0, "show edits older than this version (default the newest)")
	return c
}

func (a *admin) showLog(ctx context.Context, before uint64, limit int) error {
	data, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer data.Close()
	entries, err := data.directory().Log(ctx, before, limit)
	if err != nil {
		return data.explain(err)
	}
	if a.json {
		if entries == nil {
			entries = []access.LogEntry{}
		}
		return a.printJSON(entries)
	}
	for _, e := range entries {
		fmt.Fprintf(a.stdout, "%d  %s  %s\n", e.Version, time.Unix(e.When, 0).UTC().Format(time.RFC3339), e.By)
		for _, c := range e.Changes {
			fmt.Fprintf(a.stdout, "    %s\n", c)
		}
	}
	return nil
}

func newAccessSet(a *admin) *cobra.Command {
	var domain string
	c := &cobra.Command{
		Use:   "set",
		Short: "Change what holds for the whole directory",
		Example: `  docket access set --default-domain Corp
  docket access set --default-domain ''`,
		Args: takes(),
	}
	c.Flags().StringVar(&domain, "default-domain", "", "where a name without domain is looked up; empty is nowhere")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if !c.Flags().Changed("default-domain") {
			return &exitError{exitUsage, errors.New("nothing to set: give --default-domain")}
		}
		return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return d.SetDefaultDomain(domain) })
	}
	return c
}
