package filter

import (
	"fmt"
	"slices"
	"testing"

	"docket/shared/activity"
	"docket/shared/segment"

	"pgregory.net/rapid"
)

// makeSegment stores records and opens what was stored.
func makeSegment(t interface{ Fatal(...any) }, records []activity.Record) *segment.Segment {
	data, err := segment.Encode(nil, records, []segment.Run{{N: uint32(len(records)), Committed: 1}})
	if err != nil {
		t.Fatal(err)
	}
	seg, err := segment.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	return seg
}

// ridOf is an identifier for a row, different for each.
func ridOf(row int) (rid activity.RID) {
	copy(rid[:], fmt.Sprintf("2024051508300%04dABCDEF0123456789ABCDEF01234%05x", row, row))
	return rid
}

// Values come from small sets, so that filters hit: every nasty letter, parts of
// each other, and nothing at all.
var (
	valueGen = rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "A", "ab", "AB", "ba", "K", "\u212a", "kk", "ſ", "S", "σ", "ς", "Σ", "İ", "i", "I", "ı", "ß", "ẞ", "aKb", "Ab\u212a", "ⱥ", "Ⱥ", "x\x00y", "\ufffd"}),
		rapid.StringOfN(rapid.SampledFrom([]rune("aAbBkK\u212asſσςİ")), 0, 6, -1),
	)
	nameGen = rapid.SampledFrom([]string{`ENTERPRISE\alice`, `Enterprise\ALICE`, `enterprise\Bob`, `ENTERPRISE\carol`, "alice", "\u212aim", "kim", "a", "\u017fam"})
	whenGen = rapid.SampledFrom([]int64{
		now.Unix(), now.Unix() - 1, now.Unix() - 86400, now.Unix() - 7*86400, now.Unix() - 30*86400 - 1,
		now.Unix() - 12*3600, now.Unix() - 12*3600 - 1, now.Unix() + 3600, -1, 0, -86401, activity.MinWhen, activity.MaxWhen,
	})
	timeGen = rapid.SampledFrom([]string{"2024-05-15T12:00:00Z", "2024-05-15T11:59:59Z", "2024-05-14T12:00:00+02:00", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"})
	hourGen = rapid.SampledFrom([]string{"00:00:00Z", "12:00:00Z", "11:59:59Z", "23:59:59Z", "13:00:00+01:00", "22:00:00-05:00"})
)

func anyRecord(t *rapid.T) activity.Record {
	optional := rapid.OneOf(rapid.Just(""), valueGen)
	plans := []activity.Plan{{}, {ID: "p1", Name: "Kelvin"}, {ID: "p2", Name: "\u212aELVIN"}, {ID: "p3", Name: "AD"}}
	return activity.Record{
		Who: nameGen.Draw(t, "who"), Where: valueGen.Draw(t, "where"), ObjectType: valueGen.Draw(t, "type"), What: valueGen.Draw(t, "what"),
		Action: rapid.SampledFrom(activity.Actions()[:4]).Draw(t, "action"), When: whenGen.Draw(t, "when"),
		Plan: rapid.SampledFrom(plans).Draw(t, "plan"), Item: optional.Draw(t, "item"),
		DataSource: optional.Draw(t, "source"), Workstation: optional.Draw(t, "workstation"),
		ArchiveOnly: rapid.IntRange(0, 9).Draw(t, "archive") == 0,
		Details: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) activity.Detail {
			return activity.Detail{
				PropertyName: valueGen.Draw(t, "name"), Message: optional.Draw(t, "message"),
				Before: optional.Draw(t, "before"), After: optional.Draw(t, "after"),
			}
		}), 0, 3).Draw(t, "details"),
	}
}

