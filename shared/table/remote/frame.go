package remote

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"docket/shared/table"
)

const (
	magic = "docket1" // in front of a request: this protocol and its version

	maxName = 255 // bytes of a table's name
	maxText = 4096
	// overhead bytes at most has an item, op or key besides its strings.
	overhead = 64

	// maxRequest holds the largest Write; a Get is smaller.
	maxRequest = table.MaxWriteBytes + table.MaxOps*overhead + maxName + overhead
	// maxAnswer holds the largest Get, a page, and a ConditionError.
	maxAnswer = table.MaxGet*(table.MaxItem+overhead) + overhead
)

var errFrame = errors.New("malformed frame")

// readFrame reads a frame of at most limit bytes. Memory is taken as bytes come,
// not as the length says.
func readFrame(r io.Reader, limit int) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(length[:]))
	if n > int64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", errFrame, n, limit)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, n); err != nil {
		return nil, fmt.Errorf("frame of %d bytes: %w", n, err)
	}
	return b.Bytes(), nil
}

// frameStart is a frame's room for its length.
var frameStart = make([]byte, 4)

// writeFrame sends b, which begins with the room of frameStart.
func writeFrame(w io.Writer, b []byte) error {
	binary.BigEndian.PutUint32(b, uint32(len(b)-len(frameStart)))
	_, err := w.Write(b)
	return err
}

func appendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// parser reads a frame's fields. After the first error all are zero.
type parser struct {
	rest []byte
	err  error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %s", errFrame, what)
	}
	p.rest = nil
}

// number reads a number of at most limit.
func (p *parser) number(what string, limit uint64) uint64 {
	n, size := binary.Uvarint(p.rest)
	if size <= 0 || n > limit || size > 1 && p.rest[size-1] == 0 { // not the shortest form
		p.fail(what)
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

// bytes reads a string of at most limit bytes. It is a part of the frame.
func (p *parser) bytes(what string, limit int) []byte {
	n := int(p.number(what, uint64(limit)))
	if n > len(p.rest) {
		p.fail(what)
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) string(what string, limit int) string { return string(p.bytes(what, limit)) }

// end returns the first error, or one for bytes that are left.
func (p *parser) end() error {
	if len(p.rest) > 0 {
		p.fail("bytes behind its end")
	}
	return p.err
}
