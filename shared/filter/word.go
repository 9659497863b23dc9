package filter

import "docket/shared/segment"

// A word is one positive operator on text with its value. It is stated twice,
// so that one statement can be tested against the other.
type word interface {
	// match compares a value as it was written. It is plain and slow.
	match(text string) bool

	// test compares a value whose folding is known.
	test(v value) bool
}

// value is one text of a record with its case-folded form. The text is plain, or
// value id of a dictionary: there it may have to be put together.
type value struct {
	plain, folded string
	values        *segment.Dictionary
	id            int
}

func (v *value) text() string {
	if v.values != nil {
		return v.values.Entry(v.id)
	}
	return v.plain
}

// marker is a word that knows a faster way through a whole dictionary than one
// test per value.
type marker interface {
	// mark sets hits[i] for every value i of d that holds.
	mark(d dictionary, hits []bool)
}

// mark sets hits[i] for every value i of d for which w holds.
func mark(w word, d dictionary, hits []bool) {
	if m, ok := w.(marker); ok {
		m.mark(d, hits)
		return
	}
	for i := range hits {
		if !hits[i] && w.test(d.value(i)) {
			hits[i] = true
		}
	}
}

// newWord makes the word for a positive operator. Members are those of the group
// that text names, for InGroup alone.
func newWord(o Operator, text string, members Members) word {
	switch o {
	case Equals:
		return newEquals(text)
	case StartsWith:
		return newStartsWith(text)
	case EndsWith:
		return newEndsWith(text)
	case InGroup:
		return inGroup{members}
	}
	return newContains(text)
}
