package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/hammer"
	"docket/shared/wire"
)

func init() { commands = append(commands, newHammerCommand) }

type hammerFlags struct {
	remote remoteFlags
	config hammer.Config
	json   bool
}

func newHammerCommand(w world) *cobra.Command {
	var f hammerFlags
	c := &cobra.Command{
		Use:   "hammer",
		Short: "Write, walk and search at once, and check every answer",
		Long: `Load a server and judge it: writers send batches with and without keys, repeat
them, go away in the middle, and send what must be refused; readers follow, walk
from the beginning, resume and repeat; searchers search. All that comes back is
compared field by field with what was sent.

A finding is something lost, repeated, out of order, altered, shown in part or
although it was refused. The exit code is 3 if there is one. What the run writes
stays in the store: its records have a What that begins with hammer-.

The account must be allowed to read everything and to write.`,
		Example: `  docket hammer --for 10m --writers 4 --readers 2
  docket hammer --for 30s --rate 0 --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runHammer(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.DurationVar(&f.config.For, "for", time.Minute, "for how long; a last walk comes after it")
	fl.IntVar(&f.config.Writers, "writers", 4, "writers at once")
	fl.IntVar(&f.config.Readers, "readers", 2, "readers at once; the first follows the end")
	fl.IntVar(&f.config.Searchers, "searchers", 1, "searchers at once")
	fl.IntVar(&f.config.Batch, "batch", 1000, "records of the largest batch")
	fl.Float64Var(&f.config.Rate, "rate", 5000, "records a second to write at most; 0 is no limit")
	fl.Int64Var(&f.config.MaxRecords, "max-records", 20_000_000, "end writing at so many records; each takes 5 bytes of memory here")
	fl.BoolVar(&f.config.Whole, "whole", false, "walk from the first record of the store, not of this run")
	fl.Uint64Var(&f.config.Seed, "seed", 0, "seed of records and choices; 0 draws one")
	fl.StringArrayVar(&f.config.Plans, "plan", nil, "monitoring plan of the records (repeatable)")
	fl.BoolVar(&f.json, "json", false, "print the report as JSON")
	f.remote.add(c, w)
	return c
}

func runHammer(ctx context.Context, w world, f hammerFlags) error {
	f.remote.connections = f.config.Writers + f.config.Readers + f.config.Searchers
	var err error
	if f.config.Client, err = f.remote.client(w, wire.JSON); err != nil {
		return err
	}
	f.remote.fresh = true
	if f.config.Fresh, err = f.remote.client(w, wire.JSON); err != nil {
		return err
	}
	f.config.Run = strings.ToLower(rand.Text()[:8]) // keys and records of two runs never meet
	if f.config.Seed == 0 {
		var random [8]byte
		rand.Read(random[:]) // does not fail (crypto/rand)
		f.config.Seed = binary.LittleEndian.Uint64(random[:])
	}
	shown := newProgress(w, -1, "hammer")
	f.config.Progress = func(p hammer.Progress) {
		if shown != nil {
			shown.bar.Describe(fmt.Sprintf("%s: %s written, %s read, %s findings", p.Elapsed.Round(time.Second), grouped(p.Written), grouped(p.Read), grouped(p.Findings)))
			shown.bar.Add(0) // draws the line; a terminal that is gone is no failure of the run
		}
	}
	report, err := hammer.Do(ctx, f.config)
	shown.end()
	if err != nil {
		return explain(err)
	}
	if err := printHammer(w, report, f.json); err != nil {
		return err
	}
	if report.Findings > 0 {
		return &exitError{exitFinding, fmt.Errorf("%s findings", grouped(report.Findings))}
	}
	return nil
}

func printHammer(w world, r *hammer.Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w.stdout).Encode(r)
	}
	t := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "requests\tfailed\trecords\trequests/s\trecords/s\tp50 ms\tp99 ms\tmax ms\t  load")
	for _, g := range r.Figures {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.1f\t%.1f\t%.1f\t  %s\n", grouped(g.Requests), grouped(g.Failed), grouped(g.Records),
			grouped(int64(g.RequestsPerSecond)), grouped(int64(g.RecordsPerSecond)), g.P50, g.P99, g.Max, g.Load)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "\nrun %s, seed %d, %.0f s: %s records acknowledged of %s in %s batches\n", r.Run, r.Seed, r.Seconds, grouped(r.Acked), grouped(r.Records), grouped(int64(r.Batches)))
	fmt.Fprintf(w.stdout, "%s batches cut off, %s of them stored; %s repeated with their key; %s bad ones refused\n", grouped(r.Unknown), grouped(r.Landed), grouped(r.Again), grouped(r.Bad))
	fmt.Fprintf(w.stdout, "judged: %s walks, %s searches, %s pages asked for twice\n", grouped(r.Walks), grouped(r.Searches), grouped(r.Repeats))
	for _, f := range r.First {
		fmt.Fprintf(w.stdout, "FINDING %s: %s\n", f.Kind, f.Text)
	}
	fmt.Fprintf(w.stdout, "findings: %s\n", grouped(r.Findings))
	return nil
}
