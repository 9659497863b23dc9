package segment_test

import (
	"fmt"
	"testing"

	"docket/shared/activity"
	"docket/shared/segment"
)

// sets are what is measured: generated records, and real ones.
func sets(b *testing.B) map[string][]activity.Record {
	return map[string][]activity.Record{"generated": synthetic(b, 10_000), "real": real(b)}
}

func BenchmarkEncode(b *testing.B) {
	for name, recs := range sets(b) {
		for _, n := range []int{1, 10, 100, 1000, len(recs)} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				stored, batches := 0, 0
				for i := 0; b.Loop(); i++ {
					from := i * n % (len(recs) - n + 1)
					var err error
					if buf, err = segment.Encode(buf[:0], recs[from:from+n], runsOf(n)); err != nil {
						b.Fatal(err)
					}
					stored += len(buf)
					batches++
				}
				b.ReportMetric(float64(stored)/float64(batches*n), "B/record")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(batches*n), "ns/record")
			})
		}
	}
}

func BenchmarkOpenAndRecords(b *testing.B) {
	for name, recs := range sets(b) {
		for _, n := range []int{1, 1000} {
			data := encode(b, recs[:n], runsOf(n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				var out []activity.Record
				for b.Loop() {
					s, err := segment.Open(data)
					if err != nil {
						b.Fatal(err)
					}
					if out, err = s.Records(out[:0]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
			})
		}
	}
}

// BenchmarkRecords is the records of a segment whose columns are decoded.
func BenchmarkRecords(b *testing.B) {
	const n = 1000
	s, err := segment.Open(encode(b, synthetic(b, n), runsOf(n)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var out []activity.Record
	for b.Loop() {
		if out, err = s.Records(out[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
}
