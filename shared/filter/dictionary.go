package filter

import (
	"fmt"
	"sort"
	"sync"
	"unsafe"

	"docket/shared/segment"
)

// dictionary is the distinct values of a column with their case-folded forms.
type dictionary struct {
	values *segment.Dictionary
	*folded
	whole *segment.Folding // of joined segments: knows some of what it cannot contain
}

// folded is the case-folded forms of a dictionary's values, one behind the other
// in blob: that of value i is blob[ends[i-1]:ends[i]].
type folded struct {
	blob string
	ends []uint32
}

// openDictionary folds a column's dictionary, or finds the folding that an
// earlier search left with it.
func openDictionary(seg Rows, c segment.Column) (dictionary, error) {
	values, err := seg.Dictionary(c)
	if err != nil {
		return dictionary{}, err
	}
	if f, ok := values.Folding(); ok {
		return dictionary{values, &folded{f.Blob, f.Ends}, f}, nil
	}
	f, ok := values.Derive(derive).(*folded)
	if !ok {
		return dictionary{}, fmt.Errorf("dictionary of column %d bears something else than its folding", c)
	}
	return dictionary{values, f, nil}, nil
}

func derive(values *segment.Dictionary) (any, int) {
	f := foldDictionary(values)
	return f, len(f.blob) + 4*len(f.ends)
}

// foldDictionary folds all values, at once if they are ASCII.
func foldDictionary(values *segment.Dictionary) *folded {
	blob, starts := values.Blob()
	b, n := appendLower(make([]byte, 0, len(blob)+len(blob)/16), blob)
	if n == len(blob) {
		return &folded{alias(b), starts[1:]}
	}
	b = b[:0]
	ends := make([]uint32, values.Entries())
	for i := range ends {
		b = appendFold(b, blob[starts[i]:starts[i+1]])
		ends[i] = uint32(len(b))
	}
	return &folded{alias(b), ends}
}

// alias is b as a text. b must never change.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (d dictionary) len() int { return len(d.ends) }

func (d dictionary) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return d.ends[i-1]
}

func (d dictionary) value(i int) value {
	return value{folded: d.blob[d.start(i):d.ends[i]], values: d.values, id: i}
}

// find returns the value that has the byte at pos, which lies in value id or
// behind it.
func (d dictionary) find(id, pos int) int {
	rest := d.ends[id:]
	// Hits are often near each other: look a little ahead before searching.
	for i := 0; i < len(rest) && i < 8; i++ {
		if int(rest[i]) > pos {
			return id + i
		}
	}
	return id + sort.Search(len(rest), func(i int) bool { return int(rest[i]) > pos })
}

// verdictPool keeps the memory of verdicts from segment to segment.
var verdictPool = sync.Pool{New: func() any { return new([]bool) }}

func newVerdict(n int) verdict {
	buf := verdictPool.Get().(*[]bool)
	if cap(*buf) < n {
		*buf = make([]bool, n)
	}
	v := verdict{accept: (*buf)[:n], buf: buf}
	clear(v.accept)
	return v
}

func (v verdict) free() { verdictPool.Put(v.buf) }

// markText sets hits[i] for the rows, counted from low, whose value is accepted.
func markText(hits []bool, text *segment.Text, accept []bool, low int) {
	high := low + len(hits)
	switch ids := text.IDs(); {
	case ids.Bytes != nil:
		markAccepted(hits, ids.Bytes[low:high], accept)
	case ids.Shorts != nil:
		markAccepted(hits, ids.Shorts[low:high], accept)
	case ids.Longs != nil:
		markAccepted(hits, ids.Longs[low:high], accept)
	case accept[0]:
		for row := range hits {
			hits[row] = true
		}
	}
}

func markAccepted[T uint8 | uint16 | uint32](hits []bool, ids []T, accept []bool) {
	for row, id := range ids {
		if accept[id] {
			hits[row] = true
		}
	}
}
