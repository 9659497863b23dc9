package filter

import (
	"slices"

	"docket/shared/activity"
	"docket/shared/segment"
)

// whenCondition, actionCondition and hoursCondition look at fields that are not
// text.
type (
	whenCondition   struct{ allowed intervals }
	actionCondition struct{ allowed actionSet }
	hoursCondition  struct{ allowed intervals } // in seconds of the day
)

func (whenCondition) String() string   { return When.String() }
func (actionCondition) String() string { return Action.String() }
func (hoursCondition) String() string  { return WorkingHours.String() }

func (c whenCondition) narrow(s *selection) error { return s.narrowWhen(c.allowed) }

// narrowWhen looks at single rows only if the segment's range leaves a doubt.
func (s *selection) narrowWhen(allowed intervals) error {
	zone := s.seg.Zone()
	span := interval{zone.MinWhen, zone.MaxWhen}
	if allowed.covers(span) {
		return nil
	}
	if !allowed.touches(span) {
		s.drop()
		return nil
	}
	whens, err := s.seg.Whens()
	if err != nil {
		return err
	}
	if v, ok := s.seg.(spanned); ok && s.all {
		s.narrowSpans(v.Spans(), whens, allowed)
	} else if len(allowed) == 1 {
		only := allowed[0]
		s.keep(func(row uint32) bool { return only.has(whens[row]) })
	} else {
		s.keep(func(row uint32) bool { return allowed.has(whens[row]) })
	}
	return nil
}

// spanned is rows that know the range of When of some of them together.
type spanned interface{ Spans() []segment.Span }

// narrowSpans looks at the rows alone of spans that leave a doubt.
func (s *selection) narrowSpans(spans []segment.Span, whens []int64, allowed intervals) {
	s.all = false
	for i := s.low / segment.SpanRows; i < len(spans) && i*segment.SpanRows < s.high; i++ {
		low, high := max(i*segment.SpanRows, s.low), min((i+1)*segment.SpanRows, s.high)
		span := interval{spans[i].Min, spans[i].Max}
		switch {
		case !allowed.touches(span):
		case allowed.covers(span):
			s.addRows(low, high)
		default:
			s.addWhens(whens, low, high, allowed)
		}
	}
}

// addWhens adds the rows from low on and before high whose time is allowed.
func (s *selection) addWhens(whens []int64, low, high int, allowed intervals) {
	if len(allowed) == 1 {
		only := allowed[0]
		n := len(s.rows)
		s.rows = grow(s.rows, high-low)
		for i, when := range whens[low:high] {
			s.rows[n] = uint32(low + i)
			n += bit(only.has(when))
		}
		s.rows = s.rows[:n]
		return
	}
	for row := low; row < high; row++ {
		if allowed.has(whens[row]) {
			s.rows = append(s.rows, uint32(row))
		}
	}
}

func (c actionCondition) narrow(s *selection) error {
	actions, err := s.seg.Actions()
	if err != nil {
		return err
	}
	var accept [256]bool
	for a := range accept {
		accept[a] = c.allowed.has(activity.Action(a))
	}
	keepAccepted(s, actions, accept[:])
	return nil
}

func (c hoursCondition) narrow(s *selection) error {
	whens, err := s.seg.Whens()
	if err != nil {
		return err
	}
	s.keep(func(row uint32) bool { return c.allowed.has(int64(secondOfDay(whens[row]))) })
	return nil
}

// dayIntervals are ranges of the day without those that cross midnight.
func dayIntervals(list []hours) []interval {
	var whole []interval
	for _, h := range list {
		if h.from <= h.to {
			whole = append(whole, interval{int64(h.from), int64(h.to)})
		} else {
			whole = append(whole, interval{0, int64(h.to)}, interval{int64(h.from), secondsOfDay - 1})
		}
	}
	return whole
}

// ridCondition looks at identifiers, which are computed row by row.
type ridCondition struct{ words }

func (ridCondition) String() string { return RID.String() }

func (c ridCondition) narrow(s *selection) error {
	s.keep(func(row uint32) bool {
		rid := s.rid(int(row)).String()
		v := value{plain: rid, folded: fold(rid)}
		test := func(w word) bool { return w.test(v) }
		return (len(c.positive) == 0 || slices.ContainsFunc(c.positive, test)) && !slices.ContainsFunc(c.negative, test)
	})
	return nil
}
