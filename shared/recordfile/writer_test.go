package recordfile

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/activity"
	"docket/shared/wire"
)

func someRecords() []activity.Stored {
	recs := []activity.Stored{
		{Record: activity.Record{
			Who: `CORP\a`, Where: "h", ObjectType: "File", What: "a,b \"c\"\nd", Action: activity.Modified, When: 1700000000,
			Plan: activity.Plan{ID: "{1}", Name: "p"}, Item: "i (Integration)", DataSource: "Netwrix API", Workstation: "w",
			Details: []activity.Detail{{PropertyName: "P", Before: "<1>", After: "2"}, {PropertyName: "Q", Message: "m"}},
		}},
		{Record: activity.Record{Who: "=cmd|' /C calc'!A0", Where: "+1", ObjectType: "@x", What: "-1", Action: activity.Read, When: 0, Workstation: "\tx", Item: "\rx"}},
	}
	for i := range recs {
		copy(recs[i].RID[:], fmt.Sprintf("20260101000000000%032x", i))
	}
	return recs
}

func written(t *testing.T, f Format, parts ...[]activity.Stored) string {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, f, false)
	for _, recs := range parts {
		if err := w.Write(recs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrittenCanBeRead(t *testing.T) {
	recs := someRecords()
	for _, f := range []Format{NDJSON, JSON, XML} {
		text := written(t, f, recs[:1], nil, recs[1:])
		if again := written(t, f, recs); again != text {
			t.Errorf("%v in parts:\n%s\nat once:\n%s", f, text, again)
		}
		reader, err := Open(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var doc []byte
		n := 0
		for ; ; n++ {
			raw, err := reader.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v: %v in\n%s", f, err, text)
			}
			if n == 0 {
				doc = reader.Begin(nil)
			}
			_, doc = reader.Join(doc, n, raw.Data)
		}
		got, err := wire.ReadRecords(reader.Format(), reader.End(doc))
		if err != nil || n != len(recs) {
			t.Fatalf("%v: %d records, %v in\n%s", f, n, err, text)
		}
		for i := range got {
			if got[i].Who != recs[i].Who || got[i].What != recs[i].What || got[i].When != recs[i].When || len(got[i].Details) != len(recs[i].Details) {
				t.Errorf("%v: record %d is %+v", f, i, got[i])
			}
		}
	}
}

func TestNoRecords(t *testing.T) {
	for f, want := range map[Format]string{
		NDJSON: "",
		JSON:   "[\n]\n",
		CSV:    strings.Join(csvHeader, ",") + "\n",
	} {
		if got := written(t, f); got != want {
			t.Errorf("%v: %q, want %q", f, got, want)
		}
	}
	if _, got := cut(t, strings.NewReader(written(t, XML))); got != nil {
		t.Errorf("XML without records gave %q", got)
	}
}

func TestLines(t *testing.T) {
	text := written(t, NDJSON, someRecords(), someRecords())
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" || lines[0] != lines[2] {
		t.Errorf("%q", text)
	}
}

func TestCSV(t *testing.T) {
	text := written(t, CSV, someRecords())
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		csvHeader,
		{"2026010100000000000000000000000000000000000000000", "2023-11-14T22:13:20Z", `CORP\a`, "Modified", "File", "a,b \"c\"\nd", "h", "p", "{1}", "Netwrix API", "i (Integration)", "w", `[{"PropertyName":"P","Before":"<1>","After":"2"},{"PropertyName":"Q","Message":"m"}]`},
		{"2026010100000000000000000000000000000000000000001", "1970-01-01T00:00:00Z", "'=cmd|' /C calc'!A0", "Read", "'@x", "'-1", "'+1", "", "", "", "'\rx", "'\tx", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var more bytes.Buffer
	w := NewWriter(&more, CSV, true)
	if err := w.Write(someRecords()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(more.String(), "RID") || !strings.HasSuffix(text, more.String()) {
		t.Errorf("text that goes on: %q", more.String())
	}
}

func TestInputWriter(t *testing.T) {
	recs := []activity.Record{someRecords()[0].Record, someRecords()[1].Record}
	for _, f := range []Format{NDJSON, JSON, XML} {
		var b bytes.Buffer
		w := NewInputWriter(&b, f)
		for range 2 {
			if err := w.Write(recs); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		if _, got := cut(t, &b); len(got) != 4 || strings.Contains(fmt.Sprint(got), "RID") {
			t.Errorf("%v: %q", f, got)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range []Format{NDJSON, JSON, XML, CSV} {
		if got, err := ParseFormat(f.String()); err != nil || got != f {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("yaml"); err == nil {
		t.Error("yaml was taken")
	}
}
