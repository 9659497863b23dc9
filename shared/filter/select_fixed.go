package filter

import (
	"slices"
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
	if len(allowed) == 1 {
		only := allowed[0]
		s.keep(func(row uint32) bool { return only.has(whens[row]) })
	} else {
		s.keep(func(row uint32) bool { return allowed.has(whens[row]) })
	}
	return nil
}

func (c actionCondition) narrow(s *selection) error {
	actions, err := s.seg.Actions()
	if err != nil {
		return err
	}
	s.keep(func(row uint32) bool { return c.allowed.has(actions[row]) })
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
