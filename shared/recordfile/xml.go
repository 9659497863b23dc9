package recordfile

import (
	"bytes"
	"fmt"
	"io"
)

// xmlSplitter finds the children of an ActivityRecordList. It follows markup
// only as far as it must to know where an element ends.
type xmlSplitter struct {
	in       *input
	root     []byte // the start tag, with its namespace declarations
	name     []byte
	finished bool
	pending  error
}

func newXMLSplitter(in *input) *xmlSplitter { return &xmlSplitter{in: in} }

func (s *xmlSplitter) around() (before, between, after []byte) {
	return s.root, nil, append(append([]byte("</"), s.name...), '>')
}

func (s *xmlSplitter) next() (Raw, error) {
	if s.pending == nil && s.root == nil {
		s.pending = s.open()
	}
	if s.pending != nil {
		return Raw{}, s.pending
	}
	raw, err := s.find()
	s.pending = err
	return raw, err
}

// open reads up to the root's start tag.
func (s *xmlSplitter) open() error {
	if err := s.misc(); err != nil {
		return err
	}
	end, err := s.markup(func(w []byte) int { return tagEnd(w, 1) })
	if err != nil {
		return err
	}
	tag := s.in.window()[:end]
	s.name = bytes.Clone(tagName(tag[1:]))
	if string(localName(s.name)) != "ActivityRecordList" {
		return s.errorf("the root is <%s>, not <ActivityRecordList>", s.name)
	}
	s.root = bytes.Clone(tag)
	if bytes.HasSuffix(tag, []byte("/>")) {
		s.root = append(bytes.Clone(tag[:len(tag)-2]), '>')
		s.finished = true
	}
	s.in.pass(end)
	return nil
}

func (s *xmlSplitter) find() (Raw, error) {
	for !s.finished {
		if err := s.misc(); err != nil {
			return Raw{}, err
		}
		if bytes.HasPrefix(s.in.window(), []byte("</")) {
			end, err := s.markup(func(w []byte) int { return tagEnd(w, 2) })
			if err != nil {
				return Raw{}, err
			}
			if name := tagName(s.in.window()[2:end]); !bytes.Equal(name, s.name) {
				return Raw{}, s.errorf("</%s> ends <%s>", name, s.name)
			}
			s.in.pass(end)
			s.finished = true
			break
		}
		end, err := s.markup(elementEnd)
		if err != nil {
			return Raw{}, err
		}
		raw := Raw{s.in.window()[:end], s.in.line}
		s.in.pass(end)
		if string(localName(tagName(raw.Data[1:]))) != "ContinuationMark" {
			return raw, nil
		}
	}
	if _, more := s.in.skipSpace(); !more {
		if err := s.in.fault(); err != nil {
			return Raw{}, err
		}
		return Raw{}, io.EOF
	}
	if err := s.misc(); err != nil {
		if s.in.fault() == nil && len(s.in.window()) == 0 {
			return Raw{}, io.EOF
		}
		return Raw{}, err
	}
	return Raw{}, s.errorf("there is more behind the root")
}

// misc passes white space, comments and processing instructions, up to a tag.
func (s *xmlSplitter) misc() error {
	for {
		c, ok := s.in.skipSpace()
		if !ok {
			return s.ended()
		}
		if c != '<' {
			return s.errorf("expected a tag, found text")
		}
		for len(s.in.window()) < len("<!--") && s.in.more() {
		}
		var end int
		var err error
		switch w := s.in.window(); {
		case bytes.HasPrefix(w, []byte("<?")):
			end, err = s.markup(func(w []byte) int { return behind(w, 2, "?>") })
		case bytes.HasPrefix(w, []byte("<!--")):
			end, err = s.markup(func(w []byte) int { return behind(w, 4, "-->") })
		case bytes.HasPrefix(w, []byte("<!")):
			return s.errorf("a DTD is not taken")
		default:
			return nil
		}
		if err != nil {
			return err
		}
		s.in.pass(end)
	}
}

// markup makes the window longer until find sees an end in it.
func (s *xmlSplitter) markup(find func(w []byte) int) (int, error) {
	for {
		end := find(s.in.window())
		if end > 0 {
			return end, nil
		}
		if end == badObject {
			return 0, s.errorf("this markup does not belong in a record")
		}
		if !s.in.double() {
			return 0, s.ended()
		}
	}
}

func (s *xmlSplitter) ended() error {
	if err := s.in.fault(); err != nil {
		return err
	}
	return s.errorf("the file ends within the list")
}

func (s *xmlSplitter) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", s.in.line, fmt.Sprintf(format, args...))
}

// elementEnd returns where the element that begins w ends: behind its end tag.
func elementEnd(w []byte) int {
	depth := 0
	for i := 0; ; {
		next := bytes.IndexByte(w[i:], '<')
		if next < 0 || i+next+1 == len(w) {
			return openObject
		}
		i += next
		end := 0
		switch rest := w[i:]; {
		case rest[1] == '/':
			end = tagEnd(w, i+2)
			depth--
		case rest[1] == '?':
			end = behind(w, i+2, "?>")
		case rest[1] != '!':
			end = tagEnd(w, i+1)
			if end > 0 && w[end-2] != '/' {
				depth++
			}
		case bytes.HasPrefix(rest, []byte("<!--")):
			end = behind(w, i+4, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end = behind(w, i+9, "]]>")
		case len(rest) < len("<![CDATA["):
			return openObject
		default:
			return badObject
		}
		if end < 0 {
			return end
		}
		if i = end; depth == 0 {
			return end
		}
	}
}

// tagEnd returns the position behind the '>' of the tag that i is within,
// outside of quotes.
func tagEnd(w []byte, i int) int {
	var quote byte
	for ; i < len(w); i++ {
		switch c := w[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		case c == '<':
			return badObject
		}
	}
	return openObject
}

// behind returns the position behind the first sep at or after i.
func behind(w []byte, i int, sep string) int {
	if i > len(w) {
		return openObject
	}
	at := bytes.Index(w[i:], []byte(sep))
	if at < 0 {
		return openObject
	}
	return i + at + len(sep)
}

// tagName is the name at the start of the inside of a tag.
func tagName(inside []byte) []byte {
	end := bytes.IndexAny(inside, " \t\r\n/>")
	if end < 0 {
		return inside
	}
	return inside[:end]
}

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }
