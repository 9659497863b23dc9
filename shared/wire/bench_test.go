package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"testing"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/generate"
	"docket/shared/wire"
)

// benchRecords are a usual batch of a thousand.
func benchRecords(b *testing.B) []activity.Record {
	b.Helper()
	g, err := generate.New(generate.Config{N: 1000, Seed: 1, Plans: []string{"Integrations and custom sources"}})
	if err != nil {
		b.Fatal(err)
	}
	return g.Records(1000)
}

// perRecord reports the rate that the contract of this package is stated in.
func perRecord(b *testing.B, bytes, records int) {
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(bytes)/float64(records), "B/record")
}

func BenchmarkReadRecords(b *testing.B) {
	recs := benchRecords(b)
	for _, f := range formats {
		body := wire.AppendRecords(nil, f, recs)
		b.Run(f.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := wire.ReadRecords(f, body); err != nil {
					b.Fatal(err)
				}
			}
			perRecord(b, len(body), len(recs))
		})
	}
}

func BenchmarkReadPage(b *testing.B) {
	recs := stored(benchRecords(b))
	for _, f := range formats {
		body := appendPage(f, recs, "mark")
		b.Run(f.String(), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := wire.ReadPage(f, body); err != nil {
					b.Fatal(err)
				}
			}
			perRecord(b, len(body), len(recs))
		})
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	recs := stored(benchRecords(b))
	for _, f := range formats {
		b.Run(f.String(), func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = dst[:0]
				for i := range recs {
					dst = wire.AppendRecord(dst, f, &recs[i])
				}
			}
			perRecord(b, len(dst), len(recs))
		})
	}
}

func BenchmarkReadSearch(b *testing.B) {
	s := wire.Search{Mark: "mark", Entries: []filter.Entry{
		{Field: filter.Who, Text: `Enterprise\Administrator`},
		{Field: filter.What, Operator: filter.DoesNotContain, Text: "password"},
		{Field: filter.When, Text: "LastSevenDays"},
	}}
	for _, f := range formats {
		body := wire.AppendSearch(nil, f, s)
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.ReadSearch(f, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStandardLibrary is what the readers are measured against.
func BenchmarkStandardLibrary(b *testing.B) {
	recs := benchRecords(b)
	b.Run("JSON", func(b *testing.B) {
		body := wire.AppendRecords(nil, wire.JSON, recs)
		for b.Loop() {
			var list []plainRecord
			if err := json.Unmarshal(body, &list); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b, len(body), len(recs))
	})
	b.Run("XML", func(b *testing.B) {
		body := wire.AppendRecords(nil, wire.XML, recs)
		for b.Loop() {
			var list plainList
			if err := xml.Unmarshal(body, &list); err != nil {
				b.Fatal(err)
			}
		}
		perRecord(b, len(body), len(recs))
	})
}
