package filter

import "strings"

// equals is Equals: the whole text.
type equals struct{ text, folded string }

func newEquals(text string) equals { return equals{text, fold(text)} }

func (e equals) match(text string) bool { return strings.EqualFold(text, e.text) }

func (e equals) test(v value) bool { return v.folded == e.folded }

// mark compares lengths first, which needs no look at the values.
func (e equals) mark(d dictionary, hits []bool) {
	start := uint32(0)
	for i, end := range d.ends {
		if int(end-start) == len(e.folded) && d.blob[start:end] == e.folded {
			hits[i] = true
		}
		start = end
	}
}

// equalsAny is what many Equals of one field together mean: watch lists have
// thousands of them.
type equalsAny struct{ folded map[string]struct{} }

// fewEquals is how many Equals are compared one by one before a set pays.
const fewEquals = 4

func newEqualsAny(list []equals) equalsAny {
	set := make(map[string]struct{}, len(list))
	for _, e := range list {
		set[e.folded] = struct{}{}
	}
	return equalsAny{set}
}

func (e equalsAny) match(text string) bool { return e.test(value{plain: text, folded: fold(text)}) }

func (e equalsAny) test(v value) bool {
	_, ok := e.folded[v.folded]
	return ok
}

// mergeEquals replaces many Equals in a list of alternatives by one word.
func mergeEquals(words []word) []word {
	var list []equals
	var rest []word
	for _, w := range words {
		if e, ok := w.(equals); ok {
			list = append(list, e)
		} else {
			rest = append(rest, w)
		}
	}
	if len(list) <= fewEquals {
		return words
	}
	return append(rest, newEqualsAny(list))
}
