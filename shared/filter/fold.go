package filter

import (
	"encoding/binary"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// cutPrefix removes prefix from the front of s, compared without case one code
// point after the other.
func cutPrefix(s, prefix string) (rest string, ok bool) {
	for _, want := range prefix {
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 || !sameLetter(r, want) {
			return s, false
		}
		s = s[n:]
	}
	return s, true
}

// sameLetter says whether a and b are in one orbit of simple folding.
func sameLetter(a, b rune) bool {
	if a == b {
		return true
	}
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return false
}

// fold maps every code point of s to one of its orbit, so that texts are the
// same without case if their foldings have the same bytes. Bytes that are not
// UTF-8 stay as they are.
func fold(s string) string { return string(appendFold(nil, s)) }

// AppendFold appends a text as it is compared without case: texts are the same
// without case if what is appended for them is. It is what segment.Join needs.
func AppendFold(dst []byte, s string) []byte { return appendFold(dst, s) }

// appendFold appends the folding of s.
func appendFold(dst []byte, s string) []byte {
	for len(s) > 0 {
		n := 0
		dst, n = appendLower(dst, s)
		for s = s[n:]; len(s) > 0 && s[0] >= utf8.RuneSelf; {
			r, size := utf8.DecodeRuneInString(s)
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[0])
			} else {
				dst = utf8.AppendRune(dst, foldLetter(r))
			}
			s = s[size:]
		}
	}
	return dst
}

// Eight bytes are looked at together: a byte's value, and its top bit, times
// everyByte is that of all eight.
const (
	everyByte = 0x0101010101010101
	topBits   = 0x80 * everyByte
)

// appendLower appends the ASCII that s begins with, its capitals small, and returns
// how much that is.
func appendLower(dst []byte, s string) ([]byte, int) {
	base, i := len(dst), 0
	dst = slices.Grow(dst, len(s))[:base+len(s)]
	from, to := unsafe.Slice(unsafe.StringData(s), len(s)), dst[base:]
	for ; i+8 <= len(from); i += 8 {
		w := binary.LittleEndian.Uint64(from[i:])
		if w&topBits != 0 {
			break
		}
		// The sums carry into a byte's top bit from A upward, and beyond Z.
		capital := (w + (0x80-'A')*everyByte) &^ (w + (0x80-'Z'-1)*everyByte) & topBits
		binary.LittleEndian.PutUint64(to[i:], w|capital>>2)
	}
	for ; i < len(from) && from[i] < utf8.RuneSelf; i++ {
		c := from[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		to[i] = c
	}
	return dst[:base+i], i
}

// foldTableLen bounds the code points whose folding is looked up: below it are
// nearly all letters that have a case, above it mostly ideographs.
const foldTableLen = 0x3000

// foldTable holds the folding of the code points below foldTableLen. No folding
// is larger than its letter, except in ASCII.
var foldTable = sync.OnceValue(func() *[foldTableLen]uint16 {
	table := new([foldTableLen]uint16)
	for r := range table {
		table[r] = uint16(foldRune(rune(r)))
	}
	return table
})

func foldLetter(r rune) rune {
	if r < foldTableLen {
		return rune(foldTable()[r])
	}
	return foldRune(r)
}

// foldRune picks the smallest of an orbit, or of its small letters if it has
// some in ASCII.
func foldRune(r rune) rune {
	least := r
	for n := unicode.SimpleFold(r); n != r; n = unicode.SimpleFold(n) {
		least = min(least, n)
	}
	if 'A' <= least && least <= 'Z' {
		return least | 0x20
	}
	return least
}
