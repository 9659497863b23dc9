package access

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest name of anything in the directory, in Unicode code
// points: that of Who and of a plan on the wire (contract, section 3).
const MaxName = 255

// Name is the name of an account or a group. Domain may be empty.
type Name struct {
	Domain, User string
}

// ParseName reads DOMAIN\name, name@domain or name. Domain and name hold no
// backslash, at sign, colon or quote (Basic and Digest could not carry them), no
// control or invisible characters, and no space at their ends. Errors are
// ErrInvalid.
func ParseName(s string) (Name, error) {
	n := Name{User: s}
	if domain, user, ok := strings.Cut(s, `\`); ok {
		n = Name{domain, user}
	} else if i := strings.LastIndexByte(s, '@'); i >= 0 {
		n = Name{s[i+1:], s[:i]}
	}
	if n.User == "" || (n.Domain == "" && n.User != s) {
		return Name{}, invalid("name %s: use DOMAIN\\name, name@domain or name", quoted(s))
	}
	if strings.ContainsAny(n.User, `\@:"`) || strings.ContainsAny(n.Domain, `\@:"`) {
		return Name{}, invalid("name %s: neither domain nor name may hold \\ @ : or a quote", quoted(s))
	}
	for _, part := range []string{n.User, n.Domain} {
		if err := checkText("name", part); part != "" && err != nil {
			return Name{}, err
		}
	}
	return n, nil
}

// String is DOMAIN\name, or the name alone if there is no domain.
func (n Name) String() string {
	if n.Domain == "" {
		return n.User
	}
	return n.Domain + `\` + n.User
}

// Forms lists the ways to write the name, without variants of case: DOMAIN\name,
// name@domain and name, or the name alone if there is no domain.
func (n Name) Forms() []string {
	if n.Domain == "" {
		return []string{n.User}
	}
	return []string{n.Domain + `\` + n.User, n.User + "@" + n.Domain, n.User}
}

// key is equal for names that are the same name.
func (n Name) key() string { return fold(n.Domain) + `\` + fold(n.User) }

// SameName reports whether two texts are the same account or group name. Texts
// that are not names are compared without case as they are.
func SameName(a, b string) bool { return nameKey(a) == nameKey(b) }

// nameKey is the key of a name as given. What cannot be a name of the directory,
// as the Who of a record may be, gets a key that no name has.
func nameKey(s string) string {
	n, err := ParseName(s)
	switch {
	case err == nil:
		return n.key()
	case !utf8.ValidString(s):
		return "\x00\x00" + s // folding would make all invalid bytes one
	}
	return "\x00" + fold(s)
}

// fold maps a text to the representative of all texts that are equal to it
// under Unicode simple case folding.
func fold(s string) string {
	return strings.Map(foldRune, s)
}

func foldRune(r rune) rune {
	if r < 0x80 {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r // the capital is the least of its class
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// checkText refuses texts that people could not tell apart or type: empty, too
// long, with control or invisible characters, or with space at an end.
func checkText(what, s string) error {
	switch {
	case s == "":
		return invalid("%s is empty", what)
	case !utf8.ValidString(s):
		return invalid("%s %s is not valid UTF-8", what, quoted(s))
	case utf8.RuneCountInString(s) > MaxName:
		return invalid("%s %s is longer than %d characters", what, quoted(s), MaxName)
	case strings.TrimSpace(s) != s:
		return invalid("%s %s begins or ends with space", what, quoted(s))
	case strings.ContainsFunc(s, invisible):
		return invalid("%s %s holds control or invisible characters", what, quoted(s))
	}
	return nil
}

func invisible(r rune) bool {
	if r < 0x80 {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point)
}
