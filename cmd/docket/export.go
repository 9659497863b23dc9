package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/activity"
	"docket/shared/client"
	"docket/shared/filter"
	"docket/shared/recordfile"
	"docket/shared/transfer"
	"docket/shared/wire"
)

func init() { commands = append(commands, newExportCommand) }

type exportFlags struct {
	remote  remoteFlags
	query   queryFlags
	format  string
	output  string
	state   string
	count   int
	replace bool
}

// defaultCount is the number of records asked for at a time where nobody waits
// for the first: more than the server's default, which halves the requests' cost.
const defaultCount = 5000

func newExportCommand(w world) *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the records of a server to a file",
		Long: `Write all records that the account may read, or those that a search finds, to a
file or to standard output.

NDJSON, JSON and XML hold whole records and can be imported again. CSV is for
spreadsheets; a cell that one would take for a formula has an apostrophe before
it.

With --state the next run fetches only what is new since the last: NDJSON and CSV
files grow, for JSON and XML name a new file each time. A run that was cut off is
taken up where it was, without a gap and without repeating a record. On standard
output the records since the last page may come twice after a crash.`,
		Example: `  docket export --output all.ndjson
  docket export --format csv --who smith --from 2026-01-01 --output smith.csv
  docket export --state export.state --output audit.ndjson   # again each night`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runExport(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.format, "format", "ndjson", "ndjson, json, xml or csv")
	fl.StringVarP(&f.output, "output", "o", "", "file to write; standard output if not given")
	fl.StringVar(&f.state, "state", "", "file that keeps the mark, for the next run")
	fl.IntVar(&f.count, "count", defaultCount, "records to ask for at a time")
	fl.BoolVar(&f.replace, "replace", false, "replace the output if it exists")
	f.query.add(c)
	f.remote.add(c, w)
	return c
}

func runExport(ctx context.Context, w world, f exportFlags) (err error) {
	format, err := recordfile.ParseFormat(f.format)
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("--format: %w", err)}
	}
	if f.count < 1 {
		return &exitError{exitUsage, errors.New("--count must be at least 1")}
	}
	entries, err := f.query.entries()
	if err != nil {
		return err
	}
	server, err := f.remote.client(w, wire.JSON)
	if err != nil {
		return err
	}
	target := transfer.NewStream(w.stdout, format)
	if f.output != "" {
		if target, err = transfer.NewFile(f.output, format); err != nil {
			return err
		}
	}
	e := &transfer.Exporter{Fetch: fetch(server, entries, f.count), Target: target}
	if f.state != "" {
		if e.State, err = transfer.OpenExportState(f.state, f.remote.address(w), describe(entries), target); err != nil {
			return err
		}
	}
	if err := target.Open(e.State.Size(), f.replace); err != nil {
		return err
	}
	defer func() {
		if cerr := target.Close(); err == nil {
			err = cerr
		}
	}()
	bar := newProgress(w, -1, "export")
	defer bar.end()
	e.Progress = bar.records
	started := time.Now()
	n, err := e.Run(ctx)
	if f.output != "" {
		fmt.Fprintf(w.stderr, "%s records in %s\n", grouped(n), time.Since(started).Round(time.Millisecond))
	}
	return explain(err)
}

// fetch walks all records if there are no filters, or the matches.
func fetch(c *client.Client, entries []filter.Entry, count int) transfer.Fetch {
	return func(ctx context.Context, mark string) ([]activity.Stored, string, error) {
		var page client.Page
		var err error
		if len(entries) == 0 {
			page, err = c.Enum(ctx, mark, count)
		} else {
			page, err = c.Search(ctx, mark, entries, count)
		}
		return page.Records, page.Mark, err
	}
}
