package segment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"docket/shared/activity"
	"docket/shared/segment"
)

// lower is a folding good enough here: of ASCII, and one that is longer than its
// letter.
func lower(dst []byte, s string) []byte {
	return append(dst, bytes.ReplaceAll(bytes.ToLower([]byte(s)), []byte("ß"), []byte("ssss"))...)
}

func loadAll(t *testing.T, j *segment.Joined, open segment.Opener) {
	t.Helper()
	for p := range segment.Part(segment.NumParts) {
		if err := j.Load(p, open); err != nil {
			t.Fatalf("load part %d: %v", p, err)
		}
		if j.Bytes(p) <= 0 {
			t.Errorf("part %d has %d bytes", p, j.Bytes(p))
		}
	}
}

// TestJoinedRecords reads every record back, of whole segments and of some of
// their rows.
func TestJoinedRecords(t *testing.T) {
	recs := synthetic(t, 3000)
	recs[7].What, recs[1200].Who, recs[2999].ArchiveOnly = "STRASSE ß", "Ünïcode É", true
	segments := []*segment.Segment{}
	for _, n := range []int{0, 1000, 2000} {
		s, err := segment.Open(encode(t, recs[n:n+1000], []segment.Run{{N: 400, Committed: int64(n + 1)}, {N: 600, Committed: int64(n + 2)}}))
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, s)
	}
	j := segment.Join([]int{995, 1000, 500}, lower)
	loadAll(t, j, func(i int) (*segment.Segment, int, error) { return segments[i], []int{5, 0, 500}[i], nil })
	v, ok := j.View(segment.AllParts)
	if !ok || v.Len() != 2495 {
		t.Fatalf("view of %d records, %v", v.Len(), ok)
	}
	want := append(append(append([]activity.Record(nil), recs[5:1000]...), recs[1000:2000]...), recs[2500:3000]...)
	var room segment.Room
	got := make([]activity.Record, v.Len())
	for row := range got {
		if err := v.Record(row, &got[row], &room); err != nil {
			t.Fatal(err)
		}
	}
	for row := range got {
		if diff := cmp.Diff(want[row], got[row], cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("record %d: %s", row, diff)
		}
	}
	for row, committed := range map[int]int64{0: 1, 394: 1, 395: 2, 995: 1001, 2494: 2002} {
		if v.Committed(row) != committed {
			t.Errorf("row %d was committed at %d, want %d", row, v.Committed(row), committed)
		}
	}
	if z := v.Zone(); z.ArchiveOnly != 1 || !v.ArchiveOnly(2494) || v.ArchiveOnly(0) {
		t.Errorf("%d are for the archive, the last %v, the first %v", z.ArchiveOnly, v.ArchiveOnly(2494), v.ArchiveOnly(0))
	}
	if err := v.Record(2495, &got[0], &room); err == nil {
		t.Error("a record behind the last was read")
	}
}

// TestJoinedParts drops and misses parts.
func TestJoinedParts(t *testing.T) {
	recs, runs := example()
	s, err := segment.Open(encode(t, recs, runs))
	if err != nil {
		t.Fatal(err)
	}
	j := segment.Join([]int{len(recs)}, lower)
	loadAll(t, j, func(int) (*segment.Segment, int, error) { return s, 0, nil })
	before, _ := j.View(segment.AllParts)
	j.Drop(segment.Part(segment.What))
	if _, ok := j.View(segment.What.Of()); ok || j.Bytes(segment.Part(segment.What)) != 0 {
		t.Error("a dropped part is there")
	}
	var r activity.Record
	if err := before.Record(0, &r, new(segment.Room)); err != nil || r.What != recs[0].What {
		t.Errorf("a view from before lost a part: %q, %v", r.What, err)
	}
	failed := errors.New("damaged")
	if err := j.Load(segment.Part(segment.What), func(int) (*segment.Segment, int, error) { return nil, 0, failed }); !errors.Is(err, failed) {
		t.Errorf("load failed with %v", err)
	}
	now, ok := j.View(segment.Who.Of())
	if !ok {
		t.Fatal("a part is lost")
	}
	if _, err := now.Text(segment.What); err == nil {
		t.Error("a part that failed to load is there")
	}
	if _, err := now.Text(segment.Who); err != nil {
		t.Error(err)
	}
}
