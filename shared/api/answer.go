package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"docket/shared/search"
	"docket/shared/wire"

	"github.com/klauspost/compress/gzip"
)

// answer writes one response and remembers what it was.
type answer struct {
	w      http.ResponseWriter
	r      *http.Request
	status int
	bytes  int
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
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// page answers with records and a mark.
func (a *answer) page(format wire.Format, p search.Page) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	b := wire.AppendPageStart((*buf)[:0], format, p.Mark)
	for i := range p.Records {
		if i > 0 {
			b = wire.AppendSeparator(b, format)
		}
		b = wire.AppendRecord(b, format, &p.Records[i])
	}
	b = wire.AppendPageEnd(b, format, p.Mark)
	*buf = b
	a.document(http.StatusOK, format, b)
	return nil
}

// document answers with a body in the format, compressed if the client takes
// it.
func (a *answer) document(status int, format wire.Format, body []byte) {
	h := a.w.Header()
	h.Set("Content-Type", format.ContentType())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	if len(body) >= gzipFrom && takesGzip(a.r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		a.begin(status)
		a.compressed(body)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	a.deadline(len(body))
	a.begin(status)
	n, _ := a.w.Write(body) // an error means that the client is gone: nobody is left to tell
	a.bytes = n
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

func (a *answer) compressed(body []byte) {
	a.deadline(len(body))
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(counter{a})
	if _, err := z.Write(body); err == nil {
		_ = z.Close() // as in document: an error means that the client is gone
	}
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
