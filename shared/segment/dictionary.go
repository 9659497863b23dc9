package segment

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unsafe"
)

// Dictionary is the distinct values of a column, sorted bytewise unless it is one
// of joined segments. Its texts share one blob.
type Dictionary struct {
	blob    string
	starts  []uint32 // one more than values; value i is blob[starts[i]:starts[i+1]]
	held    *gauge
	once    sync.Once
	derived any

	original *original // of joined segments; then blob and starts are not there
}

// newDictionary reads a dictionary of a column of rows. It does not keep raw.
func newDictionary(raw []byte, rows int, held *gauge) (*Dictionary, error) {
	r := &reader{data: raw}
	k := int(r.uvarint("number of values", uint64(rows)))
	if r.err == nil && (k > len(r.data) || (k == 0) != (rows == 0)) {
		r.fail("number of values")
	}
	if r.err != nil {
		return nil, r.err
	}
	d := &Dictionary{starts: make([]uint32, k+1), held: held}
	prefixes := reader{data: r.data}
	d.lengths(r, k)
	if r.err != nil {
		return nil, r.err
	}
	blob := make([]byte, d.starts[k])
	if !d.values(blob, &prefixes, r.data) {
		r.fail("values are not in order")
		return nil, r.err
	}
	d.blob = alias(blob)
	held.Add(int64(len(blob) + 4*len(d.starts)))
	return d, nil
}

// lengths reads how much each value shares with the one before and how much it
// has of its own, works out where it begins, and leaves r at the values. Until
// the end of a value is known, its place in starts holds what it shares. Sharing
// makes a few bytes stand for many, so the sum is bounded as it grows.
func (d *Dictionary) lengths(r *reader, k int) {
	for i := 1; i < k; i++ {
		d.starts[i+1] = uint32(r.uvarint("prefix of a value", maxRaw))
	}
	end, own := uint64(0), uint64(0)
	for i := range k {
		shared, before := uint64(d.starts[i+1]), uint64(0)
		if i > 0 {
			before = end - uint64(d.starts[i-1])
		}
		n := r.uvarint("length of a value", maxRaw)
		if own += n; r.err == nil && (shared > before || own > uint64(len(r.data))) {
			r.fail("lengths of values")
		}
		if end += shared + n; r.err == nil && end > maxRaw {
			r.fail("values are too long")
		}
		if r.err != nil {
			return
		}
		d.starts[i+1] = uint32(end)
	}
	if own != uint64(len(r.data)) {
		r.fail("lengths of values do not add up")
	}
}

// values puts the values together in blob. It is false if a value is not behind
// the one before, or shares more with it than was said.
func (d *Dictionary) values(blob []byte, prefixes *reader, own []byte) bool {
	var last []byte
	for i := range d.Entries() {
		v := blob[d.starts[i]:d.starts[i+1]]
		shared := 0
		if i > 0 {
			shared = int(prefixes.uvarint("prefix of a value", maxRaw))
			copy(v, last[:shared])
		}
		n := copy(v[shared:], own)
		own = own[n:]
		if i > 0 && (n == 0 || shared < len(last) && last[shared] >= v[shared]) {
			return false
		}
		last = v
	}
	return true
}

// commonPrefix is how many bytes a and b begin with in common.
func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	x, y := unsafe.Slice(unsafe.StringData(a), n), unsafe.Slice(unsafe.StringData(b), n)
	i := 0
	for ; i+8 <= n; i += 8 {
		if differ := binary.LittleEndian.Uint64(x[i:]) ^ binary.LittleEndian.Uint64(y[i:]); differ != 0 {
			return i + bits.TrailingZeros64(differ)/8
		}
	}
	for ; i < n && x[i] == y[i]; i++ {
	}
	return i
}

// Entries is the number of distinct values.
func (d *Dictionary) Entries() int {
	if d.original != nil {
		return len(d.original.Ends)
	}
	return len(d.starts) - 1
}

// Entry is value i, counted from 0. Of joined segments it is put together anew.
func (d *Dictionary) Entry(i int) string {
	if d.original != nil {
		return alias(d.original.append(nil, i))
	}
	return d.blob[d.starts[i]:d.starts[i+1]]
}

// Folding is the values as they are compared without case, if the dictionary is
// one of joined segments, which keep no other form of them whole.
func (d *Dictionary) Folding() (*Folding, bool) {
	if d.original == nil {
		return nil, false
	}
	return &d.original.Folding, true
}

// Blob is all values one behind the other, and where each begins; the last
// offset is the end. Nothing stands between them: a match in the blob may begin
// in one value and end in the next. A dictionary with a Folding has none.
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
