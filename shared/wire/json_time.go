package wire

import "docket/shared/filter"

// Members of a range or period, beside the operators in one set.
const (
	seenFrom = 32 + iota
	seenTo
	seenPeriod // and one for each other period
)

// timePart reads From, To or a period's name.
func (r *jsonSearcher) timePart(span *filter.Entry, seen *set, name string) error {
	switch {
	case sameName(name, "From"):
		return r.bound(&span.From, seen, seenFrom, name)
	case sameName(name, "To"):
		return r.bound(&span.To, seen, seenTo, name)
	}
	p, n := period(name, true)
	if n < 0 {
		return r.unknown(name, "operator or period")
	}
	if !seen.add(seenPeriod + uint8(n)) {
		return r.twice(name)
	}
	switch r.peek() {
	case kindNull:
		return r.literal("null")
	case kindString:
		text, err := r.str()
		switch {
		case err != nil:
			return err
		case text != "":
			return r.wrong("%s must have an empty string, not %s.", p, quote(text))
		case span.Text != "":
			return r.wrong("%s: only one period may stand in an object; use a list.", span.Field)
		}
		span.Text = p
		return nil
	}
	return r.mismatch("an empty string")
}

// bound reads an end of a range; null is none.
func (r *jsonSearcher) bound(dst **string, seen *set, which uint8, name string) error {
	if !seen.add(which) {
		return r.twice(name)
	}
	text, null, err := r.text(true)
	if err == nil && !null {
		*dst = &text
	}
	return err
}
