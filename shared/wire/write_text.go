package wire

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// appendJSONText appends s between quotes. It escapes only what RFC 8259 wants
// escaped; bytes that are not UTF-8 become U+FFFD.
func appendJSONText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			n := validRune(s[i:])
			if n == 0 {
				dst = append(append(dst, s[done:i]...), "\ufffd"...)
				done = i + 1
			}
			i += max(n, 1)
			continue
		}
		if !jsonStop[c] {
			i++
			continue
		}
		dst = appendJSONEscape(append(dst, s[done:i]...), c)
		i++
		done = i
	}
	return append(append(dst, s[done:]...), '"')
}

func appendJSONEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// validRune is the length of the code point that s begins with, 0 if it begins
// with no valid one.
func validRune(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return 0
	}
	return n
}

// xmlEscape marks the bytes that are not written to XML as they are, or begin
// what is not.
var xmlEscape = func() (escape [256]bool) {
	for c := range 256 {
		escape[c] = c < 0x20 || c >= utf8.RuneSelf
	}
	escape['\t'], escape['\n'] = false, false
	escape['&'], escape['<'], escape['>'] = true, true, true
	return escape
}()

// appendXMLText appends s as character data. What XML 1.0 cannot carry becomes
// U+FFFD; a carriage return would be read as a line feed if it stood plainly.
func appendXMLText(dst []byte, s string) []byte {
	done := 0
	for i := 0; i < len(s); {
		if !xmlEscape[s[i]] {
			i++
			continue
		}
		n, as := xmlReplacement(s[i:])
		if as != "" {
			dst = append(append(dst, s[done:i]...), as...)
			done = i + n
		}
		i += n
	}
	return append(dst, s[done:]...)
}

// xmlReplacement is what stands for the first n bytes of s, "" for themselves.
func xmlReplacement(s string) (n int, as string) {
	switch c := s[0]; {
	case c == '&':
		return 1, "&amp;"
	case c == '<':
		return 1, "&lt;"
	case c == '>':
		return 1, "&gt;"
	case c == '\r':
		return 1, "&#xD;"
	case c < utf8.RuneSelf:
		return 1, "\ufffd"
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && n == 1 {
		return n, "\ufffd"
	}
	return n, ""
}

// appendXMLValue appends s as the value of a filter, whose white space at both
// ends readers leave out unless it is written as references.
func appendXMLValue(dst []byte, s string) []byte {
	start, end := 0, len(s)
	for start < end && isSpace(s[start]) {
		dst = appendXMLSpace(dst, s[start])
		start++
	}
	for end > start && isSpace(s[end-1]) {
		end--
	}
	dst = appendXMLText(dst, s[start:end])
	for _, c := range []byte(s[end:]) {
		dst = appendXMLSpace(dst, c)
	}
	return dst
}

func appendXMLSpace(dst []byte, c byte) []byte {
	dst = append(dst, "&#x"...)
	if c > 0xF {
		dst = append(dst, hexDigits[c>>4])
	}
	return append(dst, "0123456789ABCDEF"[c&15], ';')
}
