package activity

// MinWhen and MaxWhen bound When: 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z
// (contract, section 8).
const (
	MinWhen int64 = -62135596800
	MaxWhen int64 = 253402300799
)

// maxOffset is the largest zone offset taken, in seconds (contract, section 8).
const maxOffset = 14 * 3600

// ParseWhen reads YYYY-MM-DDTHH:MM:SS[.f…](Z|+HH:MM|-HH:MM), the profile of
// RFC 3339 that the contract takes: fixed widths, upper-case T and Z, no leap
// second, offsets up to 14:00. A fraction is read and dropped. The instant must
// lie between MinWhen and MaxWhen in UTC too.
func ParseWhen(s string) (int64, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' {
		return 0, false
	}
	year, ok0 := digits(s[0:4])
	month, ok1 := digits(s[5:7])
	day, ok2 := digits(s[8:10])
	if !ok0 || !ok1 || !ok2 || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	clock, rest, ok := parseClock(s[11:])
	if !ok {
		return 0, false
	}
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		if n == 1 || n == len(rest) {
			return 0, false
		}
		rest = rest[n:]
	}
	offset, ok := parseZone(rest)
	if !ok {
		return 0, false
	}
	when := daysSinceEpoch(year, month, day)*86400 + clock - offset
	if when < MinWhen || when > MaxWhen {
		return 0, false
	}
	return when, true
}

// ParseClock reads HH:MM:SS(Z|+HH:MM|-HH:MM), the form of WorkingHours, and
// returns the second of the UTC day, 0 to 86399.
func ParseClock(s string) (int, bool) {
	if len(s) < 9 {
		return 0, false
	}
	clock, rest, ok := parseClock(s)
	if !ok {
		return 0, false
	}
	offset, ok := parseZone(rest)
	if !ok {
		return 0, false
	}
	return int(((clock-offset)%86400 + 86400) % 86400), true
}

// parseClock reads HH:MM:SS and returns the second of the day and what
// follows, which is never empty.
func parseClock(s string) (clock int64, rest string, ok bool) {
	if len(s) < 9 || s[2] != ':' || s[5] != ':' {
		return 0, "", false
	}
	hour, ok0 := digits(s[0:2])
	minute, ok1 := digits(s[3:5])
	second, ok2 := digits(s[6:8])
	if !ok0 || !ok1 || !ok2 || hour > 23 || minute > 59 || second > 59 {
		return 0, "", false
	}
	return hour*3600 + minute*60 + second, s[8:], true
}

// parseZone reads Z or an offset of at most 14:00 and returns seconds east.
func parseZone(s string) (int64, bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':' {
		return 0, false
	}
	hour, ok0 := digits(s[1:3])
	minute, ok1 := digits(s[4:6])
	offset := hour*3600 + minute*60
	if !ok0 || !ok1 || minute > 59 || offset > maxOffset {
		return 0, false
	}
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func digits(s string) (int64, bool) {
	var n int64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSinceEpoch counts days from 1970-01-01 in the proleptic Gregorian
// calendar, with years that begin in March so that leap days come last.
func daysSinceEpoch(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}
