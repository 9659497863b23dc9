package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"docket/shared/recordfile"
	"docket/shared/wire"
)

// Writer stores the records of a request document, all or none, once for each
// key. *client.Client is one.
type Writer interface {
	Write(ctx context.Context, body []byte, key string) error
}

// OnError says what to do about refused records.
type OnError uint8

const (
	Stop OnError = iota // end the import; nothing of the batch is stored
	Skip                // report them and go on
)

// ErrRefused ends an import whose OnError is Stop; the records were reported.
var ErrRefused = errors.New("records were refused")

const (
	// DefaultBatch is the number of records that the original advises for a call.
	DefaultBatch = 1000
	// MaxBatch is more records than fit a request of any server.
	MaxBatch = 1_000_000
	// maxBatchBytes ends a batch early: API Gateway hands on 6 MB at most.
	maxBatchBytes = 4 << 20
)

// Refusal is a record that was not stored.
type Refusal struct {
	File    string `json:"file"`
	Line    int    `json:"line"`              // where it begins, from 1
	Through int    `json:"through,omitempty"` // last line, if the batch from Line on is meant as a whole
	Reason  string `json:"reason"`
}

// Importer writes the records of files. Set the fields, then call File for
// each file, one at a time.
type Importer struct {
	Writer   func(wire.Format) Writer
	Batch    int // records a request; 0 means DefaultBatch
	InFlight int // requests at a time; 0 means 1, which keeps the file's order
	OnError  OnError
	State    *ImportState  // nil: no state is kept
	Run      string        // random: makes the keys of this import differ from any other's; State has its own
	Report   func(Refusal) // called for each refusal, one at a time
	Progress func(Result)  // called after each batch, one at a time

	mu     sync.Mutex // guards result and the calls above
	result Result
}

// Result is what an import did.
type Result struct {
	Stored   int64 `json:"stored"`   // records acknowledged
	Refused  int64 `json:"refused"`  // records reported
	Skipped  int64 `json:"skipped"`  // records that an earlier run had done, by the state
	Doubtful int64 `json:"doubtful"` // of those stored: sent again when the server may have forgotten their keys, so perhaps stored twice
}

// Result is what has been done so far.
func (im *Importer) Result() Result {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.result
}

// File imports one file. name is for reports and the state. It returns
// ErrRefused, an error of reading – the records before it have been sent – or
// an error of the server or the state.
func (im *Importer) File(ctx context.Context, name string, r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	place, err := im.place(name, buffered)
	if err != nil {
		return err
	}
	reader, err := recordfile.Open(buffered)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	j := &job{im: im, name: name, place: place, reader: reader, batches: make(chan *batch), stop: make(chan struct{})}
	var senders sync.WaitGroup
	for range max(im.InFlight, 1) {
		senders.Go(func() { j.sendAll(ctx) })
	}
	j.cutAll(ctx)
	close(j.batches)
	senders.Wait()
	if err := place.save(); err != nil {
		j.fail(err)
	}
	return j.err
}

// place finds where the file stands, which without a state is at its start.
func (im *Importer) place(name string, head *bufio.Reader) (*filePlace, error) {
	if im.State == nil {
		return &filePlace{run: im.Run + name}, nil
	}
	first, err := head.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return im.State.file(name, first)
}

func (im *Importer) report(r Refusal, records int64) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.result.Refused += records
	if im.Report != nil {
		im.Report(r)
	}
}

func (im *Importer) add(r Result) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.result.Stored += r.Stored
	im.result.Skipped += r.Skipped
	im.result.Doubtful += r.Doubtful
	if im.Progress != nil {
		im.Progress(im.result)
	}
}

// job is the import of one file: one goroutine cuts batches, some send them.
type job struct {
	im      *Importer
	name    string
	place   *filePlace
	reader  *recordfile.Reader
	batches chan *batch
	stop    chan struct{} // closed by the first failure: requests in flight end, no more begin

	once    sync.Once
	err     error
	stopped atomic.Bool
}

func (j *job) fail(err error) {
	j.once.Do(func() {
		j.err = err
		j.stopped.Store(true)
		close(j.stop)
	})
}

func (j *job) sendAll(ctx context.Context) {
	for b := range j.batches {
		if j.stopped.Load() {
			continue
		}
		if err := j.send(ctx, b); err != nil {
			j.fail(err)
		}
	}
}
