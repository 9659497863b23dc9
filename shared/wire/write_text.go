package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

const hexDigits = "0123456789abcdef"

// appendJSONText appends s between quotes. It escapes only what RFC 8259 wants
// escaped; bytes that are not UTF-8 become U+FFFD.
func appendJSONText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for s != "" {
		plain := 0
		if dst, plain = appendPlain(dst, s, &jsonPlain); plain == len(s) {
			break
		}
		s = s[plain:]
		if c := s[0]; c < utf8.RuneSelf {
			dst = appendJSONEscape(dst, c)
			s = s[1:]
			continue
		}
		n := validRune(s)
		if n == 0 {
			dst = append(dst, "\ufffd"...)
		} else {
			dst = append(dst, s[:n]...)
		}
		s = s[max(n, 1):]
	}
	return append(dst, '"')
}

// Eight bytes are looked at together. A test has the top bit of a byte set if
// that is not plain; behind the first such byte it may be wrong.
const (
	every = 0x0101010101010101
	tops  = 0x80 * every
)

// below has the bytes below n, at most 128, and is the bytes that are c.
func below(w, n uint64) uint64 { return (w - n*every) &^ w & tops }
func is(w uint64, c byte) uint64 {
	w ^= uint64(c) * every
	return (w - every) &^ w & tops
}

// plainness is the bytes that are written as they are: of ASCII all from the space
// on but those in not, and some control characters.
type plainness struct {
	table [256]bool
	not   [3]byte
}

func newPlainness(not [3]byte, controls string) plainness {
	p := plainness{not: not}
	for c := 0x20; c < utf8.RuneSelf; c++ {
		p.table[c] = true
	}
	for _, c := range []byte(controls) {
		p.table[c] = true
	}
	for _, c := range not {
		p.table[c] = false
	}
	return p
}

var (
	jsonPlain = newPlainness([3]byte{'"', '\\', '\\'}, "")
	xmlPlain  = newPlainness([3]byte{'&', '<', '>'}, "\t\n")
)

// appendPlain appends the plain bytes that s begins with and returns how many
// there are.
func appendPlain(dst []byte, s string, plain *plainness) ([]byte, int) {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	n := 0
	for n+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[n:])
		stops := w&tops | below(w, 0x20) | is(w, plain.not[0]) | is(w, plain.not[1]) | is(w, plain.not[2])
		dst = binary.LittleEndian.AppendUint64(dst, w)
		if stops != 0 {
			k := bits.TrailingZeros64(stops) / 8
			dst = dst[:len(dst)-8+k]
			if n += k; !plain.table[b[n]] {
				return dst, n
			}
			dst = append(dst, b[n])
			n++
			continue
		}
		n += 8
	}
	for n < len(b) && plain.table[b[n]] {
		dst = append(dst, b[n])
		n++
	}
	return dst, n
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

// appendXMLText appends s as character data. What XML 1.0 cannot carry becomes
// U+FFFD; a carriage return would be read as a line feed if it stood plainly.
func appendXMLText(dst []byte, s string) []byte {
	for s != "" {
		plain := 0
		if dst, plain = appendPlain(dst, s, &xmlPlain); plain == len(s) {
			break
		}
		s = s[plain:]
		n, as := xmlReplacement(s)
		if as == "" {
			as = s[:n]
		}
		dst = append(dst, as...)
		s = s[n:]
	}
	return dst
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
