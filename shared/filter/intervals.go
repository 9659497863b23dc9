package filter

import (
	"math"
	"slices"
)

// intervals are disjoint, not adjacent, not empty, and in ascending order.
type intervals []interval

// newIntervals combines ranges asked for with ranges excluded.
func newIntervals(positive, negative []interval) intervals {
	set := union(negative).complement()
	if len(positive) > 0 {
		set = union(positive).intersect(set)
	}
	return set
}

// union sorts ranges and joins those that touch.
func union(list []interval) intervals {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b interval) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	var set intervals
	for _, v := range sorted {
		if v.from > v.to {
			continue
		}
		if n := len(set); n > 0 && (set[n-1].to == math.MaxInt64 || v.from <= set[n-1].to+1) {
			set[n-1].to = max(set[n-1].to, v.to)
			continue
		}
		set = append(set, v)
	}
	return set
}

// complement is every time that the set does not have.
func (s intervals) complement() intervals {
	var gaps intervals
	from := int64(math.MinInt64)
	for _, v := range s {
		if v.from > from {
			gaps = append(gaps, interval{from, v.from - 1})
		}
		if v.to == math.MaxInt64 {
			return gaps
		}
		from = v.to + 1
	}
	return append(gaps, interval{from, math.MaxInt64})
}

// intersect is every time that both sets have.
func (s intervals) intersect(t intervals) intervals {
	var both intervals
	for len(s) > 0 && len(t) > 0 {
		v := interval{max(s[0].from, t[0].from), min(s[0].to, t[0].to)}
		if v.from <= v.to {
			both = append(both, v)
		}
		if s[0].to < t[0].to {
			s = s[1:]
		} else {
			t = t[1:]
		}
	}
	return both
}

// from is the part of the set that does not lie wholly before a time.
func (s intervals) from(when int64) intervals {
	i, _ := slices.BinarySearchFunc(s, when, func(v interval, when int64) int {
		if v.to < when {
			return -1
		}
		return 1
	})
	return s[i:]
}

func (s intervals) has(when int64) bool { return s.touches(interval{when, when}) }

// touches says whether any time of v lies in the set.
func (s intervals) touches(v interval) bool {
	rest := s.from(v.from)
	return len(rest) > 0 && rest[0].from <= v.to
}

// covers says whether every time of v lies in the set.
func (s intervals) covers(v interval) bool {
	rest := s.from(v.from)
	return len(rest) > 0 && rest[0].from <= v.from && v.to <= rest[0].to
}
