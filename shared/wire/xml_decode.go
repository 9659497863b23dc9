package wire

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
)

// decodeXML returns a body's text in UTF-8 without byte order mark, made of XML
// 1.0 characters only, and where in it the XML declaration ends. The text is part
// of the body if that is in UTF-8 already. The error is a *syntaxError.
func decodeXML(body []byte) (text []byte, start int, err error) {
	text, wide, err := decodeUTF16(body)
	if err != nil {
		return nil, 0, err
	}
	marked := !wide && bytes.HasPrefix(text, []byte(utf8BOM))
	if marked {
		text = text[len(utf8BOM):]
	}
	declared, start, err := readDeclaration(text)
	if err != nil {
		return nil, 0, err
	}
	name := strings.ToLower(declared)
	switch isUTF16 := strings.HasPrefix(name, "utf-16"); {
	case name == "" || name == "utf-8" && !wide || isUTF16 && wide:
	case wide || marked || isUTF16:
		return nil, 0, badEncoding("The declared encoding %s is not that of the body.", quote(declared))
	default:
		if text, err = decode8Bit(declared, text); err != nil {
			return nil, 0, err
		}
	}
	return text, start, checkCharacters(text)
}

// badEncoding is an error that has no place in the text.
func badEncoding(format string, args ...any) error {
	return &syntaxError{category: XMLError, text: fmt.Sprintf(format, args...)}
}

// checkCharacters makes sure that text is in UTF-8 and of XML characters.
func checkCharacters(text []byte) error {
	i := invalidXML(text)
	if i < 0 {
		return nil
	}
	if r, n := utf8.DecodeRune(text[i:]); r != utf8.RuneError || n > 1 {
		return newSyntaxError(XMLError, text, i, "", "The character U+%04X is not allowed in XML 1.0.", r)
	}
	return newSyntaxError(XMLError, text, i, "", "The body is not valid in its encoding.")
}

// xmlSuspect marks the bytes that may be, or begin, what XML 1.0 does not allow.
var xmlSuspect = func() (suspect [256]bool) {
	for c := range 0x20 {
		suspect[c] = !isSpace(byte(c))
	}
	suspect[0xEF] = true // U+FFFE and U+FFFF are EF BF BE and EF BF BF
	return suspect
}()

// invalidXML is the offset of the first byte of text that is not a character of
// XML 1.0 in UTF-8, -1 if there is none.
func invalidXML(text []byte) int {
	if !utf8.Valid(text) {
		return invalidUTF8(text)
	}
	for i, c := range text {
		if xmlSuspect[c] && (c != 0xEF || (text[i+1] == 0xBF && text[i+2] >= 0xBE)) {
			return i
		}
	}
	return -1
}

// isXMLChar is the production Char of XML 1.0.
func isXMLChar(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// decodeUTF16 converts a body that begins with a UTF-16 byte order mark, or with
// "<" in UTF-16; wide says that it did. Any other body is returned as it is.
func decodeUTF16(body []byte) (text []byte, wide bool, err error) {
	if len(body) < 2 {
		return body, false, nil
	}
	low, high := 0, 1 // offsets of the bytes of a unit
	switch [2]byte(body) {
	case [2]byte{0xFF, 0xFE}:
		body = body[2:]
	case [2]byte{0xFE, 0xFF}:
		body, low, high = body[2:], 1, 0
	case [2]byte{'<', 0}:
	case [2]byte{0, '<'}:
		low, high = 1, 0
	default:
		return body, false, nil
	}
	broken := badEncoding("The body is not valid UTF-16.")
	if len(body)%2 != 0 {
		return nil, true, broken
	}
	text = make([]byte, 0, len(body)/2+len(body)/8)
	for i := 0; i < len(body); i += 2 {
		r := rune(body[i+low]) | rune(body[i+high])<<8
		if utf16.IsSurrogate(r) {
			if i += 2; i == len(body) {
				return nil, true, broken
			}
			r = utf16.DecodeRune(r, rune(body[i+low])|rune(body[i+high])<<8)
			if r == utf8.RuneError {
				return nil, true, broken
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return text, true, nil
}

// decode8Bit converts text in a declared 8-bit encoding. Encodings with longer or
// with shifting codes are refused: no client of the API is known to send them.
func decode8Bit(name string, text []byte) ([]byte, error) {
	table, ok := byteTable(name)
	if !ok {
		return nil, badEncoding("The encoding %s is not supported. Use UTF-8.", quote(name))
	}
	decoded := make([]byte, 0, len(text)+len(text)/8)
	for i, c := range text {
		if table[c] == utf8.RuneError {
			return nil, newSyntaxError(XMLError, text, i, "", "The byte 0x%02X stands for nothing in %s.", c, quote(name))
		}
		decoded = utf8.AppendRune(decoded, table[c])
	}
	return decoded, nil
}

// byteTable is what each byte of an 8-bit encoding stands for, U+FFFD if nothing.
func byteTable(name string) (table [256]rune, ok bool) {
	decode := func(c byte) rune {
		if c < 0x80 {
			return rune(c)
		}
		return utf8.RuneError
	}
	if !strings.EqualFold(name, "US-ASCII") && !strings.EqualFold(name, "ASCII") {
		encoding, err := ianaindex.IANA.Encoding(name)
		codes, ok := encoding.(*charmap.Charmap)
		if err != nil || !ok {
			return table, false
		}
		decode = codes.DecodeByte
	}
	for c := range table {
		table[c] = decode(byte(c))
		if c < 0x80 && table[c] != rune(c) {
			return table, false // the declaration was read as ASCII
		}
	}
	return table, true
}
