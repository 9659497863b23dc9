package activity

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseWhen(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
	}{
		{"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59Z", -1},
		{"2017-02-14T15:36:10Z", 1487086570},
		{"2017-02-14T15:36:10.9999999Z", 1487086570},
		{"2017-02-14T15:36:10.1+03:00", 1487075770},
		{"2017-02-14T15:36:10-00:00", 1487086570},
		{"2017-02-14T15:36:10+14:00", 1487036170},
		{"2017-02-14T15:36:10-14:00", 1487136970},
		{"2016-02-29T00:00:00Z", 1456704000},
		{"2000-02-29T00:00:00Z", 951782400},
		{"0001-01-01T00:00:00Z", MinWhen},
		{"0001-01-01T14:00:00+14:00", MinWhen},
		{"9999-12-31T23:59:59Z", MaxWhen},
		{"9999-12-31T09:59:59-14:00", MaxWhen},
	} {
		if got, ok := ParseWhen(c.text); !ok || got != c.want {
			t.Errorf("%s: %d, %v; want %d", c.text, got, ok, c.want)
		}
	}
}

func TestParseWhenRefuses(t *testing.T) {
	for _, text := range []string{
		"", "Z", "2017-02-14", "2017-02-14T15:36:10",
		"2017-02-14t15:36:10Z", "2017-02-14T15:36:10z", "2017-02-14 15:36:10Z",
		"17-02-14T15:36:10Z", "02017-02-14T15:36:10Z", "+2017-02-14T15:36:10Z",
		"2017-2-14T15:36:10Z", "2017-02-14T5:36:10Z", "2017-02-14T15:36Z",
		"2017/02/14T15:36:10Z", "2017-02-14T15.36.10Z",
		"2017-00-14T15:36:10Z", "2017-13-14T15:36:10Z",
		"2017-02-00T15:36:10Z", "2017-02-29T15:36:10Z", "2017-04-31T15:36:10Z", "1900-02-29T00:00:00Z",
		"2017-02-14T24:00:00Z", "2017-02-14T15:60:10Z", "2017-02-14T15:36:60Z",
		"2017-02-14T15:36:10.Z", "2017-02-14T15:36:10,5Z", "2017-02-14T15:36:10.5", "2017-02-14T15:36:10.5.5Z",
		"2017-02-14T15:36:10+14:01", "2017-02-14T15:36:10+15:00", "2017-02-14T15:36:10+01:60",
		"2017-02-14T15:36:10+0100", "2017-02-14T15:36:10+1:00", "2017-02-14T15:36:10 01:00", "2017-02-14T15:36:10+01:00Z",
		"2017-02-14T15:36:10Z ", " 2017-02-14T15:36:10Z", "2017-02-14T15:36:10Z\n", "2017-02-14T15:36:1\x00Z",
		"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"２017-02-14T15:36:10Z",
	} {
		if got, ok := ParseWhen(text); ok {
			t.Errorf("%q: %d; want it refused", text, got)
		}
	}
}

func TestParseClock(t *testing.T) {
	for text, want := range map[string]int{
		"00:00:00Z": 0, "23:59:59Z": 86399, "08:30:05Z": 30605,
		"01:00:00+02:00": 23 * 3600, "23:00:00-02:00": 3600, "13:59:59+14:00": 86399, "10:00:00-14:00": 0,
	} {
		if got, ok := ParseClock(text); !ok || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "Z", "8:30:05Z", "08:30Z", "08:30:05", "24:00:00Z", "08:60:00Z", "08:30:60Z", "08-30:05Z", "08:30-05Z", "08:30:05z", "08:30:05.5Z", "08:30:05+14:01", "a8:30:05Z", "08:30:05ZZ"} {
		if got, ok := ParseClock(text); ok {
			t.Errorf("%q: %d; want it refused", text, got)
		}
	}
}

