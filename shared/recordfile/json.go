package recordfile

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// jsonSplitter finds the records of a sequence of JSON values.
type jsonSplitter struct {
	in      *input
	lists   []string // members of the object form that are lists of records
	lines   mode
	inList  bool // within an array of records
	inForm  bool // within the object form, possibly in its list
	first   bool // nothing of the list or object yet: no comma wanted
	pending error
}

// mode is whether top-level objects are one a line.
type mode uint8

const (
	unknown   mode = iota
	oneALine       // NDJSON: a damaged line is one damaged record
	freeStyle      // objects of many lines
)

func newJSONSplitter(in *input, lists []string) *jsonSplitter {
	return &jsonSplitter{in: in, lists: append([]string{"ActivityRecordList"}, lists...)}
}

// isList says whether a member of the object form is a list of records.
func (s *jsonSplitter) isList(name string) bool {
	return slices.ContainsFunc(s.lists, func(l string) bool { return strings.EqualFold(l, name) })
}

func (s *jsonSplitter) around() (before, between, after []byte) {
	return []byte("["), []byte(","), []byte("]")
}

func (s *jsonSplitter) next() (Raw, error) {
	if s.pending != nil {
		return Raw{}, s.pending
	}
	raw, err := s.find()
	if _, bad := err.(*BadRecord); err != nil && !bad {
		s.pending = err // the file has ended, or cannot be followed any more
	}
	return raw, err
}

func (s *jsonSplitter) find() (Raw, error) {
	for {
		c, ok := s.in.skipSpace()
		switch {
		case !ok && s.in.fault() != nil:
			return Raw{}, s.in.fault()
		case !ok && (s.inList || s.inForm):
			return Raw{}, s.errorf("the file ends within a list of records")
		case !ok:
			return Raw{}, io.EOF
		case s.inList:
			if done, raw, err := s.element(c); done {
				return raw, err
			}
		case s.inForm:
			if err := s.member(c); err != nil {
				return Raw{}, err
			}
		case c == '[' && s.lines != oneALine:
			s.in.pass(1)
			s.inList, s.first = true, true
		case c == '{' && s.isForm():
			s.in.pass(1)
			s.inForm, s.first = true, true
		default:
			return s.topLevel(c)
		}
	}
}

// topLevel reads a record that stands alone.
func (s *jsonSplitter) topLevel(c byte) (Raw, error) {
	if s.lines == unknown {
		s.lines = freeStyle
		w, end := s.lineWindow()
		if isObject(w[:end]) || s.linesFrom(end) {
			s.lines = oneALine
		}
	}
	if s.lines == freeStyle {
		return s.object(c)
	}
	w, end := s.lineWindow()
	line := s.in.line
	if err := s.in.fault(); err != nil {
		return Raw{}, err
	}
	data := bytes.TrimRight(w[:end], " \t\r")
	s.in.pass(end)
	if !isObject(data) {
		return Raw{}, &BadRecord{line, "this is not one complete JSON object"}
	}
	return Raw{data, line}, nil
}

// linesFrom says whether a first line that is damaged is one of NDJSON: from at on
// there is a line that is an object, and then the end or another object. Within one
// JSON value two objects never stand next to each other without a comma.
func (s *jsonSplitter) linesFrom(at int) bool {
	for range maxBlank {
		at++
		if at > len(s.in.window()) {
			return false
		}
		end := s.in.index("\n", at)
		w := s.in.window()
		if end < 0 {
			end = len(w)
		}
		if line := w[at:end]; len(bytes.TrimSpace(line)) > 0 {
			if !isObject(line) {
				return false
			}
			s.in.index("{", end) // reads on
			rest := bytes.TrimLeft(s.in.window()[end:], " \t\r\n")
			return len(rest) == 0 || rest[0] == '{'
		}
		at = end
	}
	return false
}

// maxBlank bounds the blank lines that are looked past.
const maxBlank = 100

// isObject says whether a line is one whole JSON object.
func isObject(line []byte) bool {
	line = bytes.Trim(line, " \t\r")
	return len(line) > 0 && line[0] == '{' && objectEnd(line) == len(line)
}

// lineWindow is the window and where its first line ends.
func (s *jsonSplitter) lineWindow() ([]byte, int) {
	end := s.in.index("\n", 0)
	w := s.in.window()
	if end < 0 {
		end = len(w)
	}
	return w, end
}

// element reads what comes next in a list: a record, or its end.
func (s *jsonSplitter) element(c byte) (done bool, raw Raw, err error) {
	if c == ']' {
		s.in.pass(1)
		s.inList, s.first = false, false
		return false, Raw{}, nil
	}
	if err := s.comma(&c); err != nil {
		return true, Raw{}, err
	}
	if c != '{' {
		return true, Raw{}, s.stranger(c)
	}
	raw, err = s.object(c)
	return true, raw, err
}

