package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/ingest"
	"docket/shared/ledger"
	"docket/shared/source"
)

func init() { commands = append(commands, newIngestCommand) }

// sourceFlags say how files become records.
type sourceFlags struct {
	plan     string
	mappings []string
}

type ingestFlags struct {
	source sourceFlags
	data   string
	json   bool
}

func newIngestCommand(w world) *cobra.Command {
	var f ingestFlags
	c := &cobra.Command{
		Use:   "ingest PATH…",
		Short: "Store the records of files in a data directory",
		Long: `Store the records of files in a data directory, without a network and an
account, also while docket serve has it open. A folder means all files below it.

A file is NDJSON, JSON or XML of the API, a log file of CloudTrail, or events of
CloudTrail or EventBridge, each also packed with gzip; which it is, is told by its
content.

A file is known by its content: given again, under another name, or after an
ingestion that was cut off, none of its records is stored twice. Records that are
refused are reported on standard error, the others are stored; the exit code is 3
if any was refused.`,
		Example: `  docket ingest --data /var/lib/docket AWSLogs/
  docket ingest --data /var/lib/docket --plan 'AWS accounts' 2026-*.json.gz
  docket ingest --data /var/lib/docket --mapping our-services.yaml trail.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runIngest(c.Context(), w, f, args) },
	}
	fl := c.Flags()
	fl.StringVar(&f.data, "data", defaultData(w), "data directory (DOCKET_DATA)")
	f.source.add(c, "plan")
	fl.BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func (f *sourceFlags) add(c *cobra.Command, plan string) {
	c.Flags().StringVar(&f.plan, plan, "", "monitoring plan, by name or ID, of records that name none")
	c.Flags().StringArrayVar(&f.mappings, "mapping", nil, "file with rules for CloudTrail events, in front of the built-in ones; may be repeated")
}

// ingester makes what stores files, through l, with the plans of d.
func (f *sourceFlags) ingester(ctx context.Context, l *ledger.Ledger, d *access.Directory, by string) (*ingest.Ingester, error) {
	c := ingest.Config{Ledger: l, Principal: by, FindPlan: func(ctx context.Context, given activity.Plan) (activity.Plan, bool, error) {
		snapshot, err := d.Snapshot(ctx)
		if err != nil {
			return activity.Plan{}, false, err
		}
		p, ok := snapshot.Plan(given.Name, given.ID)
		return activity.Plan{ID: p.ID, Name: p.Name}, ok && p.Enabled, nil
	}}
	var err error
	if c.Mapping, err = f.mapping(); err != nil {
		return nil, err
	}
	if f.plan != "" {
		snapshot, err := d.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		p, ok := snapshot.FindPlan(f.plan)
		if !ok {
			return nil, &exitError{exitUsage, fmt.Errorf("plan %s does not exist: docket plan list shows those that do", f.plan)}
		}
		c.Plan = activity.Plan{ID: p.ID, Name: p.Name}
	}
	return ingest.New(c), nil
}

func (f *sourceFlags) mapping() (*source.Mapping, error) {
	var texts [][]byte
	for _, name := range f.mappings {
		text, err := readAtMost(name, source.MaxMapping)
		if err != nil {
			return nil, fmt.Errorf("read mapping: %w", err)
		}
		texts = append(texts, text)
	}
	m, err := source.NewMapping(texts...)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--mapping: %w", err)}
	}
	return m, nil
}

// readAtMost reads a file, and one byte more than most of a longer one.
func readAtMost(name string, most int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most+1))
}

// ingested is what an ingestion did.
type ingested struct {
	Files int `json:"files"`
	ingest.Result
}

func runIngest(ctx context.Context, w world, f ingestFlags, paths []string) error {
	files, err := filesBelow(paths)
	if err != nil {
		return err
	}
	data, err := openData(ctx, f.data)
	if err != nil {
		return err
	}
	defer data.Close()
	l, err := ledger.Open(ctx, ledger.Config{Table: data.Table(recordsTable), Ring: data.Ring, Now: time.Now, Rand: rand.Reader})
	if err != nil {
		return err
	}
	in, err := f.source.ingester(ctx, l, access.Open(data.Table(directoryTable), time.Now), "docket ingest")
	if err != nil {
		return err
	}
	started := time.Now()
	var done ingested
	for _, name := range files {
		var r ingest.Result
		r, err = ingestFile(ctx, w, in, name)
		done.Add(r)
		if err != nil {
			break
		}
		done.Files++
	}
	perr := f.print(w, done, time.Since(started))
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: give the same files again to store the rest")
	case err != nil:
		return err
	case perr == nil && done.Refused > 0:
		return &exitError{exitFinding, nil}
	}
	return perr
}

// filesBelow lists the files that paths mean, before anything is stored. Files of
// a folder come in the order of their names, hidden ones are left out.
func filesBelow(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			if !info.Mode().IsRegular() {
				return nil, fmt.Errorf("%s is not a file: what is ingested must be readable twice", path)
			}
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
			switch hidden := strings.HasPrefix(e.Name(), "."); {
			case err != nil:
				return err
			case hidden && name != path && e.IsDir():
				return fs.SkipDir
			case !hidden && e.Type().IsRegular():
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func ingestFile(ctx context.Context, w world, in *ingest.Ingester, name string) (ingest.Result, error) {
	file, err := os.Open(name)
	if err != nil {
		return ingest.Result{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return ingest.Result{}, err
	}
	bar := newProgress(w, 2*info.Size(), name) // it is read twice
	defer bar.end()
	from := struct {
		io.Reader
		io.Seeker
	}{bar.read(file), file}
	r, err := in.File(ctx, from, func(r ingest.Refusal) { fmt.Fprintf(w.stderr, "%s: refused: %s\n", name, r) })
	if err != nil {
		return r, fmt.Errorf("ingest %s: %w", name, err)
	}
	return r, nil
}

func (f *ingestFlags) print(w world, r ingested, took time.Duration) error {
	if f.json {
		return json.NewEncoder(w.stdout).Encode(r)
	}
	text := fmt.Sprintf("%s records of %s files stored in %s (%s/s)", grouped(int64(r.Stored)), grouped(int64(r.Files)),
		took.Round(time.Millisecond), grouped(perSecond(int64(r.Stored), took)))
	if r.Before > 0 {
		text += fmt.Sprintf(", %s stored before", grouped(int64(r.Before)))
	}
	if r.Refused > 0 {
		text += fmt.Sprintf(", %s refused", grouped(int64(r.Refused)))
	}
	_, err := fmt.Fprintln(w.stdout, text)
	return err
}
