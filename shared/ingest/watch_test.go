package ingest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watcher watches a new folder.
func (w *world) watcher(to Appender) *Watcher {
	w.t.Helper()
	v := &Watcher{
		Dir: filepath.Join(w.t.TempDir(), "in"), Ingest: w.ingester(to), Every: time.Second, Settle: 5 * time.Second, Now: w.Now, Log: quiet(),
		Wait: func(ctx context.Context, d time.Duration) error {
			w.At = w.At.Add(d)
			return ctx.Err()
		},
	}
	if err := v.Prepare(); err != nil {
		w.t.Fatal(err)
	}
	return v
}

// put writes a file that was changed at a time before now.
func (w *world) put(v *Watcher, name, text string, ago time.Duration) {
	w.t.Helper()
	path := filepath.Join(v.Dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chtimes(path, w.At.Add(-ago), w.At.Add(-ago)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) look(v *Watcher) {
	w.t.Helper()
	if err := v.Look(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// tree lists the files below a folder.
func tree(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestWatchTakesWhatIsComplete: not what is still written, hidden, or no file.
func TestWatchTakesWhatIsComplete(t *testing.T) {
	w := newWorld(t)
	v := w.watcher(w.Ledger)
	w.put(v, "old.ndjson", record(1), time.Hour)
	w.put(v, "new.ndjson", record(2), 0)
	w.put(v, "ahead.ndjson", record(3), -time.Hour) // another clock
	w.put(v, ".hidden", record(4), time.Hour)
	w.put(v, "x.tmp", record(5), time.Hour)
	w.put(v, "x.part", record(6), time.Hour)
	if err := os.Symlink("old.ndjson", filepath.Join(v.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(v.Dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	rest := []string{".hidden", "link", "x.part", "x.tmp"}
	check := func(more ...string) {
		t.Helper()
		want := append(more, rest...)
		slices.Sort(want)
		if diff := cmp.Diff(want, tree(t, v.Dir)); diff != "" {
			t.Error(diff)
		}
	}
	w.look(v)
	check("done/old.ndjson", "new.ndjson", "ahead.ndjson")
	w.At = w.At.Add(4 * time.Second)
	w.put(v, "ahead.ndjson", record(3)+record(7), -time.Hour)
	w.look(v)
	check("done/old.ndjson", "new.ndjson", "ahead.ndjson")
	w.At = w.At.Add(time.Second)
	w.look(v)
	check("done/old.ndjson", "done/new.ndjson", "ahead.ndjson")
	w.At = w.At.Add(4 * time.Second)
	w.look(v)
	check("done/old.ndjson", "done/new.ndjson", "done/ahead.ndjson")
	if n := len(w.stored()); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
}

// TestWatchReports: a bad file goes to failed with a report, its good records are
// stored, and names do not clash.
func TestWatchReports(t *testing.T) {
	w := newWorld(t)
	v := w.watcher(w.Ledger)
	for range 2 {
		w.put(v, "a.ndjson", record(1)+"nonsense\n", time.Hour)
		w.put(v, "b.ndjson", record(2), time.Hour)
		w.put(v, "c.json", "PAR1....", time.Hour)
		w.look(v)
	}
	want := []string{"done/b.ndjson", "done/b.ndjson~2", "failed/a.ndjson", "failed/a.ndjson.report.txt", "failed/a.ndjson~2", "failed/a.ndjson~2.report.txt",
		"failed/c.json", "failed/c.json.report.txt", "failed/c.json~2", "failed/c.json~2.report.txt"}
	if diff := cmp.Diff(want, tree(t, v.Dir)); diff != "" {
		t.Error(diff)
	}
	const report = `Not all of a.ndjson was stored. Refused:

record 2, line 2: this is not one complete JSON object

Stored: 1 records now, 0 before. Refused: 1.
Put what was refused, corrected, into a file of its own; giving this one again stores nothing twice.
`
	if diff := cmp.Diff(report, readFile(t, filepath.Join(v.Dir, "failed/a.ndjson.report.txt"))); diff != "" {
		t.Error(diff)
	}
	if n := len(w.stored()); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// TestWatchTriesAgain: when the ledger fails the file stays, and others go on.
func TestWatchTriesAgain(t *testing.T) {
	w := newWorld(t)
	ledger := &cutOff{to: w.Ledger, calls: 1}
	v := w.watcher(ledger)
	w.put(v, "a.ndjson", records(1500)+"nonsense", time.Hour)
	w.put(v, "b.ndjson", "", time.Hour)
	if err := v.Look(context.Background()); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "a.ndjson") {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a.ndjson", "done/b.ndjson"}, tree(t, v.Dir)); diff != "" {
		t.Error(diff)
	}
	ledger.calls = 100
	w.look(v)
	if diff := cmp.Diff([]string{"done/b.ndjson", "failed/a.ndjson", "failed/a.ndjson.report.txt"}, tree(t, v.Dir)); diff != "" {
		t.Error(diff)
	}
	if n := len(w.stored()); n != 1500 {
		t.Errorf("%d records, want 1500", n)
	}
}

// TestWatchSurvivesACrashBeforeTheMove: the file is still there, and read again.
func TestWatchSurvivesACrashBeforeTheMove(t *testing.T) {
	w := newWorld(t)
	v := w.watcher(w.Ledger)
	text := records(1200) + "nonsense"
	w.give(v.Ingest, text) // all is stored, and the process ends
	w.Restart()
	v.Ingest = w.ingester(w.Ledger)
	w.put(v, "a.ndjson", text, time.Hour)
	if err := os.WriteFile(filepath.Join(v.Dir, FailedDir, "a.ndjson"+ReportSuffix), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.look(v)
	if diff := cmp.Diff([]string{"failed/a.ndjson", "failed/a.ndjson.report.txt"}, tree(t, v.Dir)); diff != "" {
		t.Error(diff)
	}
	if got := readFile(t, filepath.Join(v.Dir, "failed/a.ndjson.report.txt")); !strings.Contains(got, "0 records now, 1200 before") {
		t.Error(got)
	}
	if n := len(w.stored()); n != 1200 {
		t.Errorf("%d records, want 1200", n)
	}
}

// TestRunEndsWithItsContext, and looks again after a failure.
func TestRunEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	ledger := &cutOff{to: w.Ledger}
	v := w.watcher(ledger)
	w.put(v, "a.ndjson", record(1), time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	looks := 0
	v.Wait = func(ctx context.Context, d time.Duration) error {
		switch looks++; looks {
		case 2:
			ledger.calls = 100
		case 3:
			cancel()
		}
		return ctx.Err()
	}
	v.Run(ctx)
	if looks != 3 || len(w.stored()) != 1 {
		t.Errorf("%d looks, %q", looks, w.stored())
	}
}

func TestPrepareSaysWhatItCannotMake(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v := &Watcher{Dir: file, Ingest: w.ingester(w.Ledger)}
	if err := v.Prepare(); err == nil || !strings.Contains(err.Error(), "make folder") {
		t.Error(err)
	}
}
