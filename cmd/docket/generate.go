package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/recordfile"
)

func init() { commands = append(commands, newGenerateCommand) }

type generateFlags struct {
	n      int
	seed   uint64
	end    string
	plans  []string
	format string
}

func newGenerateCommand(w world) *cobra.Command {
	var f generateFlags
	c := &cobra.Command{
		Use:   "generate",
		Short: "Print synthetic records that behave like real ones",
		Long: `Print synthetic records: accounts and hosts by Zipf's law, deep paths, details,
every action, office hours over 90 days, about 640 bytes of JSON each with a plan.

The same flags give the same bytes, on every machine and for ever. Unless --end
says otherwise the 90 days end with the year 2025. Plans named with --plan must
exist on the server that the records are written to.`,
		Example: `  docket generate -n 100000 | docket import
  docket generate -n 1000 --seed 7 --plan 'Integrations and custom sources' --format xml
  docket generate -n 5000 --end now`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runGenerate(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.IntVarP(&f.n, "number", "n", 1000, "how many records")
	fl.Uint64VarP(&f.seed, "seed", "S", 1, "another seed, other records")
	fl.StringVar(&f.end, "end", generate.DefaultEnd.Format(time.DateOnly), "day before which the records end, as YYYY-MM-DD, or now")
	fl.StringArrayVar(&f.plans, "plan", nil, "monitoring plan of the records (repeatable; the first is the largest)")
	fl.StringVar(&f.format, "format", "ndjson", "ndjson, json or xml")
	return c
}

// generateStep is how many records are printed at a time.
const generateStep = 500

func runGenerate(ctx context.Context, w world, f generateFlags) error {
	format, err := recordfile.ParseFormat(f.format)
	if err != nil || format == recordfile.CSV {
		return &exitError{exitUsage, fmt.Errorf("--format %q: use ndjson, json or xml", f.format)}
	}
	config := generate.Config{N: f.n, Seed: f.seed, Plans: f.plans}
	if config.End, err = parseEnd(f.end); err != nil {
		return &exitError{exitUsage, err}
	}
	g, err := generate.New(config)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	out := bufio.NewWriterSize(w.stdout, 256<<10)
	to := recordfile.NewInputWriter(out, format)
	recs := make([]activity.Record, generateStep)
	for left := f.n; left > 0 && ctx.Err() == nil; {
		part := recs[:min(left, len(recs))]
		for i := range part {
			g.Next(&part[i])
		}
		if err := to.Write(part); err != nil {
			return err
		}
		left -= len(part)
	}
	if ctx.Err() != nil {
		return explain(ctx.Err())
	}
	if err := to.End(); err != nil {
		return err
	}
	return out.Flush()
}

func parseEnd(s string) (time.Time, error) {
	if s == "now" {
		return time.Now(), nil
	}
	end, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return end, errors.New("--end must be a day as YYYY-MM-DD, or now")
	}
	return end, nil
}
