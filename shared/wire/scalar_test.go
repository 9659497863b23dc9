package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"reflect"
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

// scalarTexts have every Unicode scalar value, and those that mean something to a
// format also at the beginning and the end of a text.
func scalarTexts() []string {
	var texts []string
	var b strings.Builder
	n := 0
	flush := func() {
		texts = append(texts, b.String())
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
	return append(texts, edgeTexts()...)
}

func edgeTexts() []string {
	var texts []string
	for _, r := range " \t\r\n\x00\x1f<>&\"'\\/]\u0085\u2028\ufeff\ufffe\uffff" {
		texts = append(texts, string(r)+"x"+string(r))
	}
	return append(texts, "]]>", "<![CDATA[", "&lt;", `\u0041`, "x\r\ny")
}

func TestEveryScalarValueComesBack(t *testing.T) {
	texts := scalarTexts()
	recs := make([]activity.Record, len(texts))
	for i, text := range texts {
		recs[i] = everywhere(text)
	}
	for _, f := range formats {
		got, err := wire.ReadRecords(f, wire.AppendRecords(nil, f, recs))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if len(got) != len(texts) {
			t.Fatalf("%s: %d records; want %d", f, len(got), len(texts))
		}
		for i, text := range texts {
			if f == wire.XML {
				text = xmlText(text)
			}
			if want := everywhere(text); !reflect.DeepEqual(want, got[i]) {
				t.Fatalf("%s, record %d: (-sent +read)\n%s", f, i, cmp.Diff(want, got[i]))
			}
		}
	}
}

// TestOthersReadWhatIsWritten gives pages with every scalar value to the parsers
// of the standard library.
func TestOthersReadWhatIsWritten(t *testing.T) {
	var recs []activity.Stored
	for _, text := range scalarTexts() {
		recs = append(recs, stored([]activity.Record{{Who: "w", What: text, Action: activity.Read}})...)
	}
	for _, text := range edgeTexts() {
		recs = append(recs, stored([]activity.Record{everywhere(text)})...)
	}
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
		p, text := &page.Records[i], as(recs[i].What)
		if p.What != text {
			t.Fatalf("record %d: %q; want %q", i, p.What, text)
		}
		if recs[i].Who == "w" {
			continue
		}
		for name, got := range map[string]string{
			"Who": p.Who, "Where": p.Where, "ObjectType": p.ObjectType, "Workstation": p.Workstation,
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
