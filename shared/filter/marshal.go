package filter

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMalformed says that bytes are not those of Marshal.
var ErrMalformed = errors.New("malformed filter")

// marshalVersion is the first byte of a marshalled filter.
const marshalVersion = 1

// Bits that say which ends of a range an entry has.
const (
	hasFrom = 1 << iota
	hasTo
)

// Marshal writes entries without their paths: a version byte, the number of
// entries, and for each entry the bytes of field, operator and ends present, and
// the texts present with their lengths. Numbers are unsigned varints. Equal
// entries in equal order give equal bytes.
func Marshal(entries []Entry) []byte {
	dst := binary.AppendUvarint([]byte{marshalVersion}, uint64(len(entries)))
	for i := range entries {
		e := &entries[i]
		var ends byte
		if e.From != nil {
			ends |= hasFrom
		}
		if e.To != nil {
			ends |= hasTo
		}
		dst = append(dst, byte(e.Field), byte(e.Operator), ends)
		dst = appendText(dst, e.Text)
		if e.From != nil {
			dst = appendText(dst, *e.From)
		}
		if e.To != nil {
			dst = appendText(dst, *e.To)
		}
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// Unmarshal reads what Marshal wrote, nothing more and nothing less. It checks
// form alone: Compile checks meaning. Every error is ErrMalformed.
func Unmarshal(data []byte) ([]Entry, error) {
	r := reader{data: data}
	if r.byte() != marshalVersion {
		return nil, fmt.Errorf("%w: unknown version", ErrMalformed)
	}
	n := r.uvarint()
	if n > MaxEntries {
		return nil, fmt.Errorf("%w: %d entries", ErrMalformed, n)
	}
	var entries []Entry
	for range n {
		e, ok := r.entry()
		if !ok {
			return nil, fmt.Errorf("%w: entry %d", ErrMalformed, len(entries))
		}
		entries = append(entries, e)
	}
	if r.bad || len(r.data) > 0 {
		return nil, fmt.Errorf("%w: does not end with its last entry", ErrMalformed)
	}
	return entries, nil
}

// reader takes values from the front of data. After the first failure it is bad
// and gives zero values.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) entry() (Entry, bool) {
	e := Entry{Field: Field(r.byte()), Operator: Operator(r.byte())}
	ends := r.byte()
	e.Text = r.text()
	if ends&hasFrom != 0 {
		from := r.text()
		e.From = &from
	}
	if ends&hasTo != 0 {
		to := r.text()
		e.To = &to
	}
	ok := e.Field.valid() && e.Operator < numOperators && ends <= hasFrom|hasTo
	return e, ok && !r.bad
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.bad = true
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

// uvarint reads a number in its shortest form.
func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || n != len(binary.AppendUvarint(nil, v)) {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return ""
	}
	s := string(r.data[:n])
	r.data = r.data[n:]
	return s
}
