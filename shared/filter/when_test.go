package filter

import (
	"testing"
	"time"
	_ "time/tzdata"

	"docket/shared/activity"

	"pgregory.net/rapid"
)

func at(t testing.TB, s string) *activity.Stored {
	r := record(t)
	r.When = when(t, s)
	return r
}

func TestRangesIncludeTheirEnds(t *testing.T) {
	p := mustCompile(t, Entry{Field: When, From: text("2024-05-15T10:00:00+02:00"), To: text("2024-05-15T09:00:00.999Z")})
	outside := mustCompile(t, Entry{Field: When, Operator: NotEqualTo, From: text("2024-05-15T10:00:00+02:00"), To: text("2024-05-15T09:00:00Z")})
	for s, want := range map[string]bool{
		"2024-05-15T07:59:59Z": false,
		"2024-05-15T08:00:00Z": true,
		"2024-05-15T09:00:00Z": true,
		"2024-05-15T09:00:01Z": false,
	} {
		if got := p.Match(at(t, s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
		if got := outside.Match(at(t, s)); got == want {
			t.Errorf("outside, %s: %v", s, got)
		}
	}
}

func TestRangeEndsMayBeMissing(t *testing.T) {
	from := mustCompile(t, Entry{Field: When, From: text("2024-05-15T08:00:00Z")})
	to := mustCompile(t, Entry{Field: When, To: text("2024-05-15T08:00:00Z")})
	never := mustCompile(t, Entry{Field: When, From: text("2024-05-15T08:00:01Z"), To: text("2024-05-15T08:00:00Z")})
	for s, want := range map[string][2]bool{
		"0001-01-01T00:00:00Z": {false, true},
		"2024-05-15T08:00:00Z": {true, true},
		"9999-12-31T23:59:59Z": {true, false},
	} {
		if got := [2]bool{from.Match(at(t, s)), to.Match(at(t, s))}; got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
		if never.Match(at(t, s)) {
			t.Errorf("%s lies in a range that ends before it begins", s)
		}
	}
}

func TestPeriods(t *testing.T) {
	type span struct{ first, last string }
	for _, c := range []struct {
		zone, now, period string
		want              span
	}{
		{"UTC", "2024-05-15T12:00:00Z", "Today", span{"2024-05-15T00:00:00Z", "2024-05-15T23:59:59Z"}},
		{"UTC", "2024-05-15T12:00:00Z", "Yesterday", span{"2024-05-14T00:00:00Z", "2024-05-14T23:59:59Z"}},
		{"UTC", "2024-05-15T12:00:00Z", "LastSevenDays", span{"2024-05-08T12:00:00Z", "2024-05-15T12:00:00Z"}},
		{"UTC", "2024-05-15T12:00:00Z", "LastThirtyDays", span{"2024-04-15T12:00:00Z", "2024-05-15T12:00:00Z"}},
		{"UTC", "2024-03-01T00:00:00Z", "Yesterday", span{"2024-02-29T00:00:00Z", "2024-02-29T23:59:59Z"}},
		// 20:00 UTC is the next day already.
		{"Asia/Kolkata", "2024-05-15T20:00:00Z", "Today", span{"2024-05-15T18:30:00Z", "2024-05-16T18:29:59Z"}},
		// Days of 23 and of 25 hours.
		{"Europe/Berlin", "2024-03-31T12:00:00Z", "Today", span{"2024-03-30T23:00:00Z", "2024-03-31T21:59:59Z"}},
		{"Europe/Berlin", "2024-10-28T12:00:00Z", "Yesterday", span{"2024-10-26T22:00:00Z", "2024-10-27T22:59:59Z"}},
		// Midnight is skipped: the day begins at 01:00.
		{"America/Sao_Paulo", "2018-11-04T12:00:00Z", "Today", span{"2018-11-04T03:00:00Z", "2018-11-05T01:59:59Z"}},
		// Midnight comes twice: the day begins with the first.
		{"America/Havana", "2024-11-03T12:00:00Z", "Today", span{"2024-11-03T04:00:00Z", "2024-11-04T04:59:59Z"}},
	} {
		t.Run(c.zone+" "+c.now+" "+c.period, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			p, problems := Compile([]Entry{{Field: When, Text: c.period}}, Env{Now: time.Unix(when(t, c.now), 0), Zone: zone})
			if problems != nil {
				t.Fatal(problems)
			}
			r := record(t)
			for offset, want := range map[int64]bool{-1: false, 0: true} {
				r.When = when(t, c.want.first) + offset
				if got := p.Match(r); got != want {
					t.Errorf("first second %+d: %v", offset, got)
				}
				r.When = when(t, c.want.last) - offset
				if got := p.Match(r); got != want {
					t.Errorf("last second %+d: %v", -offset, got)
				}
			}
		})
	}
}

func TestWorkingHours(t *testing.T) {
	for _, c := range []struct {
		from, to, at string
		want         bool
	}{
		{"09:00:00Z", "17:00:00Z", "2024-05-15T08:59:59Z", false},
		{"09:00:00Z", "17:00:00Z", "2024-05-15T09:00:00Z", true},
		{"09:00:00Z", "17:00:00Z", "1955-05-15T17:00:00Z", true},
		{"09:00:00Z", "17:00:00Z", "1955-05-15T17:00:01Z", false},
		{"22:00:00Z", "06:00:00Z", "2024-05-15T23:59:59Z", true},
		{"22:00:00Z", "06:00:00Z", "2024-05-15T00:00:00Z", true},
		{"22:00:00Z", "06:00:00Z", "2024-05-15T06:00:01Z", false},
		{"22:00:00Z", "06:00:00Z", "2024-05-15T21:59:59Z", false},
		// Crosses midnight of UTC alone, and an offset that crosses it alone.
		{"01:00:00+05:00", "10:00:00+05:00", "2024-05-15T20:00:00Z", true},
		{"01:00:00+05:00", "10:00:00+05:00", "2024-05-15T05:00:01Z", false},
		{"22:00:00-03:00", "06:00:00-03:00", "2024-05-15T01:00:00Z", true},
		{"22:00:00-03:00", "06:00:00-03:00", "2024-05-15T00:59:59Z", false},
		{"12:00:00Z", "12:00:00Z", "2024-05-15T12:00:00Z", true},
		{"12:00:00Z", "12:00:00Z", "2024-05-15T12:00:01Z", false},
		{"00:00:00+02:00", "23:59:59+02:00", "2024-05-15T22:00:00Z", true},
		{"00:00:00+02:00", "23:59:59+02:00", "2024-05-15T21:59:59Z", true},
	} {
		e := Entry{Field: WorkingHours, From: &c.from, To: &c.to}
		if got := mustCompile(t, e).Match(at(t, c.at)); got != c.want {
			t.Errorf("%s to %s, %s: %v", c.from, c.to, c.at, got)
		}
		e.Operator = NotEqualTo
		if got := mustCompile(t, e).Match(at(t, c.at)); got == c.want {
			t.Errorf("outside %s to %s, %s: %v", c.from, c.to, c.at, got)
		}
	}
}

func TestIntervals(t *testing.T) {
	ends := rapid.OneOf(rapid.Int64Range(-9, 9), rapid.SampledFrom([]int64{everything.from, everything.from + 1, everything.to - 1, everything.to}))
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) interval {
		return interval{ends.Draw(t, "from"), ends.Draw(t, "to")}
	}), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		positive, negative := list.Draw(t, "positive"), list.Draw(t, "negative")
		set := newIntervals(positive, negative)
		for i := 1; i < len(set); i++ {
			if set[i].from <= set[i-1].to || set[i].from-1 == set[i-1].to {
				t.Fatalf("%v is not in order, disjoint and joined", set)
			}
		}
		v := interval{ends.Draw(t, "first"), ends.Draw(t, "last")}
		if got, want := set.has(v.from), holds(positive, negative, func(p interval) bool { return p.has(v.from) }); got != want {
			t.Fatalf("%v has %d: %v", set, v.from, got)
		}
		if v.from < -9 || v.to > 9 || v.from > v.to {
			return
		}
		any, all := false, true
		for w := v.from; w <= v.to; w++ {
			any, all = any || set.has(w), all && set.has(w)
		}
		if set.touches(v) != any || set.covers(v) != all {
			t.Fatalf("%v and %v: touches %v, covers %v", set, v, set.touches(v), set.covers(v))
		}
	})
}
