package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"docket/shared/recordfile"
)

// batch is some records of a file that follow one another.
type batch struct {
	first  int64 // index in the file of the first
	doc    []byte
	starts []int // of each record in doc
	ends   []int
	lines  []int // of each record in the file
	bad    []recordfile.BadRecord
	size   int64 // records and bad ones
	span   span
}

// cutAll cuts the file into batches until it ends or something fails.
func (j *job) cutAll(ctx context.Context) {
	limit := int64(j.im.Batch)
	if limit < 1 {
		limit = DefaultBatch
	}
	var skipped int64
	defer func() { j.im.add(Result{Skipped: skipped}) }()
	b := &batch{}
	for index := int64(0); ; index++ {
		span := j.place.span(index, limit)
		if b.size > 0 && (span.id != b.span.id || b.full()) {
			if !j.hand(ctx, b) {
				return
			}
			b = &batch{}
		}
		raw, err := j.reader.Next()
		var bad *recordfile.BadRecord
		if err != nil && !errors.As(err, &bad) {
			if b.size > 0 && !j.hand(ctx, b) {
				return
			}
			if err != io.EOF {
				j.fail(fmt.Errorf("read %s: %w", j.name, err))
			}
			return
		}
		if span.id == spanDone {
			skipped++
			continue
		}
		if b.size == 0 {
			b.first, b.span = index, span
		}
		j.add(b, raw, bad)
	}
}

// full says whether a batch is at its end. One that an earlier run began keeps
// that run's boundaries, or its key would be another.
func (b *batch) full() bool {
	return b.size >= b.span.limit || (b.span.id == spanFresh && len(b.doc) >= maxBatchBytes)
}

func (j *job) add(b *batch, raw recordfile.Raw, bad *recordfile.BadRecord) {
	b.size++
	if bad != nil {
		b.bad = append(b.bad, *bad)
		return
	}
	if len(b.starts) == 0 {
		b.doc = j.reader.Begin(b.doc)
	}
	start, doc := j.reader.Join(b.doc, len(b.starts), raw.Data)
	b.doc = doc
	b.starts, b.ends, b.lines = append(b.starts, start), append(b.ends, len(doc)), append(b.lines, raw.Line)
}

// hand writes the batch's place down and gives it to a sender.
func (j *job) hand(ctx context.Context, b *batch) bool {
	if j.stopped.Load() {
		return false
	}
	if err := j.place.intend(b.first, b.size); err != nil {
		j.fail(err)
		return false
	}
	if len(b.starts) > 0 {
		b.doc = j.reader.End(b.doc)
	}
	select {
	case j.batches <- b:
		return true
	case <-j.stop:
		return false
	case <-ctx.Done():
		j.fail(ctx.Err())
		return false
	}
}
