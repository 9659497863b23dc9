package auth

import "strings"

// The limits of what is read, each above what any client sends and within what
// a gateway lets through.
const (
	maxAuthorization = 10 << 10 // bytes of the header: API Gateway's limit for all headers
	maxParams        = 24       // parameters of Digest credentials; clients send 9 to 11
	maxName          = 1 << 10  // bytes of a user name, unescaped
	maxPassword      = 1 << 10  // bytes of a password
	maxNonce         = 256      // bytes of a nonce or cnonce; curl's cnonce has 44
)

// splitAuthorization takes the scheme, in lower case, and the credentials from
// a header. Two headers, control characters or too many bytes are no
// credentials: a client that sends them and a server that picks one disagree.
func splitAuthorization(values []string) (token, credentials string, ok bool) {
	if len(values) != 1 || len(values[0]) > maxAuthorization {
		return "", "", false
	}
	token, credentials, ok = strings.Cut(values[0], " ")
	credentials = strings.Trim(credentials, " \t")
	if !ok || !isToken(token) || credentials == "" || hasControl(credentials) {
		return "", "", false
	}
	return strings.ToLower(token), credentials, true
}

// hasControl reports control characters other than tab.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7F })
}

// isToken reports whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// param is one name=value of credentials.
type param struct {
	name   string // in lower case
	raw    string // between the quotes, or the token, as sent
	quoted bool
}

// text is the value with quoted pairs undone (RFC 9110, section 5.6.4).
func (p param) text() string {
	if !p.quoted || strings.IndexByte(p.raw, '\\') < 0 {
		return p.raw
	}
	var b strings.Builder
	b.Grow(len(p.raw))
	for i := 0; i < len(p.raw); i++ {
		if p.raw[i] == '\\' && i+1 < len(p.raw) {
			i++
		}
		b.WriteByte(p.raw[i])
	}
	return b.String()
}

// readParams reads a comma-separated list of parameters. Empty elements and
// white space around separators are fine (RFC 9110, section 5.6.1.2). False:
// the list is not well-formed, too long, or has a name twice.
func readParams(s string) ([]param, bool) {
	list := make([]param, 0, 12)
	for s = skip(s); s != ""; s = skip(s) {
		p, rest, ok := readParam(s)
		if !ok || len(list) == maxParams {
			return nil, false
		}
		for _, q := range list {
			if q.name == p.name {
				return nil, false
			}
		}
		list = append(list, p)
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && rest[0] != ',' {
			return nil, false
		}
		s = rest
	}
	return list, len(list) > 0
}

// skip drops separators.
func skip(s string) string { return strings.TrimLeft(s, " \t,") }

func readParam(s string) (p param, rest string, ok bool) {
	i := strings.IndexByte(s, '=')
	if i < 0 {
		return param{}, "", false
	}
	name := strings.TrimRight(s[:i], " \t")
	if !isToken(name) {
		return param{}, "", false
	}
	p.name = strings.ToLower(name)
	s = strings.TrimLeft(s[i+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		p.quoted = true
		p.raw, rest, ok = readQuoted(s[1:])
		return p, rest, ok
	}
	end := 0
	for end < len(s) && isTokenByte(s[end]) {
		end++
	}
	p.raw = s[:end]
	return p, s[end:], end > 0
}

// readQuoted takes the text up to the closing quote, as sent. A backslash
// protects the quote after it.
func readQuoted(s string) (raw, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}
