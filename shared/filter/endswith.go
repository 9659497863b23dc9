package filter

import "strings"

// endsWith is EndsWith.
type endsWith struct{ suffix, folded string }

func newEndsWith(suffix string) endsWith { return endsWith{suffix, fold(suffix)} }

func (e endsWith) match(text string) bool {
	for i := range text {
		if strings.EqualFold(text[i:], e.suffix) {
			return true
		}
	}
	return e.suffix == ""
}

func (e endsWith) test(v value) bool { return strings.HasSuffix(v.folded, e.folded) }
