package delivery

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/ingest"
)

// BenchmarkMessages: messages of one record each, in batches of 1,000, into a ledger
// in memory; and the same with every tenth of them poison.
func BenchmarkMessages(b *testing.B) {
	for name, poison := range map[string]int{"clean": 0, "poison": 10} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			c := w.config()
			c.Ingest.Ledger = ingest.Gather(w.Ledger, 2)
			c.Workers = 96
			d := New(c)
			serial := 0
			b.ReportAllocs()
			for b.Loop() {
				ms := make([]Message, 1000)
				for i := range ms {
					serial++
					ms[i] = Message{ID: fmt.Sprint(serial), Body: record(serial), Received: 1}
					if poison > 0 && i%poison == 0 {
						ms[i].Body = `{"Who":7}`
					}
				}
				if s := d.Take(context.Background(), Records, ms, never, ""); len(s.Retry) > 0 || poison == 0 && s.Records.Stored != 1000 {
					b.Fatalf("%+v", s)
				}
				clear(w.letters)
			}
			b.ReportMetric(float64(serial)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkTrails: packed log files of CloudTrail, by their notifications.
func BenchmarkTrails(b *testing.B) {
	files := realFiles(b)
	w := newWorld(b)
	d := New(w.config())
	events := 0
	b.ReportAllocs()
	for round := 0; b.Loop(); round++ {
		ms := make([]Message, len(files))
		for i, text := range files {
			ms[i] = Message{ID: fmt.Sprint(i), Body: w.put(fmt.Sprint("log ", i), fmt.Sprint(round), text), Received: 1}
		}
		s := d.Take(context.Background(), Files, ms, never, "")
		if len(s.Retry)+s.Refused > 0 {
			b.Fatalf("%+v", s)
		}
		events += s.Records.Stored
		clear(w.objects)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// endless is a file of many records, made while it is read.
type endless struct {
	line string
	left int64
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	if e.rest == "" {
		e.rest = e.line
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	e.left -= int64(n)
	return n, nil
}

// peak is the most memory that the process had from the system while f ran, less
// what it had before.
func peak(f func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var most uint64
	var done atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !done.Load() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	f()
	done.Store(true)
	<-ended
	return most - min(before, most)
}

// BenchmarkMemory: what a file of 400 MB needs at most, and a bomb of 1 GB. The
// ledger in memory keeps what is stored, so the long file is one that is stored
// already.
func BenchmarkMemory(b *testing.B) {
	line := strings.Repeat("x", 2000)
	line = strings.Replace(record(1), "x1", line, 1) + "\n"
	size := int64(400 << 20)
	size -= size % int64(len(line))
	for name, open := range map[string]func() io.Reader{
		"long": func() io.Reader { return &endless{line: line, left: size} },
		"bomb": func() io.Reader { return strings.NewReader(bomb(b, 1<<30)) },
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			c := w.config()
			var text io.Reader
			c.Objects = opener(func(context.Context, Object) (io.ReadCloser, error) { return io.NopCloser(text), nil })
			d := New(c)
			take := func() {
				m := Message{ID: "m", Body: notice(Object{testBucket, "k", "1", "e"}), Received: 1}
				if s := d.Take(context.Background(), Files, []Message{m}, never, ""); len(s.Retry) > 0 {
					b.Fatalf("%+v", s)
				}
			}
			text = open()
			take()
			for b.Loop() {
				text = open()
				b.ReportMetric(float64(peak(take))/(1<<20), "MiB")
			}
		})
	}
}

// BenchmarkSkip: how fast a continuation comes to where it goes on.
func BenchmarkSkip(b *testing.B) {
	text := ndjson(0, 500_000)
	zipped := packed(b, text)
	for name, object := range map[string]string{"plain": text, "packed": zipped} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			d := New(w.config())
			m := Message{ID: "m", Body: w.put("k", "1", object), Attributes: map[string]Attribute{Progress: {Type: "String", Text: "entry=499001 refused=0"}}, Received: 1}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if s := d.Take(context.Background(), Files, []Message{m}, never, ""); s.Records.Stored+s.Records.Before != 1000 {
					b.Fatalf("%+v", s)
				}
			}
		})
	}
}
