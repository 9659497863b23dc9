package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"docket/shared/activity"
	"docket/shared/wire"

	"github.com/klauspost/compress/gzip"
)

// answer writes one response and remembers what it was.
type answer struct {
	w      http.ResponseWriter
	r      *http.Request
	status int
	bytes  int

	encoding *encoding // of the page that is being read, between open and close
}

// empty answers with a status, no body, and a header where a pair is given.
func (a *answer) empty(status int, header ...string) {
	if len(header) == 2 {
		a.w.Header().Set(header[0], header[1])
	}
	a.w.Header().Set("Content-Length", "0")
	a.begin(status)
}

// written answers a write (contract, section 1).
func (a *answer) written() {
	a.empty(http.StatusOK, "Content-Type", "text/plain")
}

// refuse answers with an error.
func (a *answer) refuse(f refusal, format wire.Format) {
	if a.status != 0 {
		return // too late: the page was begun and the client went away
	}
	if f.status == http.StatusServiceUnavailable {
		a.w.Header().Set("Retry-After", retryAfter)
	}
	if f.errors == nil {
		a.empty(f.status)
		return
	}
	a.document(f.status, format, wire.AppendErrors(nil, format, f.errors))
}

// buffers keeps pages' memory for the next page.
var buffers = sync.Pool{New: func() any { return new(encoding) }}

// encoding is a page's records, encoded as they are found: the engine asks for
// the size of each, in order, and its bytes are kept.
type encoding struct {
	format wire.Format
	bytes  []byte
	ends   []int // of each record
}

// maxKept is the most memory that a page leaves behind for others: that of a full
// one, which grows to it in many steps.
const maxKept = 10 << 20

// open begins a page's records; close gives their memory back.
func (a *answer) open(format wire.Format) {
	a.encoding = buffers.Get().(*encoding)
	a.encoding.format = format
}

func (a *answer) close() {
	e := a.encoding
	a.encoding = nil
	if cap(e.bytes) <= maxKept {
		e.bytes, e.ends = e.bytes[:0], e.ends[:0]
		buffers.Put(e)
	}
}

// add encodes the next record and returns its size.
func (a *answer) add(r *activity.Stored) int {
	e := a.encoding
	before := len(e.bytes)
	if len(e.ends) > 0 {
		e.bytes = wire.AppendSeparator(e.bytes, e.format)
	}
	e.bytes = wire.AppendRecord(e.bytes, e.format, r)
	e.ends = append(e.ends, len(e.bytes))
	return len(e.bytes) - before
}

// page answers with the first n records that were added, and a mark.
func (a *answer) page(n int, mark string) {
	e := a.encoding
	records := []byte(nil)
	if n > 0 {
		records = e.bytes[:e.ends[n-1]]
	}
	start := wire.AppendPageStart(nil, e.format, mark)
	end := wire.AppendPageEnd(nil, e.format, mark)
	a.document(http.StatusOK, e.format, start, records, end)
}

// document answers with a body in the format, compressed if the client takes
// it.
func (a *answer) document(status int, format wire.Format, parts ...[]byte) {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	h := a.w.Header()
	h.Set("Content-Type", format.ContentType())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	if size >= gzipFrom && takesGzip(a.r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		a.begin(status)
		a.compressed(size, parts)
		return
	}
	h.Set("Content-Length", strconv.Itoa(size))
	a.deadline(size)
	a.begin(status)
	for _, p := range parts {
		n, err := a.w.Write(p)
		a.bytes += n
		if err != nil {
			return // the client is gone: nobody is left to tell
		}
	}
}

func (a *answer) begin(status int) {
	a.status = status
	a.w.WriteHeader(status)
}

var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic("api: gzip refuses its own level: " + err.Error())
	}
	return z
}}

func (a *answer) compressed(size int, parts [][]byte) {
	a.deadline(size)
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(counter{a})
	for _, p := range parts {
		if _, err := z.Write(p); err != nil {
			return // as in document
		}
	}
	_ = z.Close() // as in document
}

type counter struct{ a *answer }

func (c counter) Write(p []byte) (int, error) {
	n, err := c.a.w.Write(p)
	c.a.bytes += n
	return n, err
}

// deadline cuts off a client that takes a page slower than the slowest rate.
func (a *answer) deadline(size int) {
	wait := patience + time.Duration(size/slowest)*time.Second
	err := http.NewResponseController(a.w).SetWriteDeadline(time.Now().Add(wait))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		panic("api: set write deadline: " + err.Error())
	}
}

// takesGzip reads Accept-Encoding (RFC 9110, section 12.5.3): gzip by name, or
// by a star, with a weight that is not zero.
func takesGzip(values []string) bool {
	named, star := -1.0, -1.0
	for _, coding := range strings.Split(strings.Join(values, ","), ",") {
		name, param, _ := strings.Cut(coding, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(param), " ", ""), "q="); ok {
			v, err := strconv.ParseFloat(q, 64)
			if err != nil {
				v = 0
			}
			weight = v
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			named = weight
		case "*":
			star = weight
		}
	}
	return named > 0 || (named < 0 && star > 0)
}
