package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The folders that files go to, and what stands beside a bad one.
const (
	DoneDir      = "done"
	FailedDir    = "failed"
	ReportSuffix = ".report.txt"
)

// Watcher takes files from a folder. All time comes from its fields.
type Watcher struct {
	Dir    string
	Ingest *Ingester

	Every  time.Duration // between two looks at the folder
	Settle time.Duration // how long a file must be unchanged to count as complete
	Now    func() time.Time
	Wait   func(ctx context.Context, d time.Duration) error // returns the error of ctx
	Log    *slog.Logger

	seen map[string]seenFile
}

// seenFile is a file as it was when it was first seen so.
type seenFile struct {
	size     int64
	modified time.Time
	since    time.Time
}

// Prepare makes the folders that are missing.
func (w *Watcher) Prepare() error {
	for _, dir := range []string{w.Dir, filepath.Join(w.Dir, DoneDir), filepath.Join(w.Dir, FailedDir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	return nil
}

// Run looks at the folder until ctx ends. What goes wrong is logged and tried again
// at the next look.
func (w *Watcher) Run(ctx context.Context) {
	for {
		if err := w.Look(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("watch: will try again", "dir", w.Dir, "error", err)
		}
		if err := w.Wait(ctx, w.Every); err != nil {
			return
		}
	}
}

// Look takes all files that are complete. It goes on behind a file that cannot be
// taken now, and returns why, all of them joined.
func (w *Watcher) Look(ctx context.Context) error {
	entries, err := os.ReadDir(w.Dir)
	if err != nil {
		return fmt.Errorf("list folder: %w", err)
	}
	var failures []error
	seen := make(map[string]seenFile, len(entries))
	for _, e := range entries {
		if !e.Type().IsRegular() || unfinished(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				failures = append(failures, err)
			}
			continue
		}
		state, complete := w.complete(info)
		if !complete {
			seen[e.Name()] = state
			continue
		}
		if err := w.take(ctx, e.Name()); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", e.Name(), err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	w.seen = seen
	return errors.Join(failures...)
}

// unfinished are names that programs give to files they still write.
func unfinished(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part")
}

// complete says whether nobody seems to write to a file any more: it was changed
// long ago, as one that was renamed into the folder, or is as it was some time ago,
// should its clock be another than ours.
func (w *Watcher) complete(info fs.FileInfo) (seenFile, bool) {
	now := w.Now()
	state := seenFile{info.Size(), info.ModTime(), now}
	if now.Sub(info.ModTime()) >= w.Settle {
		return state, true
	}
	before, known := w.seen[info.Name()]
	if !known || before.size != state.size || !before.modified.Equal(state.modified) {
		return state, false
	}
	return before, now.Sub(before.since) >= w.Settle
}

// take stores a file and moves it away. An error means that it is still there and
// has to be taken again.
func (w *Watcher) take(ctx context.Context, name string) error {
	path := filepath.Join(w.Dir, name)
	report := &reportFile{dir: filepath.Join(w.Dir, FailedDir), of: name}
	defer report.discard()
	result, err := w.store(ctx, path, report)
	if err != nil {
		return err
	}
	if err := report.fault; err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if !report.open() {
		to, err := freeName(filepath.Join(w.Dir, DoneDir), name)
		if err == nil {
			err = os.Rename(path, to)
		}
		if err != nil {
			return fmt.Errorf("move to %s: %w", DoneDir, err)
		}
		w.Log.Info("file ingested", "file", name, "stored", result.Stored, "storedBefore", result.Before)
		return nil
	}
	to, err := freeName(filepath.Join(w.Dir, FailedDir), name)
	if err != nil {
		return err
	}
	if err := report.publish(to+ReportSuffix, result); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("move to %s: %w", FailedDir, err)
	}
	w.Log.Warn("file refused, wholly or in part", "file", name, "stored", result.Stored, "storedBefore", result.Before,
		"refused", result.Refused, "report", filepath.Base(to)+ReportSuffix)
	return nil
}

// store brings a file into the ledger. What cannot be opened is refused as a whole:
// looking again would not help.
func (w *Watcher) store(ctx context.Context, path string, report *reportFile) (Result, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		report.add(Refusal{From: 1, Through: 1, Reason: "the file must not be opened: " + fs.ErrPermission.Error()})
		return Result{Refused: 1}, nil
	}
	if err != nil {
		return Result{}, err
	}
	defer file.Close()
	return w.Ingest.File(ctx, file, report.add)
}

// maxSame bounds the files of one name in a folder.
const maxSame = 100_000

// freeName is a path in dir for a file of that name, which another there may bear.
func freeName(dir, name string) (string, error) {
	path := filepath.Join(dir, name)
	for i := 2; i < maxSame; i++ {
		_, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, fmt.Sprintf("%s~%d", name, i))
	}
	return "", fmt.Errorf("there are %d files named %s in %s already", maxSame, name, dir)
}
