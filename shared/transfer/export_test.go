package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"docket/shared/activity"
	"docket/shared/recordfile"
)

// log is a database of n records whose marks are positions.
type log struct{ n int }

func (l *log) fetch(count int) Fetch {
	return func(_ context.Context, mark string) ([]activity.Stored, string, error) {
		from := 0
		if mark != "" {
			var err error
			if from, err = strconv.Atoi(mark); err != nil {
				return nil, "", err
			}
		}
		to := min(l.n, from+count)
		recs := make([]activity.Stored, 0, to-from)
		for i := from; i < to; i++ {
			recs = append(recs, activity.Stored{Record: activity.Record{Who: "u", Where: "h", ObjectType: "t", What: fmt.Sprintf("<%d>", i), Action: activity.Read}})
		}
		return recs, strconv.Itoa(to), nil
	}
}

// An export may die at any page, leave any garbage behind its last checkpoint
// and find more records the next time: the file holds each once, in order.
func TestExportResumes(t *testing.T) {
	dir := t.TempDir()
	died := errors.New("died")
	rapid.Check(t, func(rt *rapid.T) {
		format := rapid.SampledFrom([]recordfile.Format{recordfile.NDJSON, recordfile.CSV}).Draw(rt, "format")
		out, state := filepath.Join(dir, "out"), filepath.Join(dir, "state")
		for _, path := range []string{out, state} {
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		l := &log{n: rapid.IntRange(0, 30).Draw(rt, "records")}
		var clock time.Time
		for runs := 1; ; runs++ {
			target, err := NewFile(out, format)
			if err != nil {
				t.Fatal(err)
			}
			st, err := OpenExportState(state, "server", "", target)
			if err != nil {
				rt.Fatal(err)
			}
			if err := target.Open(st.Size(), false); err != nil {
				rt.Fatal(err)
			}
			pages, last := rapid.IntRange(0, 6).Draw(rt, "pages"), runs > 4
			fetch := l.fetch(rapid.IntRange(1, 9).Draw(rt, "count"))
			e := &Exporter{Target: target, State: st, Now: func() time.Time {
				clock = clock.Add(700 * time.Millisecond)
				return clock
			}, Fetch: func(ctx context.Context, mark string) ([]activity.Stored, string, error) {
				if pages--; pages < 0 && !last {
					return nil, "", died
				}
				return fetch(ctx, mark)
			}}
			_, err = e.Run(context.Background())
			if cerr := target.Close(); cerr != nil {
				rt.Fatal(cerr)
			}
			if err != nil && !errors.Is(err, died) {
				rt.Fatal(err)
			}
			if last {
				break
			}
			l.n += rapid.IntRange(0, 5).Draw(rt, "more")
		}
		text := string(read(t, out))
		if got := strings.Count(text, "<"); got != l.n {
			rt.Fatalf("%d records in the file, %d in the database:\n%s", got, l.n, text)
		}
		at := -1
		for i := range l.n {
			next := strings.Index(text, fmt.Sprintf("<%d>", i))
			if next <= at {
				rt.Fatalf("record %d is missing or out of order:\n%s", i, text)
			}
			at = next
		}
	})
}

func TestOutputIsNotOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []recordfile.Format{recordfile.NDJSON, recordfile.JSON, recordfile.XML, recordfile.CSV} {
		target, err := NewFile(path, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := target.Open(-1, false); err == nil {
			t.Errorf("%v: an existing file was opened", f)
		}
		if f.Grows() {
			if err := target.Open(100, false); err == nil || !strings.Contains(err.Error(), "it was changed since") {
				t.Errorf("%v: a file shorter than its state: %v", f, err)
			}
		}
	}
	if got := string(read(t, path)); got != "precious" {
		t.Errorf("the file is now %q", got)
	}
}

// A document that does not become complete leaves nothing behind, and the file
// it was to replace as it was.
func TestIncompleteDocument(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	target, err := NewFile(path, recordfile.XML)
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Open(-1, true); err != nil {
		t.Fatal(err)
	}
	died := errors.New("died")
	e := &Exporter{Target: target, Fetch: func(context.Context, string) ([]activity.Stored, string, error) { return nil, "", died }}
	if _, err := e.Run(context.Background()); !errors.Is(err, died) {
		t.Error(err)
	}
	if err := target.Close(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || string(read(t, path)) != "old" {
		t.Errorf("%v left in the directory, %v", entries, err)
	}
}
