package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync"
	"testing"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/sample"
	"docket/shared/segment"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func real(t testing.TB) []activity.Record {
	t.Helper()
	recs, err := sample.Records()
	if err != nil {
		t.Fatal(err)
	}
	return recs
}

func runsOf(n int) []segment.Run {
	return []segment.Run{{N: uint32(n), Committed: 1_790_000_000_123_456, Token: [16]byte{1, 2, 3}, Principal: `Enterprise\Writer`, RequestID: "0123456789abcdef0123456789abcdef"}}
}

func encode(t testing.TB, recs []activity.Record, runs []segment.Run) []byte {
	t.Helper()
	b, err := segment.Encode(nil, recs, runs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same compares what was encoded with what is read, by rows and as a whole.
func same(t testing.TB, recs []activity.Record, runs []segment.Run, data []byte) {
	t.Helper()
	s, err := segment.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.Runs()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(runs, read); diff != "" {
		t.Fatalf("runs: %s", diff)
	}
	row := 0
	for _, r := range runs {
		for range r.N {
			if c := s.Committed(row); c != r.Committed {
				t.Fatalf("row %d committed at %d, want %d", row, c, r.Committed)
			}
			row++
		}
	}
	got, err := s.Records(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(recs) {
		t.Fatalf("%d records; want %d", len(got), len(recs))
	}
	for row := range recs {
		if !equal(recs[row], got[row]) {
			t.Fatalf("record %d of all: %s", row, cmp.Diff(recs[row], got[row]))
		}
		r := activity.Record{Who: "left over", ArchiveOnly: true, Details: make([]activity.Detail, 9)}
		if err := s.Record(row, &r); err != nil {
			t.Fatal(err)
		}
		if !equal(recs[row], r) {
			t.Fatalf("record %d: %s", row, cmp.Diff(recs[row], r))
		}
	}
}

// equal compares as cmp does, but fast.
func equal(a, b activity.Record) bool {
	details := slices.Equal(a.Details, b.Details)
	a.Details, b.Details = nil, nil
	return details && reflect.DeepEqual(a, b)
}

func TestRealRecords(t *testing.T) {
	recs := real(t)
	for _, n := range []int{1, 2, 3, 7, 8, 9, 100, 1000, len(recs)} {
		same(t, recs[:n], runsOf(n), encode(t, recs[:n], runsOf(n)))
	}
}

func text(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "Enterprise\\User", "0123456789abcdef", "deadbeef", "\x00", "\xff\xfe"}), rapid.String()).Draw(t, label)
}

func record(t *rapid.T) activity.Record {
	r := activity.Record{
		Who: text(t, "who"), Where: text(t, "where"), ObjectType: text(t, "type"), What: text(t, "what"),
		Action: rapid.SampledFrom(activity.Actions()).Draw(t, "action"),
		When:   rapid.Int64Range(activity.MinWhen, activity.MaxWhen).Draw(t, "when"),
		Plan:   activity.Plan{ID: text(t, "plan id"), Name: text(t, "plan")},
		Item:   text(t, "item"), DataSource: text(t, "source"), Workstation: text(t, "station"),
		ArchiveOnly: rapid.Bool().Draw(t, "archive"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "details") {
		r.Details = append(r.Details, activity.Detail{PropertyName: text(t, "name"), Message: text(t, "message"), Before: text(t, "before"), After: text(t, "after")})
	}
	return r
}

func TestAnyRecordsComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var recs []activity.Record
		var runs []segment.Run
		for range rapid.IntRange(1, 4).Draw(rt, "runs") {
			n := rapid.IntRange(1, 40).Draw(rt, "n")
			for range n {
				recs = append(recs, record(rt))
			}
			runs = append(runs, segment.Run{N: uint32(n), Committed: rapid.Int64().Draw(rt, "commit") / 4, Principal: text(rt, "principal"), RequestID: text(rt, "request"),
				Token: [16]byte{byte(rapid.IntRange(0, 3).Draw(rt, "token"))}})
		}
		same(t, recs, runs, encode(t, recs, runs))
	})
}

