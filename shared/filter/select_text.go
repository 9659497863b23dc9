package filter

import "docket/shared/segment"

// textCondition looks at a field of which a record has one text: one column.
type textCondition struct {
	field  Field
	column segment.Column
	words
}

func (c *textCondition) String() string { return c.field.String() }

// fewCandidates is how many dictionary values there must be for each candidate
// row for the values of those rows to be judged one by one instead of the
// dictionary as a whole.
const fewCandidates = 3

func (c *textCondition) narrow(s *selection) error {
	d, err := openDictionary(s.seg, c.column)
	if err != nil {
		return err
	}
	if !s.all && s.count()*fewCandidates < d.len() {
		return c.narrowFew(s, d)
	}
	v := judge(&c.words, d)
	defer v.free()
	switch v.passed {
	case 0:
		s.drop()
		return nil
	case d.len():
		return nil
	}
	text, err := s.seg.Text(c.column)
	if err != nil {
		return err
	}
	s.keepText(text, v.accept)
	return nil
}

// narrowFew judges the values of the candidates alone.
func (c *textCondition) narrowFew(s *selection, d dictionary) error {
	text, err := s.seg.Text(c.column)
	if err != nil {
		return err
	}
	s.keep(func(row uint32) bool { return c.accepts(d.value(int(text.ID(int(row))))) })
	return nil
}

// accepts judges one value.
func (w *words) accepts(v value) bool {
	any := len(w.positive) == 0
	for _, p := range w.positive {
		any = any || p.test(v)
	}
	for _, n := range w.negative {
		if n.test(v) {
			return false
		}
	}
	return any
}

// verdict says for each value of a dictionary whether it passes.
type verdict struct {
	accept []bool
	passed int // how many do
	buf    *[]bool
}

// judge asks all words about all values of a dictionary.
func judge(w *words, d dictionary) verdict {
	v := newVerdict(d.len())
	if len(w.positive) == 0 {
		for i := range v.accept {
			v.accept[i] = true
		}
	}
	for _, p := range w.positive {
		mark(p, d, v.accept)
	}
	if len(w.negative) > 0 {
		no := newVerdict(d.len())
		defer no.free()
		for _, n := range w.negative {
			mark(n, d, no.accept)
		}
		for i, hit := range no.accept {
			v.accept[i] = v.accept[i] && !hit
		}
	}
	v.count()
	return v
}

func (v *verdict) count() {
	v.passed = 0
	for _, ok := range v.accept {
		v.passed += bit(ok)
	}
}
