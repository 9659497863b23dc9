package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"docket/shared/access"

	"github.com/spf13/cobra"
)

// admin is what the commands share that manage the directory of accounts,
// groups, roles, folders and plans.
type admin struct {
	world
	data string
	aws  awsFlags
	json bool
}

// adminHelp ends the help of every such command.
const adminHelp = `
It works on the files of the data directory, and while a server has that
directory open, through the server: a change holds from the next request on.
With --aws it works on a deployment in AWS in the same way.`

// newAdminCommand makes the command above some of them.
func newAdminCommand(w world, name, short, long string) (*cobra.Command, *admin) {
	a := &admin{world: w}
	c := &cobra.Command{
		Use:   name,
		Short: short,
		Long:  short + ".\n\n" + strings.TrimSpace(long+adminHelp),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &exitError{exitUsage, fmt.Errorf("unknown command %q\nrun '%s --help' for its commands", args[0], c.CommandPath())}
			}
			return c.Help()
		},
	}
	c.PersistentFlags().StringVar(&a.data, "data", defaultData(w), "data directory (default from DOCKET_DATA, or ./data)")
	c.PersistentFlags().Lookup("data").DefValue = ""
	a.aws.add(c)
	c.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	return c, a
}

// takes demands the named arguments; a last name that ends in ... stands for
// one or more.
func takes(names ...string) cobra.PositionalArgs {
	more := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...")
	return func(c *cobra.Command, args []string) error {
		if len(args) < len(names) || len(args) > len(names) && !more {
			want := "no arguments"
			if len(names) > 0 {
				want = strings.Join(names, " ")
			}
			return &exitError{exitUsage, fmt.Errorf("%s takes %s; it was given %d argument(s)\nrun '%s --help' for examples", c.CommandPath(), want, len(args), c.CommandPath())}
		}
		return nil
	}
}

// view reads the directory.
func (a *admin) view(ctx context.Context, show func(*access.Snapshot) error) error {
	data, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer data.Close()
	s, err := data.directory().Snapshot(ctx)
	if err != nil {
		return data.explain(err)
	}
	return show(s)
}

// edit changes the directory, making the data directory first if it is not
// there, and prints what was changed. change may run several times.
func (a *admin) edit(ctx context.Context, change func(*access.Draft, *dataDir) error) error {
	result, err := a.change(ctx, change)
	if err != nil {
		return err
	}
	return a.printResult(result)
}

func (a *admin) change(ctx context.Context, change func(*access.Draft, *dataDir) error) (access.Result, error) {
	data, err := a.openForChange(ctx)
	if err != nil {
		return access.Result{}, err
	}
	defer data.Close()
	editor := data.directory().Edit(author(), rand.Reader)
	result, err := editor.Update(ctx, func(d *access.Draft) error { return change(d, data) })
	if errors.Is(err, access.ErrUnknown) {
		err = fmt.Errorf("%w\nit is not known whether the change was made: look before you repeat it", err)
	}
	return result, data.explain(err)
}

// open opens the data to work on.
func (a *admin) open(ctx context.Context) (*dataDir, error) {
	if err := a.aws.check(); err != nil {
		return nil, err
	}
	if a.aws.on {
		return a.aws.open(ctx)
	}
	return openData(ctx, a.data)
}

// openForChange opens it, and makes a data directory that is not there. A
// deployment is made by make deploy alone.
func (a *admin) openForChange(ctx context.Context) (*dataDir, error) {
	if a.aws != (awsFlags{}) {
		return a.open(ctx)
	}
	if isData(a.data) {
		return openData(ctx, a.data)
	}
	fmt.Fprintf(a.stderr, "docket: making a new data directory at %s\n", a.data)
	return createData(a.data)
}

// directory is the directory of the open data.
func (d *dataDir) directory() *access.Directory {
	return access.Open(d.Table(directoryTable), time.Now)
}

// author is who runs the command, for the change log.
func author() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name + " (uid " + strconv.Itoa(os.Getuid()) + ")"
}

// printResult prints an edit's changes.
func (a *admin) printResult(r access.Result) error {
	if a.json {
		if r.Changes == nil {
			r.Changes = []access.Change{}
		}
		return a.printJSON(map[string]any{"version": r.Version, "changes": r.Changes})
	}
	if len(r.Changes) == 0 {
		fmt.Fprintln(a.stdout, "no changes")
		return nil
	}
	for _, c := range r.Changes {
		fmt.Fprintln(a.stdout, c)
	}
	return nil
}

func (a *admin) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printTable prints rows under a heading; that there are none it says to people,
// not to programs.
func (a *admin) printTable(heading string, rows [][]string) error {
	if len(rows) == 0 {
		fmt.Fprintln(a.stderr, "none")
		return nil
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, heading)
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		fmt.Fprintln(a.stdout, strings.TrimRight(line, " \n"))
	}
	return nil
}

// yes is a column of a table.
func yes(b bool, word string) string {
	if b {
		return word
	}
	return ""
}

// stamp prints a time of the directory.
func stamp(unix int64) string {
	if unix == 0 {
		return "never"
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// printFields prints what is known of one thing, a line each; what has several
// lines is indented.
func (a *admin) printFields(fields [][2]string) {
	width := 0
	fields = slices.DeleteFunc(fields, func(f [2]string) bool { return f[1] == "" })
	for _, f := range fields {
		width = max(width, len(f[0])+1)
	}
	for _, f := range fields {
		indent := "\n" + strings.Repeat(" ", width+1)
		line := fmt.Sprintf("%-*s %s", width, f[0]+":", strings.ReplaceAll(f[1], "\n", indent))
		fmt.Fprintln(a.stdout, strings.TrimRight(line, " "))
	}
}
