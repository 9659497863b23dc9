package segment

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
)

// Dictionary is the distinct values of a column, sorted bytewise. Its texts
// share one blob.
type Dictionary struct {
	blob    string
	starts  []uint32 // one more than values; value i is blob[starts[i]:starts[i+1]]
	held    *atomic.Int64
	once    sync.Once
	derived any
}

// newDictionary reads a dictionary of a column of rows.
func newDictionary(raw []byte, rows int, held *atomic.Int64) (*Dictionary, error) {
	r := &reader{data: raw}
	k := int(r.uvarint("number of values", uint64(rows)))
	if r.err == nil && (k > len(r.data) || (k == 0) != (rows == 0)) {
		r.fail("number of values")
	}
	d := &Dictionary{starts: make([]uint32, k+1), held: held}
	for i := range k {
		d.starts[i+1] = d.starts[i] + uint32(r.uvarint("length of a value", uint64(len(raw))))
		if r.err == nil && int(d.starts[i+1]) > len(raw) {
			r.fail("lengths of values")
		}
	}
	if r.err == nil && int(d.starts[k]) != len(r.data) {
		r.fail("lengths of values do not add up")
	}
	if r.err != nil {
		return nil, r.err
	}
	d.blob = alias(r.data)
	for i := 1; i < k; i++ {
		if d.Entry(i-1) >= d.Entry(i) {
			return nil, fmt.Errorf("%w: values are not in order", ErrDamaged)
		}
	}
	held.Add(int64(4 * len(d.starts)))
	return d, nil
}

// Entries is the number of distinct values.
func (d *Dictionary) Entries() int { return len(d.starts) - 1 }

// Entry is value i, counted from 0.
func (d *Dictionary) Entry(i int) string { return d.blob[d.starts[i]:d.starts[i+1]] }

// Blob is all values one behind the other, and where each begins; the last
// offset is the end. Nothing stands between them: a match in the blob may begin
// in one value and end in the next.
func (d *Dictionary) Blob() (string, []uint32) { return d.blob, d.starts }

// Derive returns what make works out from the dictionary, such as its values
// without case. It runs once, and its result is kept as long as the dictionary;
// bytes is how much that holds. There is one such thing for a dictionary.
func (d *Dictionary) Derive(make func(*Dictionary) (derived any, bytes int)) any {
	d.once.Do(func() {
		var n int
		d.derived, n = make(d)
		d.held.Add(int64(n))
	})
	return d.derived
}

// Text is a column of text.
type Text struct {
	*Dictionary
	ids  []uint32 // nil if all rows have value 0
	rows int
}

func newText(d *Dictionary, raw []byte, rows int) (*Text, error) {
	t := &Text{Dictionary: d, rows: rows}
	k := d.Entries()
	width := idWidth(k)
	if len(raw) != width*rows {
		return nil, fmt.Errorf("%w: %d bytes of ids", ErrDamaged, len(raw))
	}
	if width == 0 {
		return t, nil
	}
	t.ids = make([]uint32, rows)
	switch width {
	case 1:
		for i, b := range raw {
			t.ids[i] = uint32(b)
		}
	case 2:
		low, high := raw[:rows], raw[rows:]
		for i := range t.ids {
			t.ids[i] = uint32(low[i]) | uint32(high[i])<<8
		}
	default:
		var word [4]byte
		for i := range t.ids {
			word = [4]byte{raw[i], raw[rows+i], raw[2*rows+i], raw[3*rows+i]}
			t.ids[i] = binary.LittleEndian.Uint32(word[:])
		}
	}
	for _, id := range t.ids {
		if int(id) >= k {
			return nil, fmt.Errorf("%w: id %d of %d values", ErrDamaged, id, k)
		}
	}
	return t, nil
}

// Rows is the number of rows.
func (t *Text) Rows() int { return t.rows }

// ID is the index of a row's value.
func (t *Text) ID(row int) uint32 {
	if t.ids == nil {
		return 0
	}
	return t.ids[row]
}

// IDs are the indices of all rows' values; nil means that each is 0.
func (t *Text) IDs() []uint32 { return t.ids }

// Row is a row's value.
func (t *Text) Row(row int) string { return t.Entry(int(t.ID(row))) }
