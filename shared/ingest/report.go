package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
)

// reportFile is what is told about the refusals of a file, a line each. It is made
// when there is one, written as they come, and gets its name when it is whole.
type reportFile struct {
	dir, of string
	file    *os.File
	out     *bufio.Writer
	fault   error // the first that happened
}

// open says whether there was anything to report.
func (r *reportFile) open() bool { return r.file != nil || r.fault != nil }

func (r *reportFile) add(refusal Refusal) {
	if r.file == nil && r.fault == nil {
		if r.file, r.fault = os.CreateTemp(r.dir, ".report-*.tmp"); r.fault == nil {
			r.out = bufio.NewWriter(r.file)
			fmt.Fprintf(r.out, "Not all of %s was stored. Refused:\n\n", r.of)
		}
	}
	if r.fault == nil {
		_, r.fault = fmt.Fprintln(r.out, refusal)
	}
}

// String is a line for people.
func (r Refusal) String() string {
	var b strings.Builder
	if r.Through > r.From {
		fmt.Fprintf(&b, "records %d to %d", r.From, r.Through)
	} else {
		fmt.Fprintf(&b, "record %d", r.From)
	}
	if r.Line > 0 {
		fmt.Fprintf(&b, ", line %d", r.Line)
	}
	return b.String() + ": " + strings.Join(strings.Fields(r.Reason), " ")
}

// publish completes the report under its name. It is on disk before the file it is
// about is moved.
func (r *reportFile) publish(path string, result Result) error {
	fmt.Fprintf(r.out, "\nStored: %d records now, %d before. Refused: %d.\nPut what was refused, corrected, into a file of its own; giving this one again stores nothing twice.\n",
		result.Stored, result.Before, result.Refused)
	err := errors.Join(r.out.Flush(), r.file.Sync(), r.file.Close())
	if err == nil {
		err = os.Rename(r.file.Name(), path)
	}
	if err != nil {
		return err
	}
	r.file = nil
	return nil
}

// discard removes a report that was not published.
func (r *reportFile) discard() {
	if r.file != nil {
		r.file.Close()
		os.Remove(r.file.Name()) // one that stays harms nothing: its name begins with a dot
	}
}
