package recordfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"

	"docket/shared/wire"
)

// Raw is one record as it stands in a file.
type Raw struct {
	Data []byte // valid until the next call of Next
	Line int    // where it begins, from 1
}

// BadRecord is a line, or a value in a list, that is no record. The next call of Next goes on behind it.
type BadRecord struct {
	Line   int
	Reason string
}

func (b *BadRecord) Error() string { return fmt.Sprintf("line %d: %s", b.Line, b.Reason) }

// Reader reads the records of one file.
type Reader struct {
	split  splitter
	format wire.Format
}

// splitter finds the records of one format.
type splitter interface {
	next() (Raw, error)
	// around is what stands before, between and after records in a request.
	around() (before, between, after []byte)
}

// Open finds out what r holds. An empty file has no records.
//
// The object form of JSON has its records in the member ActivityRecordList;
// lists names more members that are such lists, for files of others.
func Open(r io.Reader, lists ...string) (*Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		b = bufio.NewReaderSize(unpacked, 64<<10)
	}
	text, marked, err := decodeMark(b)
	if err != nil {
		return nil, err
	}
	head, err := text.Peek(headLength)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, err
	}
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '<' {
		return &Reader{split: newJSONSplitter(newInput(text), lists), format: wire.JSON}, nil
	}
	var from io.Reader = text
	if !marked {
		if from, err = decodeDeclared(text, trimmed); err != nil {
			return nil, err
		}
	}
	return &Reader{split: newXMLSplitter(newInput(from)), format: wire.XML}, nil
}

// headLength is how much is looked at to tell formats and encodings apart.
const headLength = 512

// decodeMark reads the byte order mark, if there is one.
func decodeMark(b *bufio.Reader) (text *bufio.Reader, marked bool, err error) {
	head, _ := b.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, err := b.Discard(3)
		return b, true, err
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		utf16 := unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
		return bufio.NewReaderSize(utf16.NewDecoder().Reader(b), 64<<10), true, nil
	}
	return b, false, nil
}

// decodeDeclared reads text in the encoding that its XML declaration names.
func decodeDeclared(text io.Reader, head []byte) (io.Reader, error) {
	name := declaredEncoding(head)
	if name == "" {
		return text, nil
	}
	e, err := ianaindex.MIME.Encoding(name)
	if err != nil || e == nil {
		return nil, fmt.Errorf("line 1: the encoding %q is not known", name)
	}
	if e == unicode.UTF8 || e == encoding.Nop {
		return text, nil
	}
	return e.NewDecoder().Reader(text), nil
}

// declaredEncoding is the value of encoding in an XML declaration.
func declaredEncoding(head []byte) string {
	end := bytes.Index(head, []byte("?>"))
	if !bytes.HasPrefix(head, []byte("<?xml")) || end < 0 {
		return ""
	}
	_, value, ok := bytes.Cut(head[:end], []byte("encoding"))
	if !ok {
		return ""
	}
	value = bytes.TrimLeft(value, " \t\r\n=")
	if len(value) < 2 {
		return ""
	}
	name, _, ok := bytes.Cut(value[1:], value[:1])
	if !ok {
		return ""
	}
	return string(name)
}

// Format is the format of requests that Begin, Join and End make.
func (r *Reader) Format() wire.Format { return r.format }

// Next returns the next record, io.EOF at the end, a *BadRecord for a line that
// is none, or an error that ends the file.
func (r *Reader) Next() (Raw, error) { return r.split.next() }

// Begin appends what stands before the first record of a request.
func (r *Reader) Begin(dst []byte) []byte {
	before, _, _ := r.split.around()
	return append(dst, before...)
}

// Join appends the n-th record of a request, from 0, and returns where it
// begins. The record may be of another file in the same format and with the same
// XML root.
func (r *Reader) Join(dst []byte, n int, data []byte) (start int, _ []byte) {
	if n > 0 {
		_, between, _ := r.split.around()
		dst = append(dst, between...)
	}
	return len(dst), append(dst, data...)
}

// End appends what stands behind the last record of a request.
func (r *Reader) End(dst []byte) []byte {
	_, _, after := r.split.around()
	return append(dst, after...)
}
