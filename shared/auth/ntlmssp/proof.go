package ntlmssp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/subtle"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 NTLM is defined by it
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// HashBytes is the size of an NT hash.
const HashBytes = md4.Size

// NTHash is what NTLM keeps of a password: MD4 of its UTF-16 (NTOWFv1, MS-NLMP,
// section 3.3.1). It is worth the password to who has it.
func NTHash(password string) []byte { return hashUTF16(password) }

// WideHash is the NT hash as clients compute it that take each byte of the
// password's UTF-8 for a character, as curl does. It is NTHash for ASCII.
func WideHash(password string) []byte { return hashUTF16(Widen(password)) }

func hashUTF16(s string) []byte {
	h := md4.New()
	h.Write(appendUTF16(nil, s))
	return h.Sum(nil)
}

// Widen takes each byte for a character.
func Widen(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// Narrow is the reverse of Widen. False: s is not the widened form of other text.
func Narrow(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	ascii := true
	for _, r := range s {
		if r > 0xFF {
			return "", false
		}
		ascii = ascii && r < 0x80
		b = append(b, byte(r))
	}
	text := string(b)
	return text, !ascii && strings.ToValidUTF8(text, "") == text
}

// Fits reports whether the proof is right for one of some NT hashes and for the
// nonce of a challenge. All are tried, with every way in which clients write the
// user's name in capitals.
func (a *Authenticate) Fits(hashes [][]byte, nonce [8]byte) bool {
	fits := 0
	for _, name := range capitals(a.User) {
		identity := appendUTF16(nil, name+a.Domain)
		for _, h := range hashes {
			owf := mac(h, identity) // NTOWFv2 (section 3.3.2)
			fits |= subtle.ConstantTimeCompare(mac(owf, nonce[:], a.Covered), a.Proof)
		}
	}
	return fits == 1
}

// capitals are the ways to write a name in capitals: letter by letter as Windows
// does, in full as Python and Java do (where one letter may become two), and for
// ASCII alone as curl does. For names of ASCII they are one.
func capitals(name string) []string {
	list := []string{strings.Map(unicode.ToUpper, name)}
	ascii := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, name)
	for _, s := range []string{cases.Upper(language.Und).String(name), ascii} {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func mac(key []byte, parts ...[]byte) []byte {
	m := hmac.New(md5.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}