// TestEveryDay walks the calendar of all years that a record may have, there
// and back.
func TestEveryDay(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	var buf []byte
	for days := uint32(0); day.Year() < 10000; days++ {
		y, m, d := day.Date()
		if year, month, of := civil(days); int(year) != y || int(month) != int(m) || int(of) != d {
			t.Fatalf("day %d is %d-%d-%d; want %v", days, year, month, of, day)
		}
		when := day.Unix() + int64(days*7919%86400)
		buf = AppendWhen(buf[:0], when)
		if got, ok := ParseWhen(string(buf)); !ok || got != when {
			t.Fatalf("%d came back as %d, %v by way of %s", when, got, ok, buf)
		}
		day = day.AddDate(0, 0, 1)
	}
}

func TestAppendWhenIsTimeFormat(t *testing.T) {
	check := func(fatal func(string, ...any), when int64) {
		want := "x" + time.Unix(when, 0).UTC().Format("2006-01-02T15:04:05Z")
		if got := string(AppendWhen([]byte("x"), when)); got != want {
			fatal("%d: %s; want %s", when, got, want)
		}
	}
	for second := range int64(86400) {
		check(t.Fatalf, second)
	}
	for _, when := range []int64{MinWhen, MaxWhen, MinWhen - 1, MaxWhen + 1, math.MinInt64, math.MaxInt64} {
		check(t.Fatalf, when)
	}
	rapid.Check(t, func(t *rapid.T) { check(t.Fatalf, rapid.Int64Range(MinWhen, MaxWhen).Draw(t, "when")) })
	rapid.Check(t, func(t *rapid.T) { check(t.Fatalf, rapid.Int64().Draw(t, "when")) })
}

// profile is the contract's profile of RFC 3339 as a regular expression.
var profile = regexp.MustCompile(`\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\z`)

// parseWhenPlainly reads the same texts as ParseWhen, with package time.
func parseWhenPlainly(s string) (int64, bool) {
	m := profile.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	at, err := time.Parse("2006-01-02T15:04:05", s[:19])
	if err != nil {
		return 0, false
	}
	when := at.Unix()
	if zone := m[2]; zone != "Z" {
		hours, _ := strconv.Atoi(zone[1:3])
		minutes, _ := strconv.Atoi(zone[4:6])
		if minutes > 59 || hours*60+minutes > 14*60 {
			return 0, false
		}
		east, err := time.ParseDuration(fmt.Sprintf("%c%dh%dm", zone[0], hours, minutes))
		if err != nil {
			return 0, false
		}
		when -= int64(east / time.Second)
	}
	return when, MinWhen <= when && when <= MaxWhen
}

func FuzzParseWhen(f *testing.F) {
	for _, s := range []string{"2017-02-14T15:36:10Z", "2017-02-14T15:36:10.123+03:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+00:01", "2016-02-30T00:00:00Z", "2017-02-14T15:36:60Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseWhen(s)
		want, wantOK := parseWhenPlainly(s)
		if ok != wantOK || ok && got != want {
			t.Errorf("%q: %d, %v; want %d, %v", s, got, ok, want, wantOK)
		}
	})
}

// TestParseWhenAgreesWithPackageTime is the fuzz target's property on texts that
// nearly are of the profile.
func TestParseWhenAgreesWithPackageTime(t *testing.T) {
	shape := rapid.StringMatching(`[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,3})?(Z|[+-][01][0-9]:[0-6][0-9])`)
	rapid.Check(t, func(t *rapid.T) {
		s := shape.Draw(t, "text")
		got, ok := ParseWhen(s)
		want, wantOK := parseWhenPlainly(s)
		if ok != wantOK || ok && got != want {
			t.Fatalf("%q: %d, %v; want %d, %v", s, got, ok, want, wantOK)
		}
	})
}

func BenchmarkAppendWhen(b *testing.B) {
	b.ReportAllocs()
	var buf []byte
	for i := int64(0); b.Loop(); i++ {
		buf = AppendWhen(buf[:0], 1_487_086_570+i*7919)
	}
}

func BenchmarkParseWhen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ParseWhen("2017-02-14T15:36:10Z"); !ok {
			b.Fatal("refused")
		}
	}
}
