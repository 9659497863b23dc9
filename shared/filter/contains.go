package filter

import "strings"

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
	if d.whole != nil && !d.whole.MayContain(c.folded) {
		return
	}
	for id, pos := 0, 0; ; {
		n := index(d.blob[pos:], c.folded, c.rare)
		if n < 0 {
			return
		}
		pos += n
		id = d.find(id, pos)
		end := int(d.ends[id])
		if pos+len(c.folded) <= end {
			hits[id] = true
			pos = end
		} else {
			pos++ // runs over the end of its value
		}
	}
}
