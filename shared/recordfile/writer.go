package recordfile

import (
	"bytes"
	"encoding/csv"
	"io"

	"docket/shared/activity"
	"docket/shared/wire"
)

// Writer writes records as answers have them. Each call of Write brings its
// records whole to the writer below, in few pieces.
type Writer struct {
	to    io.Writer
	text  *text       // nil for CSV
	table *csv.Writer // for CSV
	row   []string
}

// NewWriter begins a text of records. again says that it goes on behind an
// earlier text of a format that Grows: CSV then has no second header.
func NewWriter(to io.Writer, f Format, again bool) *Writer {
	if f != CSV {
		return &Writer{to: to, text: newText(f)}
	}
	w := &Writer{to: to, table: csv.NewWriter(to)}
	if !again {
		w.table.Write(csvHeader) // an error stays with the csv.Writer until Flush
	}
	return w
}

// Write writes records behind those before.
func (w *Writer) Write(recs []activity.Stored) error {
	if w.table == nil {
		w.text.begin()
		for i := range recs {
			w.text.separate()
			w.text.buf = wire.AppendRecord(w.text.buf, w.text.format, &recs[i])
		}
		return w.text.flush(w.to)
	}
	for i := range recs {
		var err error
		if w.row, err = row(w.row, &recs[i]); err != nil {
			return err
		}
		if err := w.table.Write(w.row); err != nil {
			return err
		}
	}
	w.table.Flush()
	return w.table.Error()
}

// End writes what stands behind the last record.
func (w *Writer) End() error {
	if w.table == nil {
		return w.text.end(w.to)
	}
	w.table.Flush()
	return w.table.Error()
}

// InputWriter writes records as a write request has them, without what only the
// server gives. Its formats are NDJSON, JSON and XML.
type InputWriter struct {
	to   io.Writer
	text *text
}

// NewInputWriter begins a text of records to be written.
func NewInputWriter(to io.Writer, f Format) *InputWriter { return &InputWriter{to, newText(f)} }

// Write writes records behind those before.
func (w *InputWriter) Write(recs []activity.Record) error {
	t := w.text
	t.begin()
	for i := range recs {
		t.separate()
		// A request of one record, of which its first and last part go.
		start := len(t.buf)
		t.buf = wire.AppendRecords(t.buf, t.format, recs[i:i+1])
		n := copy(t.buf[start:], t.buf[start+len(t.before):len(t.buf)-len(t.after)])
		t.buf = t.buf[:start+n]
	}
	return t.flush(w.to)
}

// End writes what stands behind the last record.
func (w *InputWriter) End() error { return w.text.end(w.to) }

// text is a text in one of the formats of the API, or in lines of JSON.
type text struct {
	format        wire.Format
	lines         bool
	before, after []byte // of a request
	begun, any    bool
	buf           []byte
}

func newText(f Format) *text {
	t := &text{format: wire.JSON, lines: f == NDJSON}
	closing := []byte("]")
	if f == XML {
		t.format, closing = wire.XML, []byte("</")
	}
	none := wire.AppendRecords(nil, t.format, nil)
	at := bytes.LastIndex(none, closing)
	t.before, t.after = none[:at:at], none[at:]
	return t
}

func (t *text) begin() {
	if !t.begun && !t.lines {
		t.buf = append(t.buf, t.before...)
	}
	t.begun = true
}

// separate ends the record before, if there is one: each stands on a line.
func (t *text) separate() {
	if t.any && !t.lines {
		t.buf = wire.AppendSeparator(t.buf, t.format)
	}
	if t.any || !t.lines {
		t.buf = append(t.buf, '\n')
	}
	t.any = true
}

func (t *text) flush(to io.Writer) error {
	if t.lines && t.any {
		t.buf = append(t.buf, '\n')
		t.any = false
	}
	_, err := to.Write(t.buf)
	t.buf = t.buf[:0]
	return err
}

func (t *text) end(to io.Writer) error {
	t.begin()
	if !t.lines {
		t.buf = append(append(append(t.buf, '\n'), t.after...), '\n')
	}
	return t.flush(to)
}
