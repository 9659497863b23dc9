package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"docket/shared/activity"
	"docket/shared/recordfile"
	"docket/shared/wire"
)

// MaxEntry bounds one entry of a file in bytes: sixteen times the largest event
// of CloudTrail, and more than fits where a record is stored.
const MaxEntry = 4 << 20

// eventsList is the list of a log file of CloudTrail.
const eventsList = "Records"

// Entry is one entry of a file: an event, a record, or what cannot be either.
type Entry struct {
	Number int // from 1, in the order of the file
	Line   int // where it begins, from 1
	Bytes  int // its length

	// Data is the entry as it stands in the file, valid until the next call of
	// Next; nil where its end was not found.
	Data []byte

	// Records are what it holds: one, or those of a custom event that carries
	// several. Refused, if not nil, says why it holds none, in words for people
	// and without quoting it.
	Records []activity.Record
	Refused error

	// Rest says that the file cannot be followed behind this entry, which
	// stands for all that is left.
	Rest bool
}

// Kinds says which kinds of entries a Reader takes.
type Kinds uint8

const (
	Records   Kinds = 1 << iota // of the API
	Events                      // of CloudTrail
	Envelopes                   // events of EventBridge, with what they carry
	All       = Records | Events | Envelopes
)

// Reader reads the entries of one file.
type Reader struct {
	from   *recordfile.Reader
	mapper *Mapper
	kinds  Kinds
	number int
	ended  bool
	broken error // Open's: reported as the only entry
}

// BufferSize is that of the buffer which NewReader puts in front of r, unless r is a
// bufio.Reader of that size itself.
const BufferSize = 64 << 10

// NewReader finds out what r holds. What cannot be read is the Reader's first
// entry, so that it is reported like all else; errors of r itself are found in the
// chain of Refused.
func NewReader(r io.Reader, m *Mapper) *Reader {
	b := bufio.NewReaderSize(r, BufferSize)
	if err := foreign(b); err != nil {
		return &Reader{broken: err}
	}
	from, err := recordfile.Open(b, eventsList)
	return &Reader{from: from, mapper: m, kinds: All, broken: err}
}

// Only makes a Reader refuse entries of other kinds.
func (r *Reader) Only(kinds Kinds) *Reader {
	r.kinds = kinds
	return r
}

// magics are the first bytes of formats that files of records are mistaken for.
var magics = []struct{ bytes, name string }{
	{"PAR1", "a Parquet file"}, {"PK\x03\x04", "a zip archive"}, {"\x28\xb5\x2f\xfd", "packed with zstd"},
	{"ORC", "an ORC file"}, {"Obj\x01", "an Avro file"}, {"BZh", "packed with bzip2"}, {"\xfd7zXZ", "packed with xz"},
}

func foreign(b *bufio.Reader) error {
	head, _ := b.Peek(8) // a failure is met again by whoever reads
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return fmt.Errorf("this is %s: give JSON, NDJSON or XML, as it is or packed with gzip", m.name)
		}
	}
	return nil
}

// Next returns the next entry, false behind the last.
func (r *Reader) Next() (Entry, bool) {
	if r.ended {
		return Entry{}, false
	}
	r.number++
	if r.broken != nil {
		return r.rest(r.broken), true
	}
	raw, err := r.from.Next()
	var bad *recordfile.BadRecord
	switch {
	case err == io.EOF:
		r.ended = true
		return Entry{}, false
	case errors.As(err, &bad):
		return Entry{Number: r.number, Line: bad.Line, Refused: errors.New(bad.Reason)}, true
	case err != nil:
		return r.rest(err), true
	}
	e := Entry{Number: r.number, Line: raw.Line, Bytes: len(raw.Data), Data: raw.Data}
	if len(raw.Data) > MaxEntry {
		e.Refused = fmt.Errorf("it is longer than %d bytes", MaxEntry)
		return e, true
	}
	e.Records, e.Refused = r.records(raw.Data)
	if e.Refused != nil {
		e.Records = nil
	}
	return e, true
}

