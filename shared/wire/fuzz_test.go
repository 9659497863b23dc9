package wire_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"docket/shared/activity"
	"docket/shared/wire"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// seed adds what others have sent, what must be refused, and real records.
func seed(f *testing.F, format wire.Format, kind string, tables ...map[string]string) {
	f.Helper()
	ext := "." + strings.ToLower(format.String())
	paths, err := filepath.Glob(filepath.Join("testdata", "docs", kind+"*"+ext))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no documents %s: %v", kind, err)
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, table := range tables {
		for _, body := range table {
			if len(body) < 4096 {
				f.Add([]byte(body))
			}
		}
	}
}

// checkJSON compares what a reader thinks of a body as JSON with a strict parser
// of others.
func checkJSON(t *testing.T, body []byte, err error) {
	t.Helper()
	valid := jsontext.Value(bytes.TrimPrefix(body, []byte("\ufeff"))).IsValid()
	if err == nil && !valid {
		t.Fatalf("accepted, but not JSON: %q", body)
	}
	if err == nil || !valid {
		return
	}
	for _, e := range invalid(t, err).Errors {
		ours := strings.Contains(e.Description, "stands here twice") || strings.Contains(e.Description, "nest more than")
		if e.Category == wire.JSONError && !ours {
			t.Fatalf("%s, but it is JSON: %q", e.Description, body)
		}
	}
}

// invalid is the error of a reader as it must be.
func invalid(t *testing.T, err error) *wire.Invalid {
	t.Helper()
	var inv *wire.Invalid
	if !errors.As(err, &inv) || len(inv.Errors) == 0 || len(inv.Errors) > 101 {
		t.Fatalf("%#v is no *Invalid with 1 to 101 entries", err)
	}
	for _, e := range inv.Errors {
		if e.Description == "" || !utf8.ValidString(e.Description) || len(e.Description) > 400 || len(e.Location) > 200 {
			t.Fatalf("an answer must not have the entry %+v", e)
		}
	}
	return inv
}

// xmlOracle parses with encoding/xml; ok is false where that cannot be compared:
// it does not know encodings, and has other opinions on names beyond ASCII.
func xmlOracle(t *testing.T, body []byte, into any) (ok bool) {
	t.Helper()
	if bytes.Contains(body, []byte("encoding")) || bytes.IndexByte(body, 0) >= 0 {
		return false
	}
	err := xml.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), into)
	if err != nil && !strings.Contains(err.Error(), "invalid XML name") {
		t.Fatalf("accepted, but not XML: %v in %q", err, body)
	}
	return err == nil
}

func FuzzRecordsJSON(f *testing.F) {
	seed(f, wire.JSON, "write", refusedWrites[wire.JSON])
	seed(f, wire.JSON, "page")
	f.Add(wire.AppendRecords(nil, wire.JSON, sampleRecords(f)[:2]))
	f.Fuzz(func(t *testing.T, body []byte) {
		recs, err := wire.ReadRecords(wire.JSON, body)
		checkJSON(t, body, err)
		if err == nil {
			checkRecords(t, recs)
		}
	})
}

func FuzzRecordsXML(f *testing.F) {
	seed(f, wire.XML, "write", refusedWrites[wire.XML])
	seed(f, wire.XML, "page")
	f.Add(wire.AppendRecords(nil, wire.XML, sampleRecords(f)[:2]))
	f.Fuzz(func(t *testing.T, body []byte) {
		recs, err := wire.ReadRecords(wire.XML, body)
		if err != nil {
			invalid(t, err)
			return
		}
		checkRecords(t, recs)
		var plain plainList
		if !xmlOracle(t, body, &plain) {
			return
		}
		want := make([]activity.Record, len(plain.Records))
		for i := range plain.Records {
			plain.Records[i].When = strings.Trim(plain.Records[i].When, " \t\r\n")
			want[i] = plain.Records[i].record()
		}
		if diff := cmp.Diff(want, recs); diff != "" {
			t.Fatalf("(-encoding/xml +ours) %q\n%s", body, diff)
		}
	})
}

