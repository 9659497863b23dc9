package filter

import "docket/shared/activity"

// actionSet is what the entries on Action together allow: bit a for action a.
type actionSet uint32

// newActionSet combines actions asked for with actions excluded.
func newActionSet(positive, negative []activity.Action) actionSet {
	set := ^actionSet(0)
	if len(positive) > 0 {
		set = 0
		for _, a := range positive {
			set |= 1 << a
		}
	}
	for _, a := range negative {
		set &^= 1 << a
	}
	return set
}

func (s actionSet) has(a activity.Action) bool { return s>>a&1 != 0 }
