package filter

import "docket/shared/segment"

// detailCondition looks at a field of the details, in one column or several. A
// record passes if any of its details has a text for which a positive word
// holds, and none has one for which a negative word does.
type detailCondition struct {
	field   Field
	columns []segment.Column
	words
}

func (c *detailCondition) String() string { return c.field.String() }

func (c *detailCondition) narrow(s *selection) error {
	if len(c.positive) > 0 {
		if err := c.narrowTo(s, c.positive, true); err != nil {
			return err
		}
	}
	if len(c.negative) > 0 && !s.empty() {
		return c.narrowTo(s, c.negative, false)
	}
	return nil
}

// narrowTo keeps the rows for which it is want that a detail holds any of the
// words.
func (c *detailCondition) narrowTo(s *selection, list []word, want bool) error {
	starts, err := s.seg.DetailStarts()
	if err != nil {
		return err
	}
	low, high := starts[s.low], starts[s.high]
	hits := newVerdict(int(high - low))
	defer hits.free()
	any := false
	for _, column := range c.columns {
		some, err := markDetails(s.seg, column, list, hits.accept, low)
		if err != nil {
			return err
		}
		any = any || some
	}
	if !any {
		if want {
			s.drop()
		}
		return nil
	}
	s.keep(func(row uint32) bool {
		for _, hit := range hits.accept[starts[row]-low : starts[row+1]-low] {
			if hit {
				return want
			}
		}
		return !want
	})
	return nil
}

// markDetails sets hits[i] for every detail, counted from low, whose text in a
// column holds any of the words, and says whether there may be one.
func markDetails(seg Rows, column segment.Column, list []word, hits []bool, low uint32) (bool, error) {
	d, err := openDictionary(seg, column)
	if err != nil {
		return false, err
	}
	v := judge(&words{positive: list}, d)
	defer v.free()
	if v.passed == 0 {
		return false, nil
	}
	text, err := seg.Text(column)
	if err != nil {
		return false, err
	}
	markText(hits, text, v.accept, int(low))
	return true, nil
}
