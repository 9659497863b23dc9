package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/activity"
	"docket/shared/client"
	"docket/shared/filter"
	"docket/shared/wire"
)

func init() { commands = append(commands, newTailCommand) }

type tailFlags struct {
	remote   remoteFlags
	query    queryFlags
	print    printFlags
	number   int
	follow   bool
	interval time.Duration
}

func newTailCommand(w world) *cobra.Command {
	var f tailFlags
	c := &cobra.Command{
		Use:   "tail",
		Short: "Print the newest records, and those that come",
		Long: `Print the newest records of a server, the newest last. With -f wait for others
and print each once when it is committed, whatever its time; Ctrl-C ends it.

When the server cannot be reached, -f tries again with growing pauses and misses
nothing.`,
		Example: `  docket tail -n 20
  docket tail -f --action 'Failed Logon'
  docket tail -n 0 -f --json | jq .Who`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runTail(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.IntVarP(&f.number, "number", "n", 10, "newest records to begin with")
	fl.BoolVarP(&f.follow, "follow", "f", false, "wait for new records")
	fl.DurationVar(&f.interval, "interval", time.Second, "how often to ask for new records")
	f.print.add(c)
	f.query.add(c)
	f.remote.add(c, w)
	return c
}

const (
	maxTail         = 100_000
	leastInterval   = 50 * time.Millisecond
	longestInterval = time.Minute
)

func runTail(ctx context.Context, w world, f tailFlags) error {
	if f.number < 0 || f.number > maxTail {
		return &exitError{exitUsage, fmt.Errorf("--number must be from 0 to %d", maxTail)}
	}
	if f.interval < leastInterval {
		return &exitError{exitUsage, fmt.Errorf("--interval must be at least %s", leastInterval)}
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
	t := &tail{server: server, entries: entries, print: p, interval: f.interval, warn: func(err error) {
		fmt.Fprintf(w.stderr, "docket: %v; trying again\n", err)
	}}
	if err := t.begin(ctx, f.number, f.follow); err != nil {
		return explain(err)
	}
	if f.follow {
		err := t.follow(ctx)
		if !errors.Is(err, context.Canceled) {
			return explain(err)
		}
	}
	return p.end()
}

// tail prints the end of the database and goes on with it.
type tail struct {
	server   *client.Client
	entries  []filter.Entry
	print    printer
	interval time.Duration
	warn     func(error)

	mark string
	seen map[activity.RID]bool // printed at the start, and perhaps behind the mark too
}

// begin prints the newest n records. If they are to be followed it takes a mark
// first: what is committed between the two requests is then in both, never in
// none, and seen tells.
func (t *tail) begin(ctx context.Context, n int, follow bool) error {
	if follow {
		var err error
		if t.mark, err = endMark(ctx, t.server); err != nil {
			return err
		}
	}
	var recs []activity.Stored
	for mark := ""; len(recs) < n; {
		page, err := t.server.Search(ctx, mark, t.entries, n-len(recs))
		if err != nil {
			return err
		}
		if len(page.Records) == 0 {
			break
		}
		recs, mark = append(recs, page.Records...), page.Mark
	}
	recs = recs[:min(n, len(recs))]
	t.seen = make(map[activity.RID]bool, len(recs))
	for i := range recs {
		t.seen[recs[i].RID] = true
	}
	slices.Reverse(recs)
	return t.print.write(recs)
}

// follow prints new records until the context ends.
func (t *tail) follow(ctx context.Context) error {
	pause := t.interval
	for {
		end, err := t.step(ctx)
		var refused *client.Refused
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && !end:
			continue
		case err == nil:
			pause = t.interval
			t.seen = nil // what was committed before the first checkpoint has been passed
		case errors.As(err, &refused) && refused.Status < 500:
			return err
		case errors.As(err, new(*printError)):
			return err
		default:
			t.warn(err)
			pause = min(2*pause, longestInterval)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step prints one page and says whether it was the end.
func (t *tail) step(ctx context.Context) (end bool, err error) {
	var page client.Page
	if len(t.entries) == 0 {
		page, err = t.server.Enum(ctx, t.mark, defaultCount)
	} else {
		page, err = t.server.Search(ctx, t.mark, t.entries, defaultCount)
	}
	if err != nil {
		return false, err
	}
	recs := slices.DeleteFunc(page.Records, func(r activity.Stored) bool { return t.seen[r.RID] })
	if len(t.entries) > 0 {
		slices.Reverse(recs) // a search gives the newest first
	}
	end = len(page.Records) == 0
	if err := t.print.write(recs); err != nil {
		return false, &printError{err}
	}
	t.mark = page.Mark
	return end, nil
}

// printError is a failure to print, which trying again does not mend.
type printError struct{ err error }

func (e *printError) Error() string { return e.err.Error() }
func (e *printError) Unwrap() error { return e.err }