// checkRecords sends records that have been read through both formats.
func checkRecords(t *testing.T, recs []activity.Record) {
	t.Helper()
	if len(recs) == 0 {
		t.Fatal("accepted without records")
	}
	for i := range recs {
		if list := recs[i].Check(nil, ""); list != nil {
			t.Fatalf("record %d: %+v", i, list)
		}
	}
	for _, f := range formats {
		body := wire.AppendRecords(nil, f, recs)
		again, err := wire.ReadRecords(f, body)
		if err != nil {
			t.Fatalf("%s: what was written cannot be read: %v in %q", f, err, body)
		}
		want := recs
		if f == wire.XML {
			want = asXML(recs)
		}
		if diff := cmp.Diff(want, again); diff != "" {
			t.Fatalf("%s: (-sent +read)\n%s", f, diff)
		}
	}
}

func FuzzSearchJSON(f *testing.F) {
	seed(f, wire.JSON, "search", refusedSearches[wire.JSON])
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := wire.ReadSearch(wire.JSON, body)
		checkJSON(t, body, err)
		if err == nil {
			checkSearch(t, s)
		}
	})
}

func FuzzSearchXML(f *testing.F) {
	seed(f, wire.XML, "search", refusedSearches[wire.XML])
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := wire.ReadSearch(wire.XML, body)
		if err != nil {
			invalid(t, err)
			return
		}
		checkSearch(t, s)
		var any struct {
			XMLName xml.Name
			List    []struct{ Filter []struct{} } `xml:"FilterList"`
		}
		if xmlOracle(t, body, &any) && len(any.List) != 1 {
			t.Fatalf("%d filter lists in %q", len(any.List), body)
		}
	})
}

// checkSearch sends a search that has been read through both formats.
func checkSearch(t *testing.T, s wire.Search) {
	t.Helper()
	for _, f := range formats {
		body := wire.AppendSearch(nil, f, s)
		again, err := wire.ReadSearch(f, body)
		if err != nil {
			t.Fatalf("%s: what was written cannot be read: %v in %q", f, err, body)
		}
		want := grouped(s)
		if f == wire.XML {
			want = searchAsXML(want)
		}
		if diff := cmp.Diff(want, grouped(again)); diff != "" {
			t.Fatalf("%s: (-sent +read) %q\n%s", f, body, diff)
		}
	}
}

func FuzzMark(f *testing.F) {
	for _, format := range formats {
		seed(f, format, "mark")
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, format := range formats {
			mark, err := wire.ReadMark(format, body)
			if format == wire.JSON {
				checkJSON(t, body, err)
			}
			if err != nil {
				invalid(t, err)
				continue
			}
			again, err := wire.ReadMark(format, wire.AppendMark(nil, format, mark))
			if err != nil || (again != mark && (format == wire.JSON || again != strings.Trim(xmlText(mark), " \t\n"))) {
				t.Fatalf("%s: %q came back as %q, %v", format, mark, again, err)
			}
		}
	})
}

func FuzzPage(f *testing.F) {
	for _, format := range formats {
		seed(f, format, "page")
		f.Add(appendPage(format, stored(sampleRecords(f)[:2]), "mark"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, format := range formats {
			recs, mark, err := wire.ReadPage(format, body)
			if format == wire.JSON {
				checkJSON(t, body, err)
			}
			if err != nil {
				invalid(t, err)
				continue
			}
			again, sameMark, err := wire.ReadPage(wire.JSON, appendPage(wire.JSON, recs, mark))
			if err != nil || sameMark != mark {
				t.Fatalf("mark %q came back as %q, %v", mark, sameMark, err)
			}
			for i := range recs {
				recs[i].ArchiveOnly = false // not part of answers
			}
			if diff := cmp.Diff(append([]activity.Stored{}, recs...), append([]activity.Stored{}, again...)); diff != "" {
				t.Fatalf("(-sent +read)\n%s", diff)
			}
		}
	})
}

func FuzzErrors(f *testing.F) {
	for _, format := range formats {
		seed(f, format, "error")
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, format := range formats {
			list, err := wire.ReadErrors(format, body)
			if err != nil {
				invalid(t, err)
				continue
			}
			again, err := wire.ReadErrors(wire.JSON, wire.AppendErrors(nil, wire.JSON, list))
			if err != nil || !cmp.Equal(append([]wire.Error{}, list...), append([]wire.Error{}, again...)) {
				t.Fatalf("%+v came back as %+v, %v", list, again, err)
			}
		}
	})
}
