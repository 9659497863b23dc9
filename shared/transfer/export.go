package transfer

import (
	"context"
	"fmt"
	"time"

	"docket/shared/activity"
)

// Fetch returns the records after a mark, from the beginning if it is empty,
// and the mark behind them. No records means the end, for now.
type Fetch func(ctx context.Context, mark string) (recs []activity.Stored, next string, err error)

// checkpointEvery is how much fetched anew a crash may cost, at most. Each
// checkpoint waits for the disk twice.
const checkpointEvery = time.Second

// Exporter writes what Fetch gives into Target, to the end.
type Exporter struct {
	Fetch    Fetch
	Target   *Target
	State    *ExportState // nil: begin at the beginning and keep no mark
	Progress func(records int64)
	Now      func() time.Time // nil means time.Now
}

// Run exports until there is nothing more and returns the number of records.
// After an error or the end of ctx, what has been written up to the last
// checkpoint is kept and the state is that of this checkpoint.
func (e *Exporter) Run(ctx context.Context) (int64, error) {
	if e.Now == nil {
		e.Now = time.Now
	}
	var total int64
	mark := e.State.mark()
	saved := e.Now()
	// From here on the state vouches for the output, however little is in it.
	if err := e.checkpoint(mark, 0); err != nil {
		return 0, err
	}
	for {
		recs, next, err := e.Fetch(ctx, mark)
		if err != nil {
			return total, err
		}
		mark = next
		if len(recs) == 0 {
			break
		}
		if err := e.Target.write(recs); err != nil {
			return total, err
		}
		total += int64(len(recs))
		if e.Progress != nil {
			e.Progress(total)
		}
		if e.State != nil && e.Target.canStop() && (e.Target.path == "" || e.Now().Sub(saved) >= checkpointEvery) {
			if err := e.checkpoint(mark, total); err != nil {
				return total, err
			}
			saved = e.Now()
		}
	}
	if err := e.Target.finish(); err != nil {
		return total, err
	}
	return total, e.checkpoint(mark, total)
}

// checkpoint keeps the mark once all before it is on disk.
func (e *Exporter) checkpoint(mark string, total int64) error {
	if err := e.Target.sync(); err != nil {
		return err
	}
	if e.State == nil {
		return nil
	}
	return e.State.save(mark, total, e.Target.size)
}

// ExportState keeps how far an export has come in a file of its own.
type ExportState struct {
	path   string
	doc    exportDoc
	found  bool  // it was there before this run
	before int64 // records of earlier runs
}

type exportDoc struct {
	Version int    `json:"version"`
	Kind    string `json:"kind"`
	Server  string `json:"server"`
	Query   string `json:"query"`  // the filters; empty for all records
	Format  string `json:"format"` // of the output
	Output  string `json:"output"` // absolute path; empty for standard output
	Mark    string `json:"mark"`
	Records int64  `json:"records"` // of all runs
	Size    int64  `json:"size"`    // bytes of the output at the mark
}

// OpenExportState reads the state of an export of query from server into t, or
// begins one if path does not exist. A state of another export is refused: its
// mark would silently leave records out.
func OpenExportState(path, server, query string, t *Target) (*ExportState, error) {
	want := exportDoc{Version: stateVersion, Kind: "export", Server: server, Query: query, Format: t.format.String(), Output: t.path}
	s := &ExportState{path: path}
	found, err := readState(path, &s.doc)
	if err != nil {
		return nil, err
	}
	if !found {
		s.doc = want
		return s, nil
	}
	if s.doc.Version != want.Version || s.doc.Kind != want.Kind {
		return nil, fmt.Errorf("read state %s: this is not the state of an export", path)
	}
	for _, field := range []struct{ name, has, want string }{
		{"server", s.doc.Server, want.Server}, {"search", s.doc.Query, want.Query},
		{"format", s.doc.Format, want.Format}, {"output", s.doc.Output, want.Output},
	} {
		if field.has != field.want {
			return nil, fmt.Errorf("state %s is of an export with the %s %q, not %q: use another state file", path, field.name, field.has, field.want)
		}
	}
	s.before, s.found = s.doc.Records, true
	return s, nil
}

// Size is how long the output was when the state was saved; -1 if there is no
// state yet.
func (s *ExportState) Size() int64 {
	if s == nil || !s.found {
		return -1
	}
	return s.doc.Size
}

func (s *ExportState) mark() string {
	if s == nil {
		return ""
	}
	return s.doc.Mark
}

func (s *ExportState) save(mark string, records, size int64) error {
	s.doc.Mark, s.doc.Records, s.doc.Size = mark, s.before+records, size
	return writeState(s.path, &s.doc)
}
