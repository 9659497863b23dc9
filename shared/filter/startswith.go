package filter

import "strings"

// startsWith is StartsWith.
type startsWith struct{ prefix, folded string }

func newStartsWith(prefix string) startsWith { return startsWith{prefix, fold(prefix)} }

func (s startsWith) match(text string) bool {
	_, ok := cutPrefix(text, s.prefix)
	return ok
}

func (s startsWith) test(v value) bool { return strings.HasPrefix(v.folded, s.folded) }