// stranger passes a value in a list that is no object: it costs itself alone.
func (s *jsonSplitter) stranger(c byte) error {
	bad := &BadRecord{s.in.line, "this is not a JSON object"}
	switch {
	case c == '[':
		_, err := s.bracketed()
		if err != nil {
			return err
		}
	case c == '"':
		if _, err := s.text(c); err != nil {
			return err
		}
	default:
		n := literalEnd(s.in)
		if n == 0 {
			return s.errorf("expected a record, which begins with {")
		}
		s.in.pass(n)
	}
	return bad
}

// maxLiteral is more than a number, true, false or null needs.
const maxLiteral = 64

// literalEnd is the length of the literal at the start of the window, 0 if
// there is none.
func literalEnd(in *input) int {
	for in.end-in.pos <= maxLiteral && in.more() {
	}
	w := in.window()
	for i, c := range w[:min(len(w), maxLiteral)] {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'E' {
			return i
		}
	}
	return 0
}

// comma passes the comma that must stand before all but the first.
func (s *jsonSplitter) comma(c *byte) error {
	if s.first {
		s.first = false
		return nil
	}
	if *c != ',' {
		return s.errorf("expected a comma")
	}
	s.in.pass(1)
	var ok bool
	if *c, ok = s.in.skipSpace(); !ok {
		return s.ended()
	}
	return nil
}

// object reads one object of any number of lines.
func (s *jsonSplitter) object(c byte) (Raw, error) {
	if c != '{' {
		return Raw{}, s.errorf("expected a record, which begins with {")
	}
	return s.bracketed()
}

// bracketed reads a value in brackets.
func (s *jsonSplitter) bracketed() (Raw, error) {
	for {
		end := objectEnd(s.in.window())
		if end > 0 {
			raw := Raw{s.in.window()[:end], s.in.line}
			s.in.pass(end)
			return raw, nil
		}
		if end == badObject {
			return Raw{}, s.errorf("a line break within a string")
		}
		if !s.in.double() {
			return Raw{}, s.ended()
		}
	}
}

// member reads one member of the object form: the list is entered, anything
// else passed over.
func (s *jsonSplitter) member(c byte) error {
	if c == '}' {
		s.in.pass(1)
		s.inForm, s.first = false, false
		return nil
	}
	if err := s.comma(&c); err != nil {
		return err
	}
	name, err := s.text(c)
	if err != nil {
		return err
	}
	if c, ok := s.in.skipSpace(); !ok || c != ':' {
		return s.errorf("expected a colon")
	}
	s.in.pass(1)
	c, ok := s.in.skipSpace()
	switch {
	case !ok:
		return s.ended()
	case s.isList(name):
		if c != '[' {
			return s.errorf("expected a list of records, which begins with [")
		}
		s.in.pass(1)
		s.inList, s.first = true, true
		return nil
	case strings.EqualFold(name, "ContinuationMark"):
		_, err := s.text(c)
		return err
	}
	return s.errorf("unknown member %q beside a list of records", name)
}

// text passes a string and returns what is between its quotes.
func (s *jsonSplitter) text(c byte) (string, error) {
	if c != '"' {
		return "", s.errorf("expected a string")
	}
	for {
		w := s.in.window()
		if end := stringEnd(w, 1); end > 0 {
			text := string(w[1 : end-1])
			s.in.pass(end)
			return text, nil
		}
		if len(w) > 64<<10 {
			return "", s.errorf("this name or mark is too long")
		}
		if !s.in.double() {
			return "", s.ended()
		}
	}
}

// isForm says whether the object at the window's start is the object form: its
// first member is one of the two that it has.
func (s *jsonSplitter) isForm() bool {
	const enough = 256
	for len(s.in.window()) < enough && s.in.more() {
	}
	w := bytes.TrimLeft(s.in.window()[1:], " \t\r\n")
	if len(w) == 0 || w[0] != '"' {
		return false
	}
	end := stringEnd(w, 1)
	if end < 0 {
		return false
	}
	name := string(w[1 : end-1])
	return s.isList(name) || strings.EqualFold(name, "ContinuationMark")
}

func (s *jsonSplitter) ended() error {
	if err := s.in.fault(); err != nil {
		return err
	}
	return s.errorf("the file ends within a record")
}

func (s *jsonSplitter) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", s.in.line, fmt.Sprintf(format, args...))
}

const (
	openObject = -1 // more is needed
	badObject  = -2 // no JSON
)

// objectEnd returns where the object that begins w ends: behind its closing
// brace.
func objectEnd(w []byte) int {
	depth := 0
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case '"':
			end := stringEnd(w, i+1)
			if end < 0 {
				return end
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return openObject
}

// stringEnd returns where the string whose inside begins at i ends: behind its
// closing quote.
func stringEnd(w []byte, i int) int {
	for {
		q := bytes.IndexByte(w[i:], '"')
		if q < 0 {
			if bytes.IndexByte(w[i:], '\n') >= 0 {
				return badObject
			}
			return openObject
		}
		i += q + 1
		escapes := 0
		for w[i-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}
