package activity

import "time"

// AppendWhen appends when as YYYY-MM-DDTHH:MM:SSZ, 20 bytes for every instant
// from MinWhen to MaxWhen. Others, which no record has, come out as package time
// prints them.
func AppendWhen(dst []byte, when int64) []byte {
	if when < MinWhen || when > MaxWhen {
		return time.Unix(when, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	}
	// Counted from the year 1, nothing is negative and division rounds down.
	since := uint64(when - MinWhen)
	year, month, day := civil(uint32(since / 86400))
	clock := uint32(since % 86400)
	century, hour, minute := year/100, clock/3600, clock/60%60
	var b [20]byte
	b[0], b[1] = pairs[2*century], pairs[2*century+1]
	put(b[2:4], year-100*century)
	b[4] = '-'
	put(b[5:7], month)
	b[7] = '-'
	put(b[8:10], day)
	b[10] = 'T'
	put(b[11:13], hour)
	b[13] = ':'
	put(b[14:16], minute)
	b[16] = ':'
	put(b[17:19], clock%60)
	b[19] = 'Z'
	return append(dst, b[:]...)
}

// pairs is the two digits of the numbers 0 to 99.
const pairs = "00010203040506070809101112131415161718192021222324" +
	"25262728293031323334353637383940414243444546474849" +
	"50515253545556575859606162636465666768697071727374" +
	"75767778798081828384858687888990919293949596979899"

// put writes n, which is below 100, to the two bytes of dst.
func put(dst []byte, n uint32) {
	_ = dst[1]
	dst[0], dst[1] = pairs[2*n], pairs[2*n+1]
}

const (
	daysIn400Years = 146097
	daysIn4Years   = 1461
	// marchFirst is the days from 0000-03-01 to 0001-01-01.
	marchFirst = 306
)

// civil is the date so many days after 0001-01-01, in the proleptic Gregorian
// calendar: the reverse of daysSinceEpoch, with the same years that begin in
// March. Multiplied by four, the uneven lengths of centuries and years divide
// out; months from March on have 153 days in every five.
func civil(days uint32) (year, month, day uint32) {
	n := 4*(days+marchFirst) + 3
	century := n / daysIn400Years
	n = n%daysIn400Years | 3
	yearOf := n / daysIn4Years
	dayOf := n % daysIn4Years / 4
	m := (5*dayOf + 2) / 153
	year, month, day = 100*century+yearOf, m+3, dayOf-(153*m+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}
