package filter

import "docket/shared/activity"

const secondsOfDay = 24 * 3600

// hours is a range of the day in seconds of UTC, both ends included. It crosses
// midnight if from is after to.
type hours struct{ from, to int }

func (h hours) has(when int64) bool {
	second := secondOfDay(when)
	if h.from <= h.to {
		return h.from <= second && second <= h.to
	}
	return second >= h.from || second <= h.to
}

// secondOfDay is 0 to 86399, also before 1970.
func secondOfDay(when int64) int {
	return int((when%secondsOfDay + secondsOfDay) % secondsOfDay)
}

// newHours reads the value of a WorkingHours entry, or says what is wrong with it.
func newHours(e *Entry) (h hours, problem string) {
	if e.Text != "" || e.From == nil || e.To == nil {
		return h, "From and To are required."
	}
	from, ok := activity.ParseClock(*e.From)
	if !ok {
		return h, "From must be HH:MM:SS with Z or an offset, not " + quote(*e.From) + "."
	}
	to, ok := activity.ParseClock(*e.To)
	if !ok {
		return h, "To must be HH:MM:SS with Z or an offset, not " + quote(*e.To) + "."
	}
	return hours{from, to}, ""
}