// goodEntry is an entry that Compile takes.
func goodEntry(t *rapid.T) Entry {
	e := Entry{Field: rapid.SampledFrom(Fields()).Draw(t, "field")}
	var allowed []Operator
	for _, o := range append(Operators(), Default) {
		if e.Field.Allows(o) {
			allowed = append(allowed, o)
		}
	}
	e.Operator = rapid.SampledFrom(allowed).Draw(t, "operator")
	base, _ := e.Operator.positive()
	switch {
	case base == InGroup:
		e.Text = rapid.SampledFrom([]string{`ENTERPRISE\Admins`, `ENTERPRISE\Nobody`}).Draw(t, "group")
	case e.Field == Action:
		e.Text = rapid.SampledFrom(activity.Actions()[:5]).Draw(t, "action").String()
	case e.Field == When && rapid.Bool().Draw(t, "period"):
		e.Text = rapid.SampledFrom([]string{"Today", "Yesterday", "LastSevenDays", "LastThirtyDays"}).Draw(t, "name")
	case e.Field == When:
		e.From, e.To = rapid.Ptr(timeGen, true).Draw(t, "from"), rapid.Ptr(timeGen, true).Draw(t, "to")
		if e.From == nil && e.To == nil {
			e.Text = "Today"
		}
	case e.Field == WorkingHours:
		e.From, e.To = rapid.Ptr(hourGen, false).Draw(t, "from"), rapid.Ptr(hourGen, false).Draw(t, "to")
	case e.Field == RID:
		rid := ridOf(rapid.IntRange(0, 20).Draw(t, "row")).String()
		e.Text = rid[:rapid.IntRange(0, len(rid)).Draw(t, "length")]
	case e.Field == Who && rapid.Bool().Draw(t, "whole"):
		e.Text = nameGen.Draw(t, "name")
	default:
		e.Text = valueGen.Draw(t, "text")
	}
	return e
}

// matching is the oracle's answer.
func matching(p *Program, records []activity.Record) []uint32 {
	var rows []uint32
	for i := range records {
		if p.Match(&activity.Stored{RID: ridOf(i), Record: records[i]}) {
			rows = append(rows, uint32(i))
		}
	}
	return rows
}

func TestSelectIsMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(anyRecord), 1, 30).Draw(t, "records")
		entries := rapid.SliceOfN(rapid.Custom(goodEntry), 0, 6).Draw(t, "entries")
		p, problems := Compile(entries, testEnv())
		if problems != nil {
			t.Fatalf("%+v: %v", entries, problems)
		}
		seg := makeSegment(t, records)
		want := matching(p, records)
		got, err := p.Select(seg, ridOf, []uint32{99})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, append([]uint32{99}, want...)) {
			t.Fatalf("%+v:\nselects %v,\nmatches %v", entries, got[1:], want)
		}
		if len(want) > 0 && !p.MaySegment(seg.Zone()) {
			t.Fatalf("%+v: the zone %+v is said to hold none of %v", entries, seg.Zone(), want)
		}
	})
}

// Every word on every field, alone, against records made to hit it: what random
// combinations may miss.
func TestEveryWordOnEveryField(t *testing.T) {
	records := rapid.SliceOfN(rapid.Custom(anyRecord), 60, 60).Example(1)
	seg := makeSegment(t, records)
	texts := append([]string{"", "a", "k", "\u212a", "S", "σ", "İ", "kelvin", "absent", `enterprise\alice`}, ridOf(7).String())
	hits := 0
	for _, f := range Fields()[:12] {
		for _, o := range Operators() {
			for _, s := range texts {
				if base, _ := o.positive(); base == InGroup {
					s = `ENTERPRISE\Admins`
				}
				if !f.Allows(o) {
					continue
				}
				p := mustCompile(t, Entry{Field: f, Operator: o, Text: s})
				got, err := p.Select(seg, ridOf, nil)
				if err != nil {
					t.Fatal(err)
				}
				if want := matching(p, records); !slices.Equal(got, want) {
					t.Errorf("%s %s %q: selects %v, matches %v", f, o, s, got, want)
				}
				hits += len(got)
			}
		}
	}
	if hits == 0 {
		t.Error("nothing hit anything")
	}
}

func TestSelectWhenBoundsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(anyRecord), 1, 30).Draw(t, "records")
		from, to := whenGen.Draw(t, "from"), whenGen.Draw(t, "to")
		p, _ := Compile(nil, testEnv())
		got, err := p.SelectWhen(makeSegment(t, records), 0, len(records), from, to, ridOf, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want []uint32
		for i := range records {
			if from <= records[i].When && records[i].When <= to {
				want = append(want, uint32(i))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("from %d to %d: %v, want %v", from, to, got, want)
		}
	})
}

func TestZonesLeaveSegmentsOut(t *testing.T) {
	r := record(t)
	zone := makeSegment(t, []activity.Record{r.Record}).Zone()
	for _, c := range []struct {
		e    Entry
		want bool
	}{
		{Entry{Field: When, Text: "Today"}, true},
		{Entry{Field: When, Text: "Yesterday"}, false},
		{Entry{Field: When, Operator: NotEqualTo, Text: "Today"}, false},
		{Entry{Field: MonitoringPlan, Text: "monitor"}, true},
		{Entry{Field: MonitoringPlan, Text: "other"}, false},
		{Entry{Field: MonitoringPlan, Operator: NotEqualTo, Text: "ad monitoring"}, false},
		{Entry{Field: DataSource, Operator: Equals, Text: "ACTIVE DIRECTORY"}, true},
		{Entry{Field: DataSource, Operator: DoesNotContain, Text: "active"}, false},
	} {
		if got := mustCompile(t, c.e).MaySegment(zone); got != c.want {
			t.Errorf("%+v: %v", c.e, got)
		}
	}
}

func TestWatchListSelects(t *testing.T) {
	var entries []Entry
	for i := range 50 {
		entries = append(entries, Entry{Field: Who, Operator: Equals, Text: fmt.Sprintf("nobody%d", i)})
	}
	entries = append(entries, Entry{Field: Who, Operator: Equals, Text: `enterprise\ALICE`})
	r := record(t)
	got, err := mustCompile(t, entries...).Select(makeSegment(t, []activity.Record{r.Record}), ridOf, nil)
	if err != nil || len(got) != 1 {
		t.Errorf("selects %v, %v", got, err)
	}
}

// TestJoinedIsSegments joins the rows of several segments, some of them cut, and
// asks the same of them and of the oracle.
func TestJoinedIsSegments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []activity.Record
		var segments []*segment.Segment
		var firsts, pieces []int
		for range rapid.IntRange(1, 4).Draw(t, "segments") {
			all := rapid.SliceOfN(rapid.Custom(anyRecord), 1, 12).Draw(t, "records")
			first := rapid.IntRange(0, len(all)-1).Draw(t, "first")
			n := rapid.IntRange(1, len(all)-first).Draw(t, "n")
			segments = append(segments, makeSegment(t, all))
			firsts, pieces = append(firsts, first), append(pieces, n)
			records = append(records, all[first:first+n]...)
		}
		entries := rapid.SliceOfN(rapid.Custom(goodEntry), 0, 4).Draw(t, "entries")
		p, problems := Compile(entries, testEnv())
		if problems != nil {
			t.Fatalf("%+v: %v", entries, problems)
		}
		joined := segment.Join(pieces, AppendFold)
		open := func(i int) (*segment.Segment, int, error) { return segments[i], firsts[i], nil }
		for part := range segment.Part(segment.NumParts) {
			if (p.Parts() | segment.Times.Of()).Has(part.Of()) {
				if err := joined.Load(part, open); err != nil {
					t.Fatal(err)
				}
			}
		}
		view, ok := joined.View(p.Parts() | segment.Times.Of())
		if !ok {
			t.Fatal("the view lacks what was loaded")
		}
		got, err := p.Select(view, ridOf, nil)
		if want := matching(p, records); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%+v: rows %v, want %v, %v", entries, got, want, err)
		}
	})
}
