package recordfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxRecord bounds one record, in bytes of UTF-8: well over what the server
// takes in a request of the default limits, where it would be refused.
const MaxRecord = 64 << 20

// The window begins small, because a text may be one record, and is large enough
// for fast reading as soon as it turns out that there is more.
const (
	firstBuffer = 4 << 10
	fileBuffer  = 256 << 10
)

var errMaxRecord = errors.New("a record is longer than 64 MiB")

// input is a window that slides over a stream and counts its lines.
type input struct {
	from     io.Reader
	buf      []byte
	pos, end int
	line     int // of buf[pos], from 1
	err      error
}

func newInput(r io.Reader) *input {
	return &input{from: r, buf: make([]byte, firstBuffer), line: 1}
}

// window is what has been read and not passed yet.
func (in *input) window() []byte { return in.buf[in.pos:in.end] }

// more makes the window longer. False means that there is no more, and fault
// says why; or that the window is at its limit.
func (in *input) more() bool {
	if in.err != nil {
		return false
	}
	if in.end-in.pos >= MaxRecord {
		in.err = errMaxRecord
		return false
	}
	if in.end == len(in.buf) && len(in.buf) < fileBuffer {
		grown := make([]byte, fileBuffer)
		in.end, in.pos = copy(grown, in.buf[in.pos:in.end]), 0
		in.buf = grown
	}
	if in.pos > 0 {
		in.end = copy(in.buf, in.buf[in.pos:in.end])
		in.pos = 0
	}
	if in.end == len(in.buf) {
		in.buf = append(in.buf, make([]byte, len(in.buf))...)
	}
	for range 100 {
		n, err := in.from.Read(in.buf[in.end:])
		in.end += n
		in.err = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	in.err = io.ErrNoProgress
	return false
}

// fault is why there is no more: nil at a regular end.
func (in *input) fault() error {
	if in.err == nil || in.err == io.EOF {
		return nil
	}
	return fmt.Errorf("line %d: %w", in.line, in.err)
}

// pass moves the window's start by n.
func (in *input) pass(n int) {
	in.line += bytes.Count(in.buf[in.pos:in.pos+n], newline)
	in.pos += n
}

var newline = []byte{'\n'}

// skipSpace passes white space and returns the next byte without passing it.
// False is the end.
func (in *input) skipSpace() (byte, bool) {
	for {
		w := in.window()
		for i, c := range w {
			if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
				in.pass(i)
				return c, true
			}
		}
		in.pass(len(w))
		if !in.more() {
			return 0, false
		}
	}
}

// index finds sep at or after from in the window, which it makes longer as
// needed. -1 means that it does not occur.
func (in *input) index(sep string, from int) int {
	for {
		if w := in.window(); from <= len(w) {
			if i := bytes.Index(w[from:], []byte(sep)); i >= 0 {
				return from + i
			}
			from = max(from, len(w)-len(sep)+1)
		}
		if !in.more() {
			return -1
		}
	}
}

// double reads until the window is twice as long, so that looking again from its
// start stays cheap. False means that nothing was added.
func (in *input) double() bool {
	before := in.end - in.pos
	for in.end-in.pos < 2*before || in.end-in.pos == before {
		if !in.more() {
			break
		}
	}
	return in.end-in.pos > before
}
