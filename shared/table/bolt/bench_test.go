package bolt_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"docket/shared/table"
	"docket/shared/table/bolt"
)

func benchTable(b *testing.B) table.Table {
	b.Helper()
	b.ReportAllocs()
	return open(b, filepath.Join(b.TempDir(), "db"), bolt.Options{}).Table("t")
}

func bytesOf(n int) []byte {
	v := make([]byte, n)
	for i := range v {
		v[i] = byte(i * i >> 3)
	}
	return v
}

// One writer after the other, each item a batch of 1,000 records.
func BenchmarkWrite60K(b *testing.B) {
	tbl := benchTable(b)
	v := bytesOf(60_000)
	b.SetBytes(int64(len(v)))
	for i := 0; b.Loop(); i++ {
		op := table.Op{Item: table.Item{Key: key("log/1", fmt.Sprintf("%016x", i)), Value: v}, If: table.Absent}
		if err := tbl.Write(b.Context(), op); err != nil {
			b.Fatal(err)
		}
	}
}

// Sixty-four writers, each item one record; they share commits.
func BenchmarkWrite64Writers(b *testing.B) {
	for _, size := range []int{600, 60_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			tbl := benchTable(b)
			v := bytesOf(size)
			b.SetBytes(int64(size))
			var n atomic.Int64
			b.SetParallelism(32) // times GOMAXPROCS, which is 2 where the figures are from
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					k := key(fmt.Sprint("log/", i%4), fmt.Sprintf("%016x", i))
					if err := tbl.Write(b.Context(), table.Op{Item: table.Item{Key: k, Value: v}, If: table.Absent}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkGet(b *testing.B) {
	tbl := benchTable(b)
	fillLog(b, tbl, 1000, 600)
	for i := 0; b.Loop(); i++ {
		if items, err := tbl.Get(b.Context(), key("log/1", fmt.Sprintf("%016x", i%1000))); err != nil || len(items) != 1 {
			b.Fatal(len(items), err)
		}
	}
}

// A poll at the end of a log: nothing there.
func BenchmarkQueryEmpty(b *testing.B) {
	tbl := benchTable(b)
	fillLog(b, tbl, 1000, 600)
	for b.Loop() {
		if page, err := tbl.Query(b.Context(), table.Query{Partition: "log/1", From: "1"}); err != nil || len(page.Items) != 0 {
			b.Fatal(len(page.Items), err)
		}
	}
}

// Whole pages of a log, of records and of batches.
func BenchmarkQueryPage(b *testing.B) {
	for _, size := range []int{600, 60_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			tbl := benchTable(b)
			n := 3 << 20 / size
			fillLog(b, tbl, n, size)
			got := 0
			for b.Loop() {
				page, err := tbl.Query(b.Context(), table.Query{Partition: "log/1"})
				if err != nil || !page.More {
					b.Fatal(len(page.Items), err)
				}
				got += len(page.Items) * size
			}
			b.SetBytes(int64(got / b.N))
		})
	}
}

func fillLog(b *testing.B, tbl table.Table, n, size int) {
	b.Helper()
	v := bytesOf(size)
	for i := 0; i < n; {
		var ops []table.Op
		for ; i < n && len(ops) < 50; i++ {
			ops = append(ops, table.Op{Item: table.Item{Key: key("log/1", fmt.Sprintf("%016x", i)), Value: v}})
		}
		if err := tbl.Write(b.Context(), ops...); err != nil {
			b.Fatal(err)
		}
	}
}
