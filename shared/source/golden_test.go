package source

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"docket/shared/activity"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// realFiles are the log files in testdata, by name.
func realFiles(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/cloudtrail/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no log files: %v", err)
	}
	slices.Sort(names)
	return names
}

func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// realEvents are the events of all log files, as they stand there.
func realEvents(t testing.TB) []json.RawMessage {
	t.Helper()
	var all []json.RawMessage
	for _, name := range realFiles(t) {
		var file struct{ Records []json.RawMessage }
		if err := json.Unmarshal(unpacked(t, name), &file); err != nil {
			t.Fatal(err)
		}
		all = append(all, file.Records...)
	}
	return all
}

func newTestMapper(t testing.TB, files ...string) *Mapper {
	t.Helper()
	var texts [][]byte
	for _, f := range files {
		texts = append(texts, []byte(f))
	}
	m, err := NewMapping(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return NewMapper(m)
}

// show prints a record for people, a line for each field and detail. Values of
// details that are long are cut: the property tests look at them.
func show(r *activity.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s | %s | %s | %s | %s | %s | %s\n", activity.AppendWhen(nil, r.When), r.Who, r.Action, r.ObjectType, r.What, r.Where, r.Workstation)
	for _, d := range r.Details {
		before, after := brief(d.Before), brief(d.After)
		switch {
		case before != "":
			fmt.Fprintf(&b, "    %s: %s -> %s\n", d.PropertyName, before, after)
		default:
			fmt.Fprintf(&b, "    %s: %s\n", d.PropertyName, after)
		}
	}
	return b.String()
}

func brief(s string) string {
	const most = 100
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// TestRealEvents compares the mapping of every real event with a file that people
// have read: a line an event, and the first of each kind with its details.
func TestRealEvents(t *testing.T) {
	m := newTestMapper(t)
	var got bytes.Buffer
	seen := map[string]bool{}
	for i, raw := range realEvents(t) {
		r, err := m.Event(raw)
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		if r.DataSource != DataSource || r.Item != strings.Split(r.Where, "/")[0]+" (AWS Account)" {
			t.Errorf("event %d: data source %q, item %q, where %q", i, r.DataSource, r.Item, r.Where)
		}
		text := show(&r)
		if kind := fmt.Sprint(r.Action, r.ObjectType); seen[kind] {
			text, _, _ = strings.Cut(text, "\n")
			text += "\n"
		} else {
			seen[kind] = true
		}
		got.WriteString(text)
	}
	golden(t, "testdata/real.golden", got.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}
