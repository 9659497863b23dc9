package wire

import (
	"unicode/utf8"
)

// maxDepth bounds nesting. The documents of the API nest six deep; what nests
// deeper is skipped as unknown, and that must not take the stack.
const maxDepth = 32

// jsonScanner reads JSON tokens (RFC 8259). The body is valid UTF-8.
type jsonScanner struct {
	b     []byte
	i     int
	buf   []byte // scratch for strings with escapes
	texts arena
	at    place
}

// newJSONScanner checks the encoding of a body and prepares to read a document
// whose root has this name in XML terms.
func newJSONScanner(body []byte, root string) (*jsonScanner, error) {
	if len(body) >= len(utf8BOM) && string(body[:len(utf8BOM)]) == utf8BOM {
		body = body[len(utf8BOM):]
	}
	s := &jsonScanner{b: body, at: place{root: root}}
	if !utf8.Valid(body) {
		s.i = invalidUTF8(body)
		return nil, s.fail("The body is not valid UTF-8.")
	}
	return s, nil
}

// invalidUTF8 is the offset of the first byte that is not part of UTF-8 text.
func invalidUTF8(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

func (s *jsonScanner) fail(format string, args ...any) error {
	return newSyntaxError(JSONError, s.b, s.i, s.at.String(), format, args...)
}

// next skips white space and returns the byte that follows, 0 at the end.
func (s *jsonScanner) next() byte {
	for s.i < len(s.b) {
		c := s.b[s.i]
		if c > ' ' || !isSpace(c) {
			return c
		}
		s.i++
	}
	return 0
}

// expected fails with what should have been where something else is.
func (s *jsonScanner) expected(what string) error {
	if s.next() == 0 && s.i >= len(s.b) {
		return s.fail("The body ends where %s was expected.", what)
	}
	r, _ := utf8.DecodeRune(s.b[s.i:])
	return s.fail("%s was expected, not %q.", capital(what), r)
}

func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// end makes sure that nothing follows the document.
func (s *jsonScanner) end() error {
	s.at = place{root: s.at.root}
	if s.next(); s.i < len(s.b) {
		return s.fail("Nothing may follow the JSON value.")
	}
	return nil
}

// member goes to the next member of an object whose opening brace has been
// read, and reads its name and colon. more is false after the closing brace.
func (s *jsonScanner) member(first bool) (name string, more bool, err error) {
	c := s.next()
	if c == '}' {
		s.i++
		return "", false, nil
	}
	if !first {
		if c != ',' {
			return "", false, s.expected("a comma or a closing brace")
		}
		s.i++
		c = s.next()
	}
	if c != '"' {
		return "", false, s.expected("a name in double quotes")
	}
	if name, err = s.str(); err != nil {
		return "", false, err
	}
	if s.next() != ':' {
		return "", false, s.expected("a colon")
	}
	s.i++
	return name, true, nil
}

// element goes to the next element of an array whose opening bracket has been
// read. more is false after the closing bracket.
func (s *jsonScanner) element(first bool) (more bool, err error) {
	c := s.next()
	if c == ']' {
		s.i++
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, s.expected("a comma or a closing bracket")
	}
	s.i++
	if s.next() == ']' {
		return false, s.fail("A comma before a closing bracket is not allowed.")
	}
	return true, nil
}

// literal reads one of true, false and null.
func (s *jsonScanner) literal(word string) error {
	if s.i+len(word) > len(s.b) || string(s.b[s.i:s.i+len(word)]) != word {
		return s.expected("a value")
	}
	s.i += len(word)
	return nil
}

// kind is what a JSON value is.
type kind uint8

const (
	kindNone kind = iota // not the beginning of a value
	kindString
	kindNumber
	kindBool
	kindNull
	kindObject
	kindArray
)

// peek says what the next value is without reading it.
func (s *jsonScanner) peek() kind {
	switch c := s.next(); {
	case c == '"':
		return kindString
	case c == '{':
		return kindObject
	case c == '[':
		return kindArray
	case c == 't' || c == 'f':
		return kindBool
	case c == 'n':
		return kindNull
	case c == '-' || '0' <= c && c <= '9':
		return kindNumber
	}
	return kindNone
}

// skip reads a value of any kind and forgets it. Names that come twice in it are
// not noticed: a value that is skipped is refused for another reason.
func (s *jsonScanner) skip(depth int) error {
	if depth > maxDepth {
		return s.fail("Values nest more than %d deep.", maxDepth)
	}
	switch s.peek() {
	case kindString:
		_, err := s.str()
		return err
	case kindNumber:
		return s.number()
	case kindNull:
		return s.literal("null")
	case kindBool:
		if s.b[s.i] == 't' {
			return s.literal("true")
		}
		return s.literal("false")
	case kindObject:
		return s.skipObject(depth)
	case kindArray:
		return s.skipArray(depth)
	}
	return s.expected("a value")
}

func (s *jsonScanner) skipObject(depth int) error {
	s.i++
	for first := true; ; first = false {
		_, more, err := s.member(first)
		if err != nil || !more {
			return err
		}
		if err := s.skip(depth + 1); err != nil {
			return err
		}
	}
}

func (s *jsonScanner) skipArray(depth int) error {
	s.i++
	for first := true; ; first = false {
		more, err := s.element(first)
		if err != nil || !more {
			return err
		}
		if err := s.skip(depth + 1); err != nil {
			return err
		}
	}
}

// number reads a number by the grammar of RFC 8259, section 6.
func (s *jsonScanner) number() error {
	if s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if err := s.digits(); err != nil {
		return err
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if err := s.digits(); err != nil {
			return err
		}
	}
	if s.i < len(s.b) && lower(s.b[s.i]) == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		return s.digits()
	}
	return nil
}

func (s *jsonScanner) digits() error {
	start := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	if s.i == start {
		return s.fail("A digit was expected.")
	}
	return nil
}
