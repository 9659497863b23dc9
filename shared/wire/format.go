package wire

// Format is one of the two formats of the API.
type Format uint8

// The formats. XML is the API's default.
const (
	XML Format = iota
	JSON
)

// ContentType is the media type of bodies in the format.
func (f Format) ContentType() string {
	if f == JSON {
		return "application/json"
	}
	return "application/xml"
}

func (f Format) String() string {
	if f == JSON {
		return "JSON"
	}
	return "XML"
}

const utf8BOM = "\ufeff"

// Sniff guesses the format of a body by its first significant byte. What is
// neither a JSON object, array nor string is taken for XML, the default.
func Sniff(body []byte) Format {
	if len(body) >= len(utf8BOM) && string(body[:len(utf8BOM)]) == utf8BOM {
		body = body[len(utf8BOM):]
	}
	for _, c := range body {
		switch c {
		case ' ', '\t', '\n', '\r':
		case '{', '[', '"':
			return JSON
		default:
			return XML
		}
	}
	return XML
}
