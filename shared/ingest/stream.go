package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"time"

	"docket/shared/source"
)

// Origin is where a text comes from that was not read from a file: it gives its
// records their identity.
type Origin struct {
	// Owner and Name identify the text. Two texts with the same are one text that
	// came twice; what differs then is refused, not stored. With NameAlone it is not
	// compared: the same event may come in two wrappings.
	Owner, Name string
	NameAlone   bool

	Life      time.Duration // how long the identity is remembered
	Principal string        // who is noted as the writer
	RequestID string        // of the invocation
	Kinds     source.Kinds  // that are taken from there
}

// Progress is how far a text was stored. The zero value is its beginning.
type Progress struct {
	Entry   int // to go on with: the first of a batch, 0 or 1 at the beginning
	Refused int // before it
	Until   int // the entry to end before, the first of a batch; 0: the end of the text
}

// errStopped ends reading between two calls of Read.
var errStopped = errors.New("time is over")

// Stream stores the records of a text from an origin, which it reads once, from
// where an earlier Stream of the same text stopped. It ends where the text ends, or
// soon after stop first says true, with the progress up to there; what was stored
// behind it, if anything, is found stored when it goes on. report is called as by
// File. On an error the text has to be given again, from the same progress or the
// one returned.
func (in *Ingester) Stream(ctx context.Context, text io.Reader, o Origin, from Progress, stop func() bool, report func(Refusal)) (r Result, p Progress, ended bool, err error) {
	read := &readFault{from: stoppingReader{contextReader{ctx, text}, stop}}
	f := in.newRun(ctx, o, report)
	if o.NameAlone {
		f.body = func() [sha256.Size]byte { return sha256.Sum256([]byte(o.Name)) }
	} else {
		f.sum = sha256.New()
		f.body = func() [sha256.Size]byte { return [sha256.Size]byte(f.sum.Sum(nil)) }
	}
	f.next, f.refused, f.until = max(from.Entry, 1), from.Refused, from.Until
	in.buffer.Reset(read)
	entries := source.NewReader(in.buffer, in.mapper).Only(o.Kinds)
	entries.Skip(f.next)
	ended, err = f.all(entries, read, stop)
	if errors.Is(err, errStopped) {
		ended, err = false, nil
	}
	return f.result, Progress{f.next, f.refused + f.result.Refused, from.Until}, ended, err
}

// stoppingReader fails with errStopped once time is over.
type stoppingReader struct {
	from io.Reader
	stop func() bool
}

func (r stoppingReader) Read(p []byte) (int, error) {
	if r.stop() {
		return 0, errStopped
	}
	return r.from.Read(p)
}
