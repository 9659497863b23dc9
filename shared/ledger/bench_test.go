package ledger

import (
	"context"
	"fmt"
	"testing"

	"docket/shared/activity"
)

// BenchmarkAppend stores batches of 1,000 records in memory.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := open(b, newTable())
			batch := batchOf("bench", n)
			b.ReportAllocs()
			for b.Loop() {
				mustAppend(b, l, batch)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkScan reads a log of batches from its beginning to its end.
func BenchmarkScan(b *testing.B) {
	for _, c := range []struct {
		n, batches int
		cache      int64
	}{{1000, 100, -1}, {1, 2000, -1}, {1000, 100, 64 << 20}} {
		b.Run(fmt.Sprintf("%d records, cache %d", c.n, c.cache), func(b *testing.B) {
			l := open(b, newTable(), func(cfg *Config) { cfg.CacheBytes = c.cache })
			for range c.batches {
				mustAppend(b, l, batchOf("bench", c.n))
			}
			b.ReportAllocs()
			for b.Loop() {
				for at := Position(0); ; {
					parts, err := l.Scan(context.Background(), 0, at, End, 1<<20)
					if err != nil {
						b.Fatal(err)
					}
					if len(parts) == 0 {
						break
					}
					at = parts[len(parts)-1].end()
				}
			}
			b.ReportMetric(float64(c.n*c.batches)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkPoll is a Scan that finds nothing.
func BenchmarkPoll(b *testing.B) {
	l := open(b, newTable())
	mustAppend(b, l, batchOf("bench", 1000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Scan(context.Background(), 0, 1000, End, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRID computes the identities of a segment's records.
func BenchmarkRID(b *testing.B) {
	l := open(b, newTable())
	mustAppend(b, l, batchOf("bench", 1000))
	p, err := l.Load(context.Background(), 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	var rid activity.RID
	row := 0
	b.ReportAllocs()
	for b.Loop() {
		rid = l.RID(p, row)
		row = (row + 1) % 1000
	}
	if _, _, ok := l.Locate(rid); !ok {
		b.Error("not a RID")
	}
}
