package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"docket/shared/activity"
	"docket/shared/recordfile"
)

// printer prints records as they come.
type printer interface {
	write([]activity.Stored) error
	// end writes what stands behind the last record.
	end() error
}

// printFlags choose how records are printed.
type printFlags struct {
	format string
	json   bool
}

func (f *printFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", "", "table, ndjson, json, xml or csv (default: table on a terminal, else ndjson)")
	c.Flags().BoolVar(&f.json, "json", false, "same as --format ndjson: a JSON object a line")
}

func (f *printFlags) printer(w world) (printer, error) {
	name := f.format
	switch {
	case f.json && name != "" && name != "ndjson":
		return nil, &exitError{exitUsage, errors.New("--json and --format exclude each other")}
	case f.json:
		name = "ndjson"
	case name == "" && isTerminal(w.stdout):
		name = "table"
	case name == "":
		name = "ndjson"
	}
	if name == "table" {
		return tablePrinter{newRecordTable(w)}, nil
	}
	format, err := recordfile.ParseFormat(name)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--format %q: use table, ndjson, json, xml or csv", name)}
	}
	out := bufio.NewWriterSize(w.stdout, 64<<10)
	return &filePrinter{out, recordfile.NewWriter(out, format, false)}, nil
}

type tablePrinter struct{ *recordTable }

func (tablePrinter) end() error { return nil }

type filePrinter struct {
	out *bufio.Writer
	to  *recordfile.Writer
}

func (p *filePrinter) write(recs []activity.Stored) error {
	if err := p.to.Write(recs); err != nil {
		return err
	}
	return p.out.Flush()
}

func (p *filePrinter) end() error {
	if err := p.to.End(); err != nil {
		return err
	}
	return p.out.Flush()
}
