package transfer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"docket/shared/activity"
	"docket/shared/recordfile"
)

// Target is where an export goes.
type Target struct {
	path   string // absolute; empty for a stream
	format recordfile.Format
	size   int64 // bytes given to the file or stream

	file *os.File // nil for a stream
	part string   // written until it is complete and takes path's place; empty if path itself is
	out  *bufio.Writer
	to   *recordfile.Writer
}

const targetBuffer = 256 << 10

// NewStream is a target that cannot be cut back, such as standard output.
func NewStream(w io.Writer, format recordfile.Format) *Target {
	return (&Target{format: format}).start(w, false)
}

// NewFile is a target in a file. It is not opened before Open.
func NewFile(path string, format recordfile.Format) (*Target, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the output: %w", err)
	}
	return &Target{path: path, format: format}, nil
}

// Open opens a file target; on a stream it does nothing. kept is the length of
// what an earlier run left and its state vouches for, -1 if there is none: NDJSON and CSV are cut
// back to it and go on from there. Documents of JSON and XML cannot grow; a new
// one takes the file's place when it is complete. An existing file that no
// state vouches for is an error unless replace is set.
func (t *Target) Open(kept int64, replace bool) error {
	if t.path == "" {
		return nil
	}
	info, err := os.Stat(t.path)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the output: %w", err)
	case exists && kept >= 0 && t.format.Grows():
		return t.grow(info.Size(), kept)
	case exists && !replace:
		return fmt.Errorf("%s exists already: choose another file, or replace it with --replace", t.path)
	}
	f, err := os.CreateTemp(filepath.Dir(t.path), "."+filepath.Base(t.path)+"-*")
	if err != nil {
		return fmt.Errorf("open the output: %w", err)
	}
	t.file, t.part = f, f.Name()
	if t.format.Grows() {
		if err := t.settle(); err != nil {
			f.Close()
			return err
		}
	}
	t.start(f, false)
	return nil
}

func (t *Target) grow(size, kept int64) error {
	if size < kept {
		return fmt.Errorf("%s has %d bytes and its state says %d: it was changed since; move it and its state away to begin anew", t.path, size, kept)
	}
	f, err := os.OpenFile(t.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open the output: %w", err)
	}
	if err = f.Truncate(kept); err == nil {
		_, err = f.Seek(kept, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("cut the output back to %d bytes: %w", kept, err)
	}
	t.file, t.size = f, kept
	t.start(f, kept > 0)
	return nil
}

// start begins the text; again says that it goes on.
func (t *Target) start(w io.Writer, again bool) *Target {
	t.out = bufio.NewWriterSize(w, targetBuffer)
	t.to = recordfile.NewWriter(counted{t}, t.format, again)
	return t
}

// counted counts what goes into the buffer.
type counted struct{ t *Target }

func (c counted) Write(p []byte) (int, error) {
	n, err := c.t.out.Write(p)
	c.t.size += int64(n)
	return n, err
}

func (t *Target) write(recs []activity.Stored) error {
	if err := t.to.Write(recs); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// canStop says whether what is written so far is whole as it stands.
func (t *Target) canStop() bool { return t.format.Grows() }

// sync brings all that was written to where it stays.
func (t *Target) sync() error {
	err := t.out.Flush()
	if err == nil && t.file != nil {
		err = t.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// finish writes the end of the document and lets it take its place.
func (t *Target) finish() error {
	if err := t.to.End(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	if err := t.sync(); err != nil {
		return err
	}
	if t.part == "" {
		return nil
	}
	return t.settle()
}

func (t *Target) settle() error {
	if err := os.Rename(t.part, t.path); err != nil {
		return fmt.Errorf("put the output in its place: %w", err)
	}
	t.part = ""
	return nil
}

// Close closes the file and removes what did not become complete.
func (t *Target) Close() error {
	if t.file == nil {
		return t.out.Flush()
	}
	err := t.out.Flush()
	if cerr := t.file.Close(); err == nil {
		err = cerr
	}
	if t.part != "" {
		if rerr := os.Remove(t.part); err == nil {
			err = rerr
		}
	}
	return err
}
