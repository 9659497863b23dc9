package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// jsonStop marks the bytes that end a run of plain text in a JSON string.
var jsonStop = func() (stop [256]bool) {
	for c := range 0x20 {
		stop[c] = true
	}
	stop['"'], stop['\\'] = true, true
	return stop
}()

// str reads a string; the scanner stands on its opening quote. Without escapes
// the result points into the body.
func (s *jsonScanner) str() (string, error) {
	start := s.i + 1
	i := start
	for i < len(s.b) && !jsonStop[s.b[i]] {
		i++
	}
	if i < len(s.b) && s.b[i] == '"' {
		s.i = i + 1
		return alias(s.b[start:i]), nil
	}
	return s.escaped(start, i)
}

// escaped reads a string from its first byte that is not plain, at i.
func (s *jsonScanner) escaped(start, i int) (string, error) {
	buf := append(s.buf[:0], s.b[start:i]...)
	for i < len(s.b) {
		switch c := s.b[i]; {
		case c == '"':
			s.i, s.buf = i+1, buf
			return s.texts.keep(buf, len(s.b)-i), nil
		case c == '\\':
			s.i = i
			var err error
			if buf, err = s.escape(buf); err != nil {
				return "", err
			}
			i = s.i
		default:
			s.i = i
			return "", s.fail("The control character U+%04X must be escaped.", c)
		}
		run := i
		for i < len(s.b) && !jsonStop[s.b[i]] {
			i++
		}
		buf = append(buf, s.b[run:i]...)
	}
	s.i = len(s.b)
	return "", s.fail("A string is not closed.")
}

// escape reads one escape sequence and appends what it stands for.
func (s *jsonScanner) escape(buf []byte) ([]byte, error) {
	if s.i+1 >= len(s.b) {
		s.i = len(s.b)
		return nil, s.fail("A string is not closed.")
	}
	c := s.b[s.i+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return s.unicode(buf)
	default:
		return nil, s.fail("There is no such escape sequence.")
	}
	s.i += 2
	return append(buf, c), nil
}

// unicode reads \uXXXX, and two of them if they are a surrogate pair.
func (s *jsonScanner) unicode(buf []byte) ([]byte, error) {
	r, ok := hex4(s.b[s.i+2:])
	if !ok {
		return nil, s.fail("Four hexadecimal digits must follow \\u.")
	}
	if !utf16.IsSurrogate(r) {
		s.i += 6
		return utf8.AppendRune(buf, r), nil
	}
	rest := s.b[s.i+6:]
	if len(rest) >= 2 && rest[0] == '\\' && rest[1] == 'u' {
		if low, ok := hex4(rest[2:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				s.i += 12
				return utf8.AppendRune(buf, pair), nil
			}
		}
	}
	return nil, s.fail("A surrogate stands alone.")
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		n, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(n)
	}
	return r, true
}

func hexDigit(c byte) (byte, bool) {
	switch c = lower(c); {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
