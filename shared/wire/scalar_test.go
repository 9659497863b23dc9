package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"docket/shared/activity"
	"docket/shared/wire"

	"github.com/google/go-cmp/cmp"
)

// everywhere is a record with the same text in every text field.
func everywhere(text string) activity.Record {
	return activity.Record{
		Who: text, Where: text, ObjectType: text, What: text, Action: activity.Added, When: 1,
		Plan: activity.Plan{ID: text, Name: text}, Item: text + " (Integration)", DataSource: activity.APIDataSource, Workstation: text,
		Details: []activity.Detail{{PropertyName: text, Before: text, After: text}},
	}
}

// scalars are records that have every Unicode scalar value in every text field,
// also at the beginning and the end of the text.
func scalars() []activity.Record {
	var recs []activity.Record
	var b strings.Builder
	n := 0
	flush := func() {
		recs = append(recs, everywhere(b.String()))
		b.Reset()
		n = 0
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if 0xD800 <= r && r <= 0xDFFF {
			continue
		}
		b.WriteRune(r)
		if n++; n == activity.MaxName {
			flush()
		}
	}
	flush()
	for _, r := range " \t\r\n\x00\x1f<>&\"'\\/]\u0085\u2028\ufeff\ufffe\uffff" {
		recs = append(recs, everywhere(string(r)+"x"+string(r)))
	}
	return recs
}

func TestEveryScalarValueComesBack(t *testing.T) {
	recs := scalars()
	for _, f := range formats {
		want := recs
		if f == wire.XML {
			want = asXML(recs)
		}
		got, err := wire.ReadRecords(f, wire.AppendRecords(nil, f, recs))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d records; want %d", f, len(got), len(want))
		}
		for i := range want {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("%s, record %d: (-sent +read)\n%s", f, i, diff)
			}
		}
	}
}

// TestOthersReadWhatIsWritten gives pages with every scalar value to the parsers
// of the standard library.
func TestOthersReadWhatIsWritten(t *testing.T) {
	recs := stored(scalars())
	var page plainList
	if err := json.Unmarshal(appendPage(wire.JSON, recs, `m"`), &page); err != nil {
		t.Fatal(err)
	}
	checkPlain(t, page, recs, `m"`, func(s string) string { return s })
	page = plainList{}
	if err := xml.Unmarshal(appendPage(wire.XML, recs, "<m>"), &page); err != nil {
		t.Fatal(err)
	}
	checkPlain(t, page, recs, "<m>", xmlText)
}

func checkPlain(t *testing.T, page plainList, recs []activity.Stored, mark string, as func(string) string) {
	t.Helper()
	if page.Mark != mark || len(page.Records) != len(recs) {
		t.Fatalf("mark %q, %d records; want %q, %d", page.Mark, len(page.Records), mark, len(recs))
	}
	for i := range recs {
		p, text := &page.Records[i], as(recs[i].Who)
		for name, got := range map[string]string{
			"Who": p.Who, "Where": p.Where, "ObjectType": p.ObjectType, "What": p.What, "Workstation": p.Workstation,
			"plan's ID": p.MonitoringPlan.ID, "plan's name": p.MonitoringPlan.Name,
			"property": p.DetailList[0].PropertyName, "before": p.DetailList[0].Before, "after": p.DetailList[0].After,
		} {
			if got != text {
				t.Fatalf("record %d, %s: %q; want %q", i, name, got, text)
			}
		}
		if p.RID != recs[i].RID.String() || p.Item.Name != text+" (Integration)" || p.DataSource != "Netwrix API" || p.Action != "Added" || p.When != "1970-01-01T00:00:01Z" {
			t.Fatalf("record %d: %+v", i, p)
		}
	}
}

// TestTextThatIsNoText makes sure that answers are well-formed whatever a record
// holds.
func TestTextThatIsNoText(t *testing.T) {
	recs := stored([]activity.Record{everywhere("a\xffb\xed\xa0\x80\xc0")})
	for _, f := range formats {
		got, _, err := wire.ReadPage(f, appendPage(f, recs, "m"))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if want := "a\ufffdb\ufffd\ufffd\ufffd\ufffd"; got[0].Who != want {
			t.Errorf("%s: %q; want %q", f, got[0].Who, want)
		}
	}
}
