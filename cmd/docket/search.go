package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"docket/shared/client"
	"docket/shared/filter"
	"docket/shared/wire"
)

func init() { commands = append(commands, newSearchCommand) }

type searchFlags struct {
	remote remoteFlags
	query  queryFlags
	print  printFlags
	limit  int
}

func newSearchCommand(w world) *cobra.Command {
	var f searchFlags
	c := &cobra.Command{
		Use:   "search",
		Short: "Find records on a server, the newest first",
		Long: `Find records on a server, the newest first: as a table on a terminal, else as a
JSON object a line.`,
		Example: `  docket search --who smith --when LastSevenDays
  docket search --action 'Failed Logon' --from 2026-01-01 --limit 0 --json
  docket search --filter 'What:EndsWith=.xlsx' --filter 'Who:NotInGroup=CORP\Finance'
  docket search --filter 'WorkingHours:NotEqualTo=07:00:00+01:00..19:00:00+01:00'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runSearch(c.Context(), w, f) },
	}
	c.Flags().IntVar(&f.limit, "limit", 100, "records to print at most; 0 prints all")
	f.print.add(c)
	f.query.add(c)
	f.remote.add(c, w)
	return c
}

func runSearch(ctx context.Context, w world, f searchFlags) error {
	if f.limit < 0 {
		return &exitError{exitUsage, errors.New("--limit must not be negative")}
	}
	entries, err := f.query.entries()
	if err != nil {
		return err
	}
	p, err := f.print.printer(w)
	if err != nil {
		return err
	}
	server, err := f.remote.client(w, wire.JSON)
	if err != nil {
		return err
	}
	more, err := printSearch(ctx, server, entries, f.limit, p)
	if err != nil {
		return explain(err)
	}
	if more && isTerminal(w.stderr) {
		fmt.Fprintf(w.stderr, "the newest %d; --limit 0 prints all\n", f.limit)
	}
	return p.end()
}

// printSearch prints up to limit matches, all if it is 0, and says whether there
// are more.
func printSearch(ctx context.Context, c *client.Client, entries []filter.Entry, limit int, p printer) (more bool, err error) {
	mark := ""
	for printed := 0; ; {
		count := defaultCount
		if limit > 0 {
			count = min(count, limit-printed+1) // one more tells that there is more
		}
		page, err := c.Search(ctx, mark, entries, count)
		if err != nil {
			return false, err
		}
		recs := page.Records
		if limit > 0 && printed+len(recs) > limit {
			recs, more = recs[:limit-printed], true
		}
		if err := p.write(recs); err != nil {
			return false, err
		}
		printed += len(recs)
		if more || len(page.Records) == 0 {
			return more, nil
		}
		mark = page.Mark
	}
}
