package wire

import "bytes"

// readDeclaration reads the XML declaration (XML 1.0, production 23) if the text
// begins with one. It returns the declared encoding, "" if there is none, and
// where the rest begins.
func readDeclaration(text []byte) (encoding string, n int, err error) {
	const open = "<?xml"
	if !bytes.HasPrefix(text, []byte(open)) || len(text) == len(open) || !isSpace(text[len(open)]) {
		return "", 0, nil
	}
	end := bytes.Index(text, []byte("?>"))
	if end < 0 {
		return "", 0, badDeclaration(text)
	}
	rest := text[len(open):end]
	version, rest, ok := pseudoAttribute(rest, "version")
	if !ok || version != "1.0" {
		return "", 0, badDeclaration(text)
	}
	if e, after, ok := pseudoAttribute(rest, "encoding"); ok {
		if encoding, rest = e, after; !isEncodingName(e) {
			return "", 0, badDeclaration(text)
		}
	}
	if s, after, ok := pseudoAttribute(rest, "standalone"); ok {
		if rest = after; s != "yes" && s != "no" {
			return "", 0, badDeclaration(text)
		}
	}
	if trim(alias(rest)) != "" {
		return "", 0, badDeclaration(text)
	}
	return encoding, end + len("?>"), nil
}

func badDeclaration(text []byte) error {
	return newSyntaxError(XMLError, text, 0, "", "The XML declaration is not valid; version must be 1.0.")
}

// pseudoAttribute reads white space and name="value".
func pseudoAttribute(b []byte, name string) (value string, rest []byte, ok bool) {
	s := bytes.TrimLeft(b, " \t\r\n")
	if len(s) == len(b) || !bytes.HasPrefix(s, []byte(name)) {
		return "", b, false
	}
	s = bytes.TrimLeft(s[len(name):], " \t\r\n")
	if len(s) == 0 || s[0] != '=' {
		return "", b, false
	}
	s = bytes.TrimLeft(s[1:], " \t\r\n")
	if len(s) == 0 || s[0] != '"' && s[0] != '\'' {
		return "", b, false
	}
	end := bytes.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", b, false
	}
	return string(s[1 : 1+end]), s[2+end:], true
}

// isEncodingName is the production EncName of XML 1.0.
func isEncodingName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := lower(s[i])
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '.' || c == '_' || c == '-')) {
			return false
		}
	}
	return s != ""
}
