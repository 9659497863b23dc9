package filter

import (
	"testing"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/segment"
)

// benchSegments are 20 segments of 1,000 generated records, as stored.
func benchSegments(b *testing.B) [][]byte {
	g, err := generate.New(generate.Config{N: 1_000_000, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	var list [][]byte
	for range 20 {
		var records []activity.Record
		for range 1000 {
			var r activity.Record
			g.Next(&r)
			records = append(records, r)
		}
		data, err := segment.Encode(nil, records, []segment.Run{{N: 1000}})
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

// BenchmarkSelect is the scan of segments in memory, on one core: warm, with
// columns that an earlier search has decoded, and cold, from the stored bytes.
func BenchmarkSelect(b *testing.B) {
	stored := benchSegments(b)
	for _, c := range []struct {
		name    string
		entries []Entry
	}{
		{"who/rare", []Entry{{Field: Who, Text: "Nakamura9"}}},
		{"who/common", []Entry{{Field: Who, Text: "an"}}},
		{"what/absent", []Entry{{Field: What, Text: "zebra-crossing"}}},
		{"what/common", []Entry{{Field: What, Text: "finance"}}},
		{"what/two letters", []Entry{{Field: What, Text: "qx"}}},
		{"after/rare", []Entry{{Field: After, Text: "zebra-crossing"}}},
		{"after/common", []Entry{{Field: After, Text: "ad"}}},
		{"detail/absent", []Entry{{Field: Detail, Operator: DoesNotContain, Text: "zebra-crossing"}}},
		{"action and type", []Entry{{Field: Action, Text: "Removed"}, {Field: ObjectType, Operator: NotEqualTo, Text: "Group"}}},
	} {
		p, problems := Compile(c.entries, testEnv())
		if problems != nil {
			b.Fatal(problems)
		}
		b.Run(c.name+"/warm", func(b *testing.B) {
			var segments []*segment.Segment
			for _, data := range stored {
				segments = append(segments, open(b, data))
			}
			benchSelect(b, p, func(i int) *segment.Segment { return segments[i%len(segments)] })
		})
		b.Run(c.name+"/cold", func(b *testing.B) {
			benchSelect(b, p, func(i int) *segment.Segment { return open(b, stored[i%len(stored)]) })
		})
	}
}

func open(b *testing.B, data []byte) *segment.Segment {
	seg, err := segment.Open(data)
	if err != nil {
		b.Fatal(err)
	}
	return seg
}

func benchSelect(b *testing.B, p *Program, next func(i int) *segment.Segment) {
	var rows []uint32
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		seg := next(i)
		var err error
		if rows, err = p.Select(seg, ridOf, rows[:0]); err != nil {
			b.Fatal(err)
		}
		n += seg.Len()
	}
	b.ReportMetric(float64(n)/1e6/b.Elapsed().Seconds(), "Mrecords/s")
}