// TestManyValues crosses the widths of ids.
func TestManyValues(t *testing.T) {
	for _, n := range []int{255, 256, 257, 65_535, 65_537} {
		recs := make([]activity.Record, n)
		for i := range recs {
			recs[i] = activity.Record{Who: fmt.Sprint((i * 7919) % n), Action: activity.Read, When: int64(i)}
		}
		same(t, recs[:min(n, 300)], runsOf(min(n, 300)), encode(t, recs[:min(n, 300)], runsOf(min(n, 300))))
		s, err := segment.Open(encode(t, recs, runsOf(n)))
		if err != nil {
			t.Fatal(err)
		}
		who, err := s.Text(segment.Who)
		if err != nil {
			t.Fatal(err)
		}
		for i := range recs {
			if who.Row(i) != recs[i].Who {
				t.Fatalf("%d values: row %d is %q; want %q", n, i, who.Row(i), recs[i].Who)
			}
		}
	}
}

func TestZone(t *testing.T) {
	recs := []activity.Record{
		{Who: "a", Action: activity.Read, When: 50, DataSource: "y", Plan: activity.Plan{ID: "2", Name: "two"}},
		{Who: "b", Action: activity.Read, When: -7, DataSource: "x", ArchiveOnly: true},
		{Who: "c", Action: activity.Added, When: 9, DataSource: "y", Plan: activity.Plan{ID: "1", Name: "one"}},
	}
	s, err := segment.Open(encode(t, recs, runsOf(3)))
	if err != nil {
		t.Fatal(err)
	}
	want := segment.Zone{MinWhen: -7, MaxWhen: 50, Plans: []activity.Plan{{}, {ID: "1", Name: "one"}, {ID: "2", Name: "two"}}, DataSources: []string{"x", "y"}, ArchiveOnly: 1}
	if diff := cmp.Diff(want, s.Zone()); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeRefuses(t *testing.T) {
	good := activity.Record{Who: "a", Action: activity.Read}
	for name, c := range map[string]struct {
		recs []activity.Record
		runs []segment.Run
	}{
		"nothing":        {nil, nil},
		"runs too few":   {[]activity.Record{good, good}, runsOf(1)},
		"empty run":      {[]activity.Record{good}, append(runsOf(1), segment.Run{})},
		"no action":      {[]activity.Record{{Who: "a"}}, runsOf(1)},
		"after the last": {[]activity.Record{{Action: activity.Read, When: activity.MaxWhen + 1}}, runsOf(1)},
	} {
		if b, err := segment.Encode([]byte("x"), c.recs, c.runs); !errors.Is(err, segment.ErrRefused) || string(b) != "x" {
			t.Errorf("%s: %q, %v; want ErrRefused and nothing appended", name, b, err)
		}
	}
}

// readAll reads everything a segment has.
func readAll(s *segment.Segment) error {
	_, err := s.Records(nil)
	return err
}

// TestEveryDamageIsSeen flips every bit and cuts at every length.
func TestEveryDamageIsSeen(t *testing.T) {
	recs := real(t)
	for _, n := range []int{1, 30} {
		data := encode(t, recs[:n], runsOf(n))
		for i := range data {
			for bit := range 8 {
				bad := bytes.Clone(data)
				bad[i] ^= 1 << bit
				if _, err := segment.Open(bad); !errors.Is(err, segment.ErrDamaged) {
					t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
				}
			}
			if _, err := segment.Open(data[:i]); !errors.Is(err, segment.ErrDamaged) {
				t.Fatalf("cut to %d bytes: %v", i, err)
			}
		}
		if _, err := segment.Open(append(bytes.Clone(data), 0)); !errors.Is(err, segment.ErrDamaged) {
			t.Fatalf("a byte more: %v", err)
		}
	}
}

// FuzzOpen looks behind the checksum: it is made right for whatever bytes.
func FuzzOpen(f *testing.F) {
	recs := real(f)
	for _, n := range []int{1, 50, 400} {
		f.Add(encode(f, recs[:n], runsOf(n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = segment.Reseal(data)
		s, err := segment.Open(data)
		if err == nil {
			err = readAll(s)
		}
		if err != nil && !errors.Is(err, segment.ErrDamaged) {
			t.Errorf("%v is not ErrDamaged", err)
		}
		dumped := segment.Dump(io.Discard, data)
		if dumped != nil && (err == nil || !errors.Is(dumped, segment.ErrDamaged)) {
			t.Errorf("dump: %v, but reading: %v", dumped, err)
		}
	})
}

// synthetic is n generated records.
func synthetic(t testing.TB, n int) []activity.Record {
	t.Helper()
	g, err := generate.New(generate.Config{N: n, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return g.Records(n)
}

// TestOneRecordIsSmall keeps single writes within one write unit of DynamoDB,
// with the item's key and the envelope.
func TestOneRecordIsSmall(t *testing.T) {
	for name, recs := range map[string][]activity.Record{"generated": synthetic(t, 500), "real": real(t)[:500]} {
		total := 0
		for i := range recs {
			total += len(encode(t, recs[i:i+1], runsOf(1)))
		}
		if mean := total / len(recs); mean > 450 {
			t.Errorf("%s: %d bytes on average; want at most 450", name, mean)
		}
	}
}

func TestThousandRecordsAreSmall(t *testing.T) {
	for name, recs := range map[string][]activity.Record{"generated": synthetic(t, 1000), "real": real(t)[:1000]} {
		if got := len(encode(t, recs, runsOf(1000))); got > 52_000 {
			t.Errorf("%s: %d bytes; want at most 52,000", name, got)
		}
	}
}

// TestConcurrentReaders lets the race detector see columns decoded by many.
func TestConcurrentReaders(t *testing.T) {
	recs := synthetic(t, 1000)
	s, err := segment.Open(encode(t, recs, runsOf(1000)))
	if err != nil {
		t.Fatal(err)
	}
	before := s.MemSize()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			var r activity.Record
			row := i * 101
			if err := s.Record(row, &r); err != nil || !cmp.Equal(recs[row], r, cmpopts.EquateEmpty()) {
				t.Errorf("record %d: %v, %v", row, r, err)
			}
		})
	}
	group.Wait()
	if after := s.MemSize(); before <= 0 || after < before+1000*8 {
		t.Errorf("memory %d, after reading everything %d", before, after)
	}
}

func TestColumnsByThemselves(t *testing.T) {
	recs, runs := example()
	s, err := segment.Open(encode(t, recs, runs))
	if err != nil {
		t.Fatal(err)
	}
	who, err := s.Text(segment.Who)
	if err != nil {
		t.Fatal(err)
	}
	blob, starts := who.Blob()
	if who.Entries() != 2 || blob != `CORP\amyCORP\ann` || !slices.Equal(starts, []uint32{0, 8, 16}) || !slices.Equal(who.IDs().Bytes, []uint8{0, 1, 0}) || who.Rows() != 3 {
		t.Errorf("Who is %q from %v, rows %v", blob, starts, who.IDs())
	}
	where, err := s.Text(segment.Where)
	if err != nil {
		t.Fatal(err)
	}
	if !where.IDs().One() || where.ID(2) != 0 || where.Row(2) != "dc1" {
		t.Errorf("Where has ids %v, row 2 is %q", where.IDs(), where.Row(2))
	}
	made := 0
	for range 3 {
		if got := who.Derive(func(d *segment.Dictionary) (any, int) { made++; return d.Entries(), 8 }); got != 2 || made != 1 {
			t.Errorf("derived %v, %d times", got, made)
		}
	}
	if starts, err := s.DetailStarts(); err != nil || !slices.Equal(starts, []uint32{0, 2, 2, 2}) {
		t.Errorf("details start at %v, %v", starts, err)
	}
	for row, want := range []bool{false, false, true} {
		if s.ArchiveOnly(row) != want {
			t.Errorf("archive-only of record %d is %v", row, !want)
		}
	}
	var r activity.Record
	for _, row := range []int{-1, 3} {
		if err := s.Record(row, &r); err == nil {
			t.Errorf("record %d of 3 was read", row)
		}
	}
}
