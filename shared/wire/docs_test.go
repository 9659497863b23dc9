package wire_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/wire"
)

// TestPrintedDocuments reads every document that the original's documentation
// prints and shows what was understood.
func TestPrintedDocuments(t *testing.T) {
	paths, err := filepath.Glob("testdata/docs/*.*ml")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("testdata/docs/*.json")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, more...)
	if len(paths) < 34 {
		t.Fatalf("%d documents; some are missing", len(paths))
	}
	understood := map[string]string{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		text, err := show(name, body)
		if (err != nil) != strings.HasPrefix(name, "bad-") {
			t.Errorf("%s: %v", name, err)
		}
		understood[name] = text
	}
	var all strings.Builder
	for _, path := range paths {
		name := filepath.Base(path)
		base, isXML := strings.CutSuffix(name, ".xml")
		// The example pages order Action's values differently.
		other, both := understood[base+".json"]
		if both && isXML && base != "search-example" && base != "bad-unclosed" && other != understood[name] {
			t.Errorf("%s: XML and JSON differ:\n%s\n%s", base, understood[name], other)
		}
		fmt.Fprintf(&all, "== %s\n%s", name, understood[name])
	}
	golden(t, "docs.golden", all.String())
}

// show reads a document by the kind that its name tells, and prints the result.
func show(name string, body []byte) (string, error) {
	f := wire.XML
	if strings.HasSuffix(name, ".json") {
		f = wire.JSON
	}
	var b strings.Builder
	var err error
	switch kind, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".xml"), "-"); kind {
	case "write":
		var recs []activity.Record
		recs, err = wire.ReadRecords(f, body)
		for i := range recs {
			fmt.Fprintf(&b, "%+v\n", recs[i])
		}
	case "search", "bad":
		var s wire.Search
		s, err = wire.ReadSearch(f, body)
		if err == nil {
			fmt.Fprintf(&b, "mark %q\n", s.Mark)
		}
		for i := range s.Entries {
			b.WriteString(showEntry(&s.Entries[i]))
		}
	case "mark":
		var mark string
		mark, err = wire.ReadMark(f, body)
		fmt.Fprintf(&b, "%q\n", mark)
	case "page":
		var recs []activity.Stored
		var mark string
		recs, mark, err = wire.ReadPage(f, body)
		for i := range recs {
			fmt.Fprintf(&b, "%s %+v\n", recs[i].RID, recs[i].Record)
		}
		fmt.Fprintf(&b, "mark %q\n", mark)
	case "error":
		var list []wire.Error
		list, err = wire.ReadErrors(f, body)
		fmt.Fprintf(&b, "%+v\n", list)
	default:
		return "", fmt.Errorf("no kind of document is named %s", kind)
	}
	b.WriteString(showErrors(err))
	return b.String(), err
}

func showEntry(e *filter.Entry) string {
	text := fmt.Sprintf("%s: %s", e.Path, e.Field)
	if e.Operator != filter.Default {
		text += " " + e.Operator.String()
	}
	if e.Text != "" {
		text += fmt.Sprintf(" %q", e.Text)
	}
	if e.From != nil {
		text += " from " + *e.From
	}
	if e.To != nil {
		text += " to " + *e.To
	}
	return text + "\n"
}

// showErrors prints the entries of an *Invalid, one on a line.
func showErrors(err error) string {
	if err == nil {
		return ""
	}
	var invalid *wire.Invalid
	if !errors.As(err, &invalid) || len(invalid.Errors) == 0 {
		return fmt.Sprintf("not an *Invalid with entries: %#v\n", err)
	}
	var b strings.Builder
	for _, e := range invalid.Errors {
		fmt.Fprintf(&b, "%s %s: %s\n", e.Category, e.Location, e.Description)
	}
	return b.String()
}
