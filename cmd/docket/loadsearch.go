package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/client"
	"docket/shared/filter"
)

type loadSearchFlags struct {
	loadFlags
	query   queryFlags
	count   int
	repeats int
	all     bool
}

func newLoadSearchCommand(w world) *cobra.Command {
	var f loadSearchFlags
	c := &cobra.Command{
		Use:   "search",
		Short: "Search for the first page, or all",
		Long: `Search and measure the time to the first page, or with --all to the last. Without
filters a set of usual searches over generated records is measured, one a line.`,
		Example: `  docket load search
  docket load search --what budget --action Removed --repeats 50 --connections 4`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runLoadSearch(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.IntVar(&f.count, "count", 100, "records to ask for at a time")
	fl.IntVar(&f.repeats, "repeats", 20, "how often each connection searches")
	fl.BoolVar(&f.all, "all", false, "walk to the last page")
	f.query.add(c)
	f.add(c, w, 1)
	return c
}

// usualSearches are measured if no filter is given: frequent and rare matches,
// and none, in names, long texts and details.
func usualSearches() [][]filter.Entry {
	text := func(field filter.Field, op filter.Operator, text string) filter.Entry {
		return filter.Entry{Field: field, Operator: op, Text: text}
	}
	return [][]filter.Entry{
		{},
		{text(filter.Who, filter.Contains, "svc-backup")},
		{text(filter.Who, filter.Equals, `CORP\nobody`)},
		{text(filter.What, filter.Contains, "budget")},
		{text(filter.What, filter.Contains, "does-not-occur")},
		{text(filter.After, filter.Contains, "does-not-occur")},
		{text(filter.Action, filter.Default, "Failed Logon"), text(filter.Where, filter.StartsWith, "dc-")},
		{whenEntry(filter.Default, "2025-11-03"), text(filter.Who, filter.DoesNotContain, "svc-")},
	}
}

func runLoadSearch(ctx context.Context, w world, f loadSearchFlags) error {
	server, err := f.client(w)
	if err != nil {
		return err
	}
	given, err := f.query.entries()
	if err != nil {
		return err
	}
	searches := [][]filter.Entry{given}
	if len(given) == 0 {
		searches = usualSearches()
	}
	var figures []figure
	for _, entries := range searches {
		fig, err := f.measure(ctx, server, entries)
		if err != nil {
			return explain(fmt.Errorf("%s: %w", describe(entries), err))
		}
		figures = append(figures, fig)
	}
	return f.print(w, figures...)
}

func (f *loadSearchFlags) measure(ctx context.Context, c *client.Client, entries []filter.Entry) (figure, error) {
	name := describe(entries)
	if name == "" {
		name = "everything"
	}
	var m meter
	started := time.Now()
	err := f.each(ctx, func(ctx context.Context, _ int) error {
		for range f.repeats {
			begun := time.Now()
			records, size, err := f.walk(ctx, c, entries)
			if err != nil {
				return err
			}
			m.add(time.Since(begun), records, size)
		}
		return nil
	})
	return m.figure(name, time.Since(started)), err
}

// walk reads one page, or all.
func (f *loadSearchFlags) walk(ctx context.Context, c *client.Client, entries []filter.Entry) (records, size int, err error) {
	for mark := ""; ; {
		body, err := c.SearchBody(ctx, mark, entries, f.count)
		if err != nil {
			return records, size, err
		}
		n, next, err := skim(c.Format(), body)
		if err != nil {
			return records, size, err
		}
		records, size, mark = records+n, size+len(body), next
		if n == 0 || !f.all {
			return records, size, nil
		}
	}
}
