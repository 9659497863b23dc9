package wire

import "bytes"

// attribute is one attribute of a start tag.
type attribute struct {
	name   []byte // as written
	prefix []byte
	local  []byte
	uri    string
	value  string
}

// maxAttributes bounds the attributes of an element, and maxBindings the
// namespaces in force: each is compared with all others.
const (
	maxAttributes = 32
	maxBindings   = 64
)

// attributeList reads the attributes of a start tag and what they declare.
func (s *xmlScanner) attributeList() error {
	for {
		before := s.i
		s.space()
		if s.i >= len(s.b) || s.b[s.i] == '>' || s.b[s.i] == '/' {
			break
		}
		if s.i == before {
			return s.fail("White space is missing before an attribute.")
		}
		if err := s.attribute(); err != nil {
			return err
		}
	}
	if err := s.declare(); err != nil {
		return err
	}
	for i := range s.attributes {
		if err := s.accept(i); err != nil {
			return err
		}
	}
	return nil
}

// attribute reads name="value".
func (s *xmlScanner) attribute() error {
	if len(s.attributes) == maxAttributes {
		return s.fail("An element has more than %d attributes.", maxAttributes)
	}
	at := s.i
	name := s.name()
	a := attribute{name: name}
	a.prefix, a.local = splitName(name)
	if !isName(name) || bytes.IndexByte(a.local, ':') >= 0 || len(a.local) == 0 || !isName(a.local) || name[0] == ':' {
		s.i = at
		return s.fail("%s is not the name of an attribute.", quote(string(name)))
	}
	for i := range s.attributes {
		if bytes.Equal(s.attributes[i].name, name) {
			return s.fail("The attribute %s stands here twice.", quote(string(name)))
		}
	}
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '=' {
		return s.fail("The attribute %s has no value.", quote(string(name)))
	}
	s.i++
	s.space()
	var err error
	if a.value, err = s.attributeValue(); err != nil {
		return err
	}
	s.attributes = append(s.attributes, a)
	return nil
}

// attributeValue reads a quoted value and normalises its white space (XML 1.0,
// section 3.3.3).
func (s *xmlScanner) attributeValue() (string, error) {
	if s.i >= len(s.b) || s.b[s.i] != '"' && s.b[s.i] != '\'' {
		return "", s.fail("The value of an attribute must be in quotes.")
	}
	quoted := s.b[s.i]
	s.i++
	buf := s.buf[:0]
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == quoted:
			s.i++
			s.buf = buf
			return string(buf), nil
		case c == '<':
			return "", s.fail("The value of an attribute must not have a <.")
		case c == '&':
			r, err := s.reference()
			if err != nil {
				return "", err
			}
			buf = append(buf, string(r)...)
			continue
		case c == '\r' && s.has("\r\n"):
			buf = append(buf, ' ')
			s.i++
		case isSpace(c):
			buf = append(buf, ' ')
		default:
			buf = append(buf, c)
		}
		s.i++
	}
	return "", s.fail("The value of an attribute is not closed.")
}

// declare takes the namespace declarations among the attributes (Namespaces in
// XML 1.0, sections 2 and 3).
func (s *xmlScanner) declare() error {
	for i := range s.attributes {
		a := &s.attributes[i]
		var prefix string
		switch {
		case string(a.prefix) == "xmlns":
			prefix = string(a.local)
		case string(a.name) != "xmlns":
			continue
		}
		a.uri = xmlnsNamespace
		reserved := a.value == xmlnsNamespace || prefix == "xmlns" || (prefix == "xml") != (a.value == xmlNamespace)
		if reserved || prefix != "" && a.value == "" {
			return s.fail("The namespace declaration %s is not allowed.", quote(string(a.name)))
		}
		if len(s.names.list) == maxBindings {
			return s.fail("There are more than %d namespace declarations.", maxBindings)
		}
		s.names.list = append(s.names.list, binding{prefix, a.value})
	}
	return nil
}

// accept refuses an attribute that says something unknown.
func (s *xmlScanner) accept(i int) error {
	a := &s.attributes[i]
	if a.uri == xmlnsNamespace {
		return nil
	}
	if len(a.prefix) > 0 {
		var ok bool
		if a.uri, ok = s.names.find(string(a.prefix)); !ok {
			return s.fail("The prefix of the attribute %s is not declared.", quote(string(a.name)))
		}
		for j := range i {
			if b := &s.attributes[j]; b.uri == a.uri && bytes.Equal(b.local, a.local) {
				return s.fail("The attribute %s stands here twice.", quote(string(a.name)))
			}
		}
		if a.uri == schemaNamespace && (string(a.local) == "schemaLocation" || string(a.local) == "noNamespaceSchemaLocation") {
			return nil
		}
	} else if s.isFilter && string(a.local) == "Operator" {
		s.hasOperator, s.operator = true, a.value
		return nil
	}
	return s.fail("The attribute %s is not allowed here.", quote(string(a.name)))
}
