package segment_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"docket/shared/activity"
	"docket/shared/segment"
)

// TestGramsAreSound asks a large dictionary for parts of its values, all of which
// it may contain, and for texts that it cannot.
func TestGramsAreSound(t *testing.T) {
	recs := synthetic(t, 9000)
	data := encode(t, recs, runsOf(9000))
	s, err := segment.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	j := segment.Join([]int{9000}, lower)
	loadAll(t, j, func(int) (*segment.Segment, int, error) { return s, 0, nil })
	v, ok := j.View(segment.AllParts)
	if !ok {
		t.Fatal("no view")
	}
	d, err := v.Dictionary(segment.What)
	if err != nil {
		t.Fatal(err)
	}
	folding, ok := d.Folding()
	if !ok || len(folding.Blob) < 300<<10 {
		t.Fatalf("the dictionary has %d bytes, too few for the test", len(folding.Blob))
	}
	rapid.Check(t, func(t *rapid.T) {
		text := string(lower(nil, recs[rapid.IntRange(0, len(recs)-1).Draw(t, "record")].What))
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		part := text[from:rapid.IntRange(from, len(text)).Draw(t, "to")]
		ranges := folding.Ranges(nil, part)
		for at := 0; ; at++ {
			n := strings.Index(folding.Blob[at:], part)
			if n < 0 || part == "" {
				break
			}
			at += n
			if !slices.ContainsFunc(ranges, func(r segment.Range) bool { return r.From <= at && at < r.To }) {
				t.Fatalf("%q begins at %d, outside of %v", part, at, ranges)
			}
		}
	})
	for _, absent := range []string{"\x00\x01", "qx\x02", "zebra crossing"} {
		if ranges := folding.Ranges(nil, absent); len(ranges) > 0 {
			t.Errorf("%q may be in the dictionary at %v", absent, ranges)
		}
	}
	if small, _ := smallFolding(t); len(small.Ranges(nil, "anything")) != 1 {
		t.Error("a small dictionary excludes a text")
	}
}

func smallFolding(t *testing.T) (*segment.Folding, bool) {
	t.Helper()
	r := activity.Record{Who: strings.Repeat("a", 10), ObjectType: "x", What: "y", Where: "z", Action: activity.Actions()[0]}
	s, err := segment.Open(encode(t, []activity.Record{r}, runsOf(1)))
	if err != nil {
		t.Fatal(err)
	}
	j := segment.Join([]int{1}, lower)
	loadAll(t, j, func(int) (*segment.Segment, int, error) { return s, 0, nil })
	v, _ := j.View(segment.AllParts)
	d, err := v.Dictionary(segment.Who)
	if err != nil {
		t.Fatal(err)
	}
	return d.Folding()
}
