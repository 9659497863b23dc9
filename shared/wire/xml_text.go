package wire

import (
	"bytes"
	"unicode/utf8"
)

// textStop marks the bytes that end a run of plain text in an element.
var textStop = [256]bool{'<': true, '&': true, ']': true, '\r': true}

// text reads the content of an element that has text alone, and its end tag. If
// trimmed is set, white space at both ends is left out as far as it is written
// plainly. Text in one plain piece is not copied.
func (s *xmlScanner) text(trimmed bool) (string, error) {
	if s.empty {
		s.pop()
		return "", nil
	}
	start := s.i
	i := start
	for i < len(s.b) && !textStop[s.b[i]] {
		i++
	}
	if i+1 < len(s.b) && s.b[i] == '<' && s.b[i+1] == '/' {
		s.i = i
		text := alias(s.b[start:i])
		if trimmed {
			text = trim(text)
		}
		return text, s.close()
	}
	buf, err := s.pieces(trimmed)
	if err != nil {
		return "", err
	}
	if !s.has("</") {
		return "", s.strayChild()
	}
	text := s.texts.keep(buf, len(s.b)-s.i)
	return text, s.close()
}

// strayChild refuses an element in a text. Usually an end tag has been forgotten,
// and the next end tag that does not fit says more than this one would.
func (s *xmlScanner) strayChild() error {
	stray := s.fail("Elements are not allowed here.")
	if err := s.skip(); err != nil {
		return err
	}
	return stray
}

// pieces reads character data, references, CDATA sections, comments and
// processing instructions up to the next tag, or the end.
func (s *xmlScanner) pieces(trimmed bool) ([]byte, error) {
	buf := s.buf[:0]
	keep := 0 // length of buf up to the last byte that may not be trimmed
	defer func() { s.buf = buf }()
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '&':
			r, err := s.reference()
			if err != nil {
				return nil, err
			}
			buf = utf8.AppendRune(buf, r)
			keep = len(buf)
		case c == '<' && s.has("<![CDATA["):
			section, err := s.cdata()
			if err != nil {
				return nil, err
			}
			buf = appendLines(buf, section)
			keep = len(buf)
		case c == '<' && s.i+1 < len(s.b) && (s.b[s.i+1] == '!' || s.b[s.i+1] == '?'):
			if err := s.aside(); err != nil {
				return nil, err
			}
		case c == '<':
			if trimmed {
				buf = buf[:keep]
			}
			return buf, nil
		default:
			run, err := s.run()
			if err != nil {
				return nil, err
			}
			if trimmed && len(buf) == 0 {
				run = bytes.TrimLeft(run, " \t\r\n")
			}
			n := len(buf)
			buf = appendLines(buf, run)
			if plain := bytes.TrimRight(buf[n:], " \t\n"); len(plain) > 0 {
				keep = n + len(plain)
			}
		}
	}
	return nil, s.fail("The element %s is not closed.", quote(string(s.open[len(s.open)-1].name)))
}

// run reads plain character data.
func (s *xmlScanner) run() ([]byte, error) {
	start := s.i
	for s.i < len(s.b) {
		c := s.b[s.i]
		if c == '<' || c == '&' {
			break
		}
		if c == ']' && s.has("]]>") {
			return nil, s.fail("]]> is not allowed in text.")
		}
		s.i++
	}
	return s.b[start:s.i], nil
}

// cdata reads a CDATA section.
func (s *xmlScanner) cdata() ([]byte, error) {
	start := s.i + len("<![CDATA[")
	end := bytes.Index(s.b[start:], []byte("]]>"))
	if end < 0 {
		return nil, s.fail("A CDATA section is not closed.")
	}
	s.i = start + end + len("]]>")
	return s.b[start : start+end], nil
}

// appendLines appends text with its line ends made \n (XML 1.0, section 2.11).
func appendLines(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\r')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), '\n')
		if text = text[i+1:]; len(text) > 0 && text[0] == '\n' {
			text = text[1:]
		}
	}
}

// reference reads one of the five entities or a character reference.
func (s *xmlScanner) reference() (rune, error) {
	rest := s.b[s.i+1:]
	if len(rest) > 0 && rest[0] == '#' {
		return s.character(rest[1:])
	}
	for _, e := range [...]struct {
		name string
		r    rune
	}{{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}} {
		if len(rest) >= len(e.name) && string(rest[:len(e.name)]) == e.name {
			s.i += 1 + len(e.name)
			return e.r, nil
		}
	}
	return 0, s.fail("Only the entities lt, gt, amp, quot and apos are known; a plain & is written &amp;.")
}

// character reads the rest of &#…; or &#x…;, which may have any number of zeros.
func (s *xmlScanner) character(rest []byte) (rune, error) {
	base, i := rune(10), 0
	if len(rest) > 0 && rest[0] == 'x' {
		base, i = 16, 1
	}
	var r rune
	digits := 0
	for ; i < len(rest) && rest[i] != ';'; i++ {
		n, ok := hexDigit(rest[i])
		if !ok || rune(n) >= base {
			break
		}
		if r = r*base + rune(n); r > utf8.MaxRune {
			break
		}
		digits++
	}
	if digits == 0 || i == len(rest) || rest[i] != ';' || !isXMLChar(r) {
		return 0, s.fail("The character reference is not valid.")
	}
	s.i += len("&#") + i + 1
	return r, nil
}

// hasText says whether the innermost element's content begins with text, and not
// with a child; an element without content has text.
func (s *xmlScanner) hasText() bool {
	if s.empty {
		return true
	}
	i := s.i
	defer func() { s.i = i }()
	if err := s.misc(); err != nil {
		return true // text reports it, or takes a CDATA section
	}
	return s.i+1 >= len(s.b) || s.b[s.i] != '<' || s.b[s.i+1] == '/'
}