// Skip passes entries without looking into them, up to and without the one of that
// number. It is several times as fast as Next. What ends the file on the way is met
// by Next.
func (r *Reader) Skip(to int) {
	for r.broken == nil && r.number+1 < to {
		_, err := r.from.Next()
		var bad *recordfile.BadRecord
		if err != nil && !errors.As(err, &bad) {
			return // it says so again
		}
		r.number++
	}
}

func (r *Reader) rest(err error) Entry {
	r.ended = true
	return Entry{Number: r.number, Refused: fmt.Errorf("the file cannot be read from here on: %w", err), Rest: true}
}

// records finds out what an entry is. Its strings must outlive data.
func (r *Reader) records(data []byte) ([]activity.Record, error) {
	if r.from.Format() == wire.JSON && mayBeEvent(data) {
		root, err := r.mapper.parser.parse(data)
		switch {
		case err != nil:
			return nil, err
		case isEvent(root):
			if r.kinds&Events == 0 {
				return nil, errEvents
			}
			rec, err := r.mapper.event(root, nil)
			return []activity.Record{rec}, err
		case isEnvelope(root):
			if r.kinds&Envelopes == 0 {
				return nil, errEnvelopes
			}
			return r.mapper.envelope(root)
		}
	}
	if r.kinds&Records == 0 {
		return nil, errRecords
	}
	body := r.from.Begin(make([]byte, 0, len(data)+64))
	_, body = r.from.Join(body, 0, data)
	return readRecords(r.from.Format(), r.from.End(body))
}

var (
	errEvents    = errors.New("this is an event of CloudTrail, which is not taken from here")
	errEnvelopes = errors.New("this is an event of EventBridge, which is not taken from here")
	errRecords   = errors.New("this is no event of CloudTrail, and nothing else is taken from here")
)

// mayBeEvent is a cheap look: what has none of these names is a record.
func mayBeEvent(data []byte) bool {
	return bytes.Contains(data, []byte(`"event`)) || bytes.Contains(data, []byte(`"detail-type"`)) || bytes.Contains(data, []byte(`\u`))
}

func readRecords(f wire.Format, body []byte) ([]activity.Record, error) {
	recs, err := wire.ReadRecords(f, body)
	var invalid *wire.Invalid
	if errors.As(err, &invalid) {
		return nil, errors.New(describe(invalid))
	}
	return recs, err
}

// describe says what is wrong with a record in a line.
func describe(invalid *wire.Invalid) string {
	var b bytes.Buffer
	for i, e := range invalid.Errors {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(e.Description)
	}
	return b.String()
}

// isEnvelope says whether a value is an event of EventBridge.
func isEnvelope(n *node) bool { return n.get("detail-type") != nil && n.get("detail") != nil }

// envelope reads an event of EventBridge: an event of CloudTrail, or records that
// a custom event carries, as its detail or in a list in it.
//
// The form is that of "EventBridge event structure" of the EventBridge user guide.
func (m *Mapper) envelope(n *node) ([]activity.Record, error) {
	detail := n.get("detail")
	if isEvent(detail) {
		rec, err := m.event(detail, aroundDetail(n))
		return []activity.Record{rec}, err
	}
	if list := detail.get("records"); list != nil {
		detail = list
	}
	switch detail.kind {
	case '[':
		return readRecords(wire.JSON, appendJSON(nil, detail))
	case '{':
		if detail.get("ActivityRecordList") != nil {
			return readRecords(wire.JSON, appendJSON(nil, detail))
		}
		body := appendJSON([]byte{'['}, detail)
		return readRecords(wire.JSON, append(body, ']'))
	}
	return nil, fmt.Errorf("the detail of this EventBridge event is %s and holds no record", kindName(detail.kind))
}

// aroundDetail is what an envelope tells that its event does not.
func aroundDetail(n *node) []activity.Detail {
	var list []activity.Detail
	for i := range n.kids {
		kid := &n.kids[i]
		if kid.name != "detail" && kid.kind != 'n' {
			list = append(list, activity.Detail{PropertyName: "eventBridge." + kid.name, After: kid.content()})
		}
	}
	return list
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a text"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "a boolean"
}
