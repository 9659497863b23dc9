package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"docket/shared/activity"
	"docket/shared/ledger"
	"docket/shared/source"
)

// The bounds of a batch: part of the identity of records, see doc.go. They never
// change.
const (
	batchEntries = 1000
	batchBytes   = 1 << 20   // a batch ends with the entry that reaches it
	loneBytes    = 256 << 10 // an entry over it is a batch of its own
)

// keyOwner keeps the keys of files apart from all others.
const keyOwner = "file"

// KeyLife is how long a file is known by its content. A token takes about 200 bytes
// for a thousand records, so it may be long.
const KeyLife = 10 * 365 * 24 * time.Hour

// ErrChanged is a file that was written to while it was read. What was read before
// that is stored.
var ErrChanged = errors.New("the file changed while it was read")

// Appender is the ledger that records go to.
type Appender interface {
	Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error)
}

// Config is what an Ingester works with.
type Config struct {
	Ledger  Appender
	Mapping *source.Mapping

	// Plan is the plan of all records that name none; the zero Plan is none.
	Plan activity.Plan
	// FindPlan finds the plan that a record names by name, ID or both. False is
	// a plan that does not exist or takes no such records.
	FindPlan func(ctx context.Context, given activity.Plan) (activity.Plan, bool, error)

	Principal string // who is noted as the writer
}

// Refusal is what was not stored: entries From to Through of a file, numbered from
// 1. Line is where the first begins, 0 if that is not known.
type Refusal struct {
	From, Through int
	Line          int
	Reason        string // for people; it does not quote the record
}

// Result counts records, and refused entries.
type Result struct {
	Stored  int `json:"stored"`
	Before  int `json:"storedBefore"` // found stored by an earlier attempt
	Refused int `json:"refused"`
}

// Add adds another result.
func (r *Result) Add(o Result) {
	r.Stored += o.Stored
	r.Before += o.Before
	r.Refused += o.Refused
}

// Ingester stores files. It is for one goroutine.
type Ingester struct {
	config Config
	mapper *source.Mapper
}

// New makes an Ingester.
func New(c Config) *Ingester {
	return &Ingester{config: c, mapper: source.NewMapper(c.Mapping)}
}

