package ledger

import (
	"testing"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/segment"
)

func somePart(t *testing.T, first Position, n int) opened {
	t.Helper()
	g, err := generate.New(generate.Config{N: n, Seed: uint64(first) + 1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := segment.Encode(nil, g.Records(n), []segment.Run{{N: uint32(n)}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := segment.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return opened{alone(0, first, uint32(n)), Part{First: first, Segment: s, Bytes: len(data)}}
}

// TestCacheCountsWhatIsDecoded fills a cache with segments that are small until
// they are read: none of what reading makes of them is overlooked.
func TestCacheCountsWhatIsDecoded(t *testing.T) {
	const max = 2 << 20
	c := newCache(max)
	held := func() (bytes int64) {
		for e := c.recent.Front(); e != nil; e = e.Next() {
			bytes += int64(e.Value.(*cached).Segment.MemSize()) + entryOverhead
		}
		return bytes
	}
	var parts []opened
	for i := range 12 {
		parts = append(parts, somePart(t, Position(1000*i), 1000))
		c.put(parts[i])
	}
	if c.recent.Len() != len(parts) {
		t.Fatalf("%d of %d segments are kept before they are read", c.recent.Len(), len(parts))
	}
	for i, p := range parts {
		for row := range p.Segment.Len() {
			if err := p.Segment.Record(row, new(activity.Record)); err != nil {
				t.Fatal(err)
			}
		}
		if got := held(); got != c.bytes || got > max {
			t.Fatalf("after reading %d segments %d bytes are held, %d counted, at most %d", i+1, got, c.bytes, max)
		}
	}
	if n := c.recent.Len(); n == 0 || n == len(parts) || len(c.entries) != n {
		t.Errorf("%d segments are kept of %d, %d are known", n, len(parts), len(c.entries))
	}
	if _, ok := c.get(0, parts[len(parts)-1].First); !ok {
		t.Error("the segment read last was dropped")
	}
}
