package filter

import (
	"fmt"
	"math"
	"time"

	"docket/shared/activity"
)

// interval is a range of When in Unix seconds, both ends included. It is empty
// if from is after to.
type interval struct{ from, to int64 }

func (v interval) has(when int64) bool { return v.from <= when && when <= v.to }

// everything is the range without ends.
var everything = interval{math.MinInt64, math.MaxInt64}

// newInterval reads the value of a When entry, or says what is wrong with it.
func newInterval(e *Entry, env *Env) (v interval, problem string) {
	if e.From == nil && e.To == nil {
		return period(e.Text, env)
	}
	if e.Text != "" {
		return v, "a period and a range exclude each other."
	}
	v = everything
	for _, end := range []struct {
		name string
		text *string
		dst  *int64
	}{{"From", e.From, &v.from}, {"To", e.To, &v.to}} {
		if end.text == nil {
			continue
		}
		when, ok := activity.ParseWhen(*end.text)
		if !ok {
			return v, fmt.Sprintf("%s must be YYYY-MM-DDTHH:MM:SS with Z or an offset, not %s.", end.name, quote(*end.text))
		}
		*end.dst = when
	}
	return v, ""
}

// period is a range that depends on now. Days are those of the zone; the last 7
// and 30 days end now.
func period(name string, env *Env) (v interval, problem string) {
	const day = 24 * 3600
	now := env.Now.Unix()
	switch name {
	case "Today":
		return interval{env.dayStart(0), env.dayStart(1) - 1}, ""
	case "Yesterday":
		return interval{env.dayStart(-1), env.dayStart(0) - 1}, ""
	case "LastSevenDays":
		return interval{now - 7*day, now}, ""
	case "LastThirtyDays":
		return interval{now - 30*day, now}, ""
	case "":
		return v, "From, To or a period is required."
	}
	return v, quote(name) + " is not a period: use Today, Yesterday, LastSevenDays or LastThirtyDays."
}

// dayStart is the first second of the day that lies days after today. Clocks may
// skip midnight or show it twice: of the offsets in force around it, the larger
// one gives the earlier instant, which counts if it lies in that day.
func (env *Env) dayStart(days int) int64 {
	zone := env.zone()
	y, m, d := env.Now.In(zone).Date()
	midnight := time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC)
	_, before := midnight.Add(-24 * time.Hour).In(zone).Zone()
	_, after := midnight.Add(24 * time.Hour).In(zone).Zone()
	first := midnight.Add(-time.Duration(max(before, after)) * time.Second)
	if first.In(zone).Day() == midnight.Day() {
		return first.Unix()
	}
	return midnight.Unix() - int64(min(before, after))
}
