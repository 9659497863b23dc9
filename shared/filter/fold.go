package filter

import (
	"unicode"
	"unicode/utf8"
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

// fold maps every code point to one of its orbit: tests of folded text compare
// bytes.
func fold(s string) string {
	var b []byte
	for i, r := range s {
		if r == utf8.RuneError && s[i] != 0xef {
			b = append(b, s[i])
			continue
		}
		b = utf8.AppendRune(b, foldRune(r))
	}
	return string(b)
}

func foldRune(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 32
	}
	if r < 0x80 {
		return r
	}
	m := r
	for n := unicode.SimpleFold(r); n != r; n = unicode.SimpleFold(n) {
		m = min(m, n)
	}
	if 'A' <= m && m <= 'Z' {
		return m + 32
	}
	return m
}
