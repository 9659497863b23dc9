package generate

import "time"

// Days is the length of the time that the records are spread over.
const Days = 90

// hourWeights is how much happens in each hour of a working day, UTC.
var hourWeights = [24]uint64{2, 2, 3, 2, 2, 3, 8, 30, 80, 100, 96, 92, 60, 84, 96, 90, 78, 52, 20, 10, 7, 5, 4, 3}

// restDivisor is how many times less happens in an hour of the weekend.
const restDivisor = 12

// hours spreads n records over the Days before end by office hours, in order.
type hours struct {
	start  int64    // Unix seconds of the first hour
	upTo   []uint64 // cumulative weight of each hour
	hour   int      // where the last one was
	n, pos uint64
}

func newHours(n int, end time.Time) *hours {
	start := end.UTC().Truncate(24*time.Hour).AddDate(0, 0, -Days)
	h := &hours{start: start.Unix(), n: uint64(n), upTo: make([]uint64, 0, Days*24)}
	var total uint64
	for day := range Days {
		weekday := start.AddDate(0, 0, day).Weekday()
		for _, w := range hourWeights {
			w *= restDivisor
			if weekday == time.Saturday || weekday == time.Sunday {
				w /= restDivisor
			}
			total += w
			h.upTo = append(h.upTo, total)
		}
	}
	return h
}

// next returns the time of the next record. Asked for more than n it begins
// again with the first hour.
func (h *hours) next(d dice) int64 {
	const scale = 1 << 16 // keeps the place within an hour exact for few records
	total := h.upTo[len(h.upTo)-1] * scale
	if h.pos == h.n {
		h.pos, h.hour = 0, 0
	}
	at := total / h.n * h.pos
	at += uint64(d.below(int(total / h.n)))
	h.pos++
	for h.upTo[h.hour]*scale <= at {
		h.hour++
	}
	var before uint64
	if h.hour > 0 {
		before = h.upTo[h.hour-1]
	}
	second := (at - before*scale) * 3600 / ((h.upTo[h.hour] - before) * scale)
	when := h.start + int64(h.hour)*3600 + int64(second)
	if d.oneIn(100) {
		when -= int64(d.below(24 * 3600))
	}
	return when
}
