package hammer

import (
	"math"
	"sync/atomic"
	"time"
)

// Figure is what one kind of request did during a run.
type Figure struct {
	Load     string `json:"load"`
	Requests int64  `json:"requests"` // that were answered
	Failed   int64  `json:"failed"`   // that were not, or with 500 or 503 to the last attempt
	Records  int64  `json:"records"`

	RequestsPerSecond float64 `json:"requestsPerSecond"`
	RecordsPerSecond  float64 `json:"recordsPerSecond"`

	P50 float64 `json:"p50ms"` // of a request with its repetitions, exact to 3 %
	P99 float64 `json:"p99ms"`
	Max float64 `json:"maxms"`
}

// Latencies are counted in buckets, so that a long run takes no more memory than
// a short one: from a microsecond on, each 3 % wider than the one before, up to
// more than an hour.
const (
	buckets = 768
	growth  = 1.03
)

// meter counts requests of one kind. It is safe for concurrent use.
type meter struct {
	requests, failed, records atomic.Int64
	longest                   atomic.Int64
	times                     [buckets]atomic.Int64
}

func (m *meter) add(took time.Duration, records int) {
	m.requests.Add(1)
	m.records.Add(int64(records))
	m.times[bucket(took)].Add(1)
	for {
		old := m.longest.Load()
		if int64(took) <= old || m.longest.CompareAndSwap(old, int64(took)) {
			return
		}
	}
}

func bucket(d time.Duration) int {
	us := float64(d) / float64(time.Microsecond)
	if us <= 1 {
		return 0
	}
	return min(int(math.Log(us)/math.Log(growth)), buckets-1)
}

func (m *meter) figure(load string, took time.Duration) Figure {
	f := Figure{Load: load, Requests: m.requests.Load(), Failed: m.failed.Load(), Records: m.records.Load()}
	if s := took.Seconds(); s > 0 {
		f.RequestsPerSecond, f.RecordsPerSecond = float64(f.Requests)/s, float64(f.Records)/s
	}
	f.Max = float64(m.longest.Load()) / float64(time.Millisecond)
	f.P50, f.P99 = min(m.percentile(f.Requests, 50), f.Max), min(m.percentile(f.Requests, 99), f.Max)
	return f
}

// percentile is the upper end of the bucket that holds it, in milliseconds.
func (m *meter) percentile(n int64, percent int64) float64 {
	rank := (n*percent + 99) / 100
	for i := range m.times {
		if rank -= m.times[i].Load(); rank <= 0 {
			return math.Pow(growth, float64(i+1)) / 1000
		}
	}
	return 0
}
