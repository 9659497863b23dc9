package ingest

import (
	"bufio"
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
// 1, or as many of them as Entries says if that is not 0. Line is where the first
// begins, 0 if that is not known.
type Refusal struct {
	From, Through int
	Entries       int
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
	buffer *bufio.Reader // of streams, which may be small and many
}

// New makes an Ingester.
func New(c Config) *Ingester {
	return &Ingester{config: c, mapper: source.NewMapper(c.Mapping), buffer: bufio.NewReaderSize(nil, source.BufferSize)}
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
	hash := [sha256.Size]byte(content.Sum(nil))
	again := sha256.New()
	read := &readFault{from: io.TeeReader(contextReader{ctx, file}, again)}
	r := in.newRun(ctx, Origin{Owner: keyOwner, Name: fmt.Sprintf("%x", hash), Life: KeyLife, Principal: in.config.Principal}, report)
	r.body = func() [sha256.Size]byte { return hash }
	if _, err := r.all(source.NewReader(read, in.mapper), read, nil); err != nil {
		return r.result, err
	}
	if _, err := io.Copy(io.Discard, read); err != nil {
		return r.result, fmt.Errorf("read: %w", err)
	}
	if [sha256.Size]byte(again.Sum(nil)) != hash {
		return r.result, ErrChanged
	}
	return r.result, nil
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