// File stores the records of a file, which it reads twice, and calls report for
// each refusal, in the order of the file. An error means that not all of the file
// was looked at: give it again. Errors of the ledger, of reading and of ctx are in
// its chain.
func (in *Ingester) File(ctx context.Context, file io.ReadSeeker, report func(Refusal)) (Result, error) {
	content := sha256.New()
	if _, err := io.Copy(content, contextReader{ctx, file}); err != nil {
		return Result{}, fmt.Errorf("read: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Result{}, fmt.Errorf("read again: %w", err)
	}
	again := sha256.New()
	f := &fileRun{in: in, ctx: ctx, hash: [sha256.Size]byte(content.Sum(nil)), report: report, plans: map[activity.Plan]foundPlan{}}
	read := &readFault{from: io.TeeReader(contextReader{ctx, file}, again)}
	if err := f.all(source.NewReader(read, in.mapper), read); err != nil {
		return f.result, err
	}
	if _, err := io.Copy(io.Discard, read); err != nil {
		return f.result, fmt.Errorf("read: %w", err)
	}
	if [sha256.Size]byte(again.Sum(nil)) != f.hash {
		return f.result, ErrChanged
	}
	return f.result, nil
}

// contextReader stops reading when the context ends.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// readFault tells a medium that fails from a file that is damaged.
type readFault struct {
	from io.Reader
	err  error
}

func (r *readFault) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// fileRun is one file on its way into the ledger.
type fileRun struct {
	in     *Ingester
	ctx    context.Context
	hash   [sha256.Size]byte
	report func(Refusal)
	result Result
	plans  map[activity.Plan]foundPlan

	records []activity.Record // of the batch being filled
	from    int               // its first entry; 0: it is empty
	through int
	line    int // of the first entry
	bytes   int
}

type foundPlan struct {
	plan activity.Plan
	ok   bool
}

// maxRefused bounds the refusals of a file: a small one may unpack to a thousand
// million bad records, and a report of more than this helps nobody.
const maxRefused = 100_000

var errRefused = fmt.Errorf("the file is not read from here on: %d of its records were refused", maxRefused)

// all reads the file to its end.
func (f *fileRun) all(r *source.Reader, read *readFault) error {
	for {
		e, ok := r.Next()
		if read.err != nil {
			return fmt.Errorf("read: %w", read.err)
		}
		if !ok {
			return f.flush()
		}
		lone := e.Bytes > loneBytes
		if lone {
			if err := f.flush(); err != nil {
				return err
			}
		}
		if f.result.Refused >= maxRefused && !e.Rest {
			f.refuse(Refusal{From: e.Number, Through: e.Number, Line: e.Line, Reason: errRefused.Error()})
			return f.flush()
		}
		if err := f.add(&e); err != nil {
			return err
		}
		if lone || f.through-f.from+1 == batchEntries || f.bytes >= batchBytes {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
}

// add puts an entry into the batch. A refused one takes its place there too.
func (f *fileRun) add(e *source.Entry) error {
	if f.from == 0 {
		f.from, f.line = e.Number, e.Line
	}
	f.through = e.Number
	f.bytes += e.Bytes
	if e.Refused == nil {
		ok, err := f.setPlans(e.Records)
		if err != nil {
			return err
		}
		if ok {
			f.records = append(f.records, e.Records...)
			return nil
		}
		e.Refused = errPlan
	}
	f.refuse(Refusal{From: e.Number, Through: e.Number, Line: e.Line, Reason: e.Refused.Error()})
	return nil
}

var errPlan = errors.New("the monitoring plan does not exist or does not accept data through the API")

func (f *fileRun) refuse(r Refusal) {
	f.result.Refused += r.Through - r.From + 1
	f.report(r)
}

// setPlans gives records the plan that they name, or that of the ingestion.
func (f *fileRun) setPlans(recs []activity.Record) (bool, error) {
	for i := range recs {
		given := recs[i].Plan
		if given == (activity.Plan{}) {
			recs[i].Plan = f.in.config.Plan
			continue
		}
		found, known := f.plans[given]
		if !known {
			var err error
			if found.plan, found.ok, err = f.in.config.FindPlan(f.ctx, given); err != nil {
				return false, fmt.Errorf("look for plan %q: %w", given.Name, err)
			}
			if len(f.plans) < maxPlans {
				f.plans[given] = found
			}
		}
		if !found.ok {
			return false, nil
		}
		recs[i].Plan = found.plan
	}
	return true, nil
}

// maxPlans bounds what is remembered of plans that a file makes up.
const maxPlans = 10_000

// flush stores the batch.
func (f *fileRun) flush() error {
	recs, from, through, line := f.records, f.from, f.through, f.line
	f.records, f.from, f.bytes = f.records[:0], 0, 0
	if len(recs) == 0 {
		return nil
	}
	receipt, err := f.in.config.Ledger.Append(f.ctx, ledger.Batch{
		Records: recs, Principal: f.in.config.Principal,
		Key: &ledger.Key{Owner: keyOwner, Text: fmt.Sprintf("%x from %d", f.hash, from), Body: f.hash, Life: KeyLife},
	})
	switch {
	case errors.Is(err, ledger.ErrTooLarge):
		f.refuse(Refusal{From: from, Through: through, Line: line, Reason: "it is too large to be stored"})
		return nil
	case err != nil:
		return fmt.Errorf("store entries %d to %d: %w", from, through, err)
	case !receipt.Duplicate:
		f.result.Stored += receipt.N
		return nil
	}
	f.result.Before += receipt.N
	if more := len(recs) - receipt.N; more > 0 {
		f.result.Refused += more
		f.report(Refusal{From: from, Through: through, Line: line, Reason: fmt.Sprintf(
			"%d of these were refused when this file was ingested before and would be taken now: give those in a file of their own", more)})
	}
	return nil
}
