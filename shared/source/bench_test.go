package source

import (
	"bytes"
	"os"
	"testing"
)

// BenchmarkFiles reads packed log files as they lie in a bucket into records.
func BenchmarkFiles(b *testing.B) {
	var files [][]byte
	size := 0
	for _, name := range realFiles(b) {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, data)
		size += len(unpacked(b, name))
	}
	m := newTestMapper(b)
	events := 0
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, data := range files {
			r := NewReader(bytes.NewReader(data), m)
			for e, ok := r.Next(); ok; e, ok = r.Next() {
				events += len(e.Records)
			}
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkEvent maps single events.
func BenchmarkEvent(b *testing.B) {
	all := realEvents(b)
	m := newTestMapper(b)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Event(all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
