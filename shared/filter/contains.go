package filter

import (
	"strings"

	"docket/shared/segment"
)

// contains is Contains: the pattern occurs somewhere. The empty pattern occurs
// in every text.
type contains struct {
	pattern, folded string
	rare            int // the place of the byte of folded to look for
}

func newContains(pattern string) contains {
	folded := fold(pattern)
	return contains{pattern, folded, rarest(folded)}
}

func (c contains) match(text string) bool {
	for i := range text {
		if _, ok := cutPrefix(text[i:], c.pattern); ok {
			return true
		}
	}
	return c.pattern == ""
}

func (c contains) test(v value) bool { return strings.Contains(v.folded, c.folded) }

// mark looks for the pattern in the whole folded blob at once: values are short,
// and a search that starts anew for each of them never reaches its speed.
func (c contains) mark(d dictionary, hits []bool) {
	if c.folded == "" {
		for i := range hits {
			hits[i] = true
		}
		return
	}
	if d.whole == nil {
		c.markRange(d, hits, 0, segment.Range{To: len(d.blob)})
		return
	}
	var room [16]segment.Range
	id := 0
	for _, r := range d.whole.Ranges(room[:0], c.folded) {
		id = c.markRange(d, hits, id, r)
	}
}

// markRange looks for the pattern where it begins in a range of the blob. id is a
// value that lies in the range or before it; so is what it returns for what is
// behind the range.
func (c contains) markRange(d dictionary, hits []bool, id int, r segment.Range) int {
	blob := d.blob[:min(r.To+len(c.folded)-1, len(d.blob))]
	for pos := r.From; ; {
		n := index(blob[pos:], c.folded, c.rare)
		if n < 0 {
			return id
		}
		pos += n
		id = d.find(id, pos)
		end := int(d.ends[id])
		if pos+len(c.folded) <= end {
			hits[id] = true
			pos = min(end, len(blob))
		} else {
			pos++ // runs over the end of its value
		}
	}
}
