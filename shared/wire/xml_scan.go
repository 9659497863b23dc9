package wire

import "bytes"

// xmlScanner reads the markup of an XML 1.0 document without a DTD. Its text has
// been decoded and has only characters that XML allows.
//
// Between start and the end of an element, exactly one of two things is done:
// child is called until it says that there are no more, or text once.
type xmlScanner struct {
	b     []byte
	i     int
	open  []element // elements that are not closed
	names namespaces
	empty bool // the innermost element was <a/>: its end has been read

	attributes  []attribute // of the last start tag; scratch
	isFilter    bool        // whether the next start tag may have an Operator
	hasOperator bool        // whether the last one has
	operator    string      // its value

	buf   []byte // scratch for text that is not one piece
	texts arena
	at    place
}

// element is an open element.
type element struct {
	name     []byte // as written, with its prefix
	bindings int    // namespace declarations outside it
}

// newXMLScanner decodes a body and prepares to read a document whose root has
// this name.
func newXMLScanner(body []byte, root string) (*xmlScanner, error) {
	s := &xmlScanner{at: place{root: root}}
	var err error
	s.b, s.i, err = decodeXML(body)
	return s, err
}

func (s *xmlScanner) fail(format string, args ...any) error {
	return newSyntaxError(XMLError, s.b, s.i, s.at.String(), format, args...)
}

// has says whether the text goes on with a token.
func (s *xmlScanner) has(token string) bool {
	return s.i+len(token) <= len(s.b) && string(s.b[s.i:s.i+len(token)]) == token
}

func (s *xmlScanner) space() {
	for s.i < len(s.b) && isSpace(s.b[s.i]) {
		s.i++
	}
}

// document reads what stands before the root element, and its start tag.
func (s *xmlScanner) document() error {
	if err := s.misc(); err != nil {
		return err
	}
	if s.i == len(s.b) {
		return s.fail("The body has no XML element.")
	}
	if s.b[s.i] != '<' {
		if Sniff(s.b) == JSON {
			return s.fail("The body is not XML. With format=json in the address, JSON is read.")
		}
		return s.fail("The body is not XML: it must begin with an element.")
	}
	name, err := s.start()
	if err != nil {
		return err
	}
	if name != s.at.root {
		return s.fail("The root element must be %s, not %s.", s.at.root, quote(name))
	}
	return nil
}

// end makes sure that nothing follows the root element.
func (s *xmlScanner) end() error {
	s.at = place{root: s.at.root}
	if err := s.misc(); err != nil {
		return err
	}
	if s.i < len(s.b) {
		return s.fail("Nothing may follow the root element.")
	}
	return nil
}

// misc skips white space, comments and processing instructions.
func (s *xmlScanner) misc() error {
	for {
		s.space()
		if s.i+1 >= len(s.b) || s.b[s.i] != '<' || s.b[s.i+1] != '!' && s.b[s.i+1] != '?' {
			return nil
		}
		if err := s.aside(); err != nil {
			return err
		}
	}
}

// aside skips a comment or a processing instruction and refuses anything else
// that begins with <! or <?.
func (s *xmlScanner) aside() error {
	switch {
	case s.has("<!--"):
		end := bytes.Index(s.b[s.i+4:], []byte("--"))
		if end < 0 || s.i+4+end+2 >= len(s.b) {
			return s.fail("A comment is not closed.")
		}
		if s.b[s.i+4+end+2] != '>' {
			return s.fail("A comment must not have two hyphens inside.")
		}
		s.i += 4 + end + 3
		return nil
	case s.has("<?"):
		return s.instruction()
	case s.has("<!DOCTYPE"):
		return s.fail("A document type declaration is not allowed.")
	case s.has("<![CDATA["):
		return s.fail("Text is not allowed here.")
	}
	return s.fail("This markup is not allowed.")
}

// instruction skips a processing instruction.
func (s *xmlScanner) instruction() error {
	end := bytes.Index(s.b[s.i+2:], []byte("?>"))
	if end < 0 {
		return s.fail("A processing instruction is not closed.")
	}
	inner := s.b[s.i+2 : s.i+2+end]
	target := inner
	if n := bytes.IndexAny(inner, " \t\r\n"); n >= 0 {
		target = inner[:n]
	}
	if !isName(target) || bytes.IndexByte(target, ':') >= 0 || sameName(alias(target), "xml") {
		return s.fail("A processing instruction must not be named %s.", quote(string(target)))
	}
	s.i += 2 + end + 2
	return nil
}

// start reads a start tag or an empty element. The scanner stands on its <.
func (s *xmlScanner) start() (local string, err error) {
	if len(s.open) == maxDepth {
		return "", s.fail("Elements nest more than %d deep.", maxDepth)
	}
	s.i++
	name := s.name()
	s.open = append(s.open, element{name, len(s.names.list)})
	s.hasOperator, s.attributes = false, s.attributes[:0]
	if s.i < len(s.b) && s.b[s.i] != '>' {
		if err := s.attributeList(); err != nil {
			return "", err
		}
	}
	switch {
	case s.i < len(s.b) && s.b[s.i] == '>':
		s.i++
	case s.has("/>"):
		s.i += 2
		s.empty = true
	default:
		return "", s.fail("The start tag %s is not closed.", quote(string(name)))
	}
	return s.resolve(name)
}

// name reads up to what ends a name. Whether it is one is seen by whoever does
// not know it.
func (s *xmlScanner) name() []byte {
	start := s.i
	for s.i < len(s.b) && !nameStop[s.b[s.i]] {
		s.i++
	}
	return s.b[start:s.i]
}

var nameStop = func() (stop [256]bool) {
	for _, c := range " \t\r\n/>=<\"'&!?" {
		stop[c] = true
	}
	return stop
}()

// close reads the end tag of the innermost element; the scanner stands on </.
func (s *xmlScanner) close() error {
	top := s.open[len(s.open)-1].name
	s.i += 2
	if name := s.name(); !bytes.Equal(name, top) {
		s.i -= len(name) + 2
		return s.fail("End tag %s does not match the start tag %s.", quote(string(name)), quote(string(top)))
	}
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '>' {
		return s.fail("The end tag %s is not closed.", quote(string(top)))
	}
	s.i++
	s.pop()
	return nil
}

func (s *xmlScanner) pop() {
	n := len(s.open) - 1
	s.names.drop(s.open[n].bindings)
	s.open = s.open[:n]
	s.empty = false
}

// child goes to the next child of the innermost element and reads its start tag.
// more is false after the element's end.
func (s *xmlScanner) child() (local string, more bool, err error) {
	if s.empty {
		s.pop()
		return "", false, nil
	}
	if err := s.misc(); err != nil {
		return "", false, err
	}
	switch {
	case s.i+1 >= len(s.b):
		return "", false, s.fail("The element %s is not closed.", quote(string(s.open[len(s.open)-1].name)))
	case s.b[s.i] != '<':
		return "", false, s.fail("Text is not allowed here.")
	case s.b[s.i+1] == '/':
		return "", false, s.close()
	}
	local, err = s.start()
	return local, err == nil, err
}

// skip reads the rest of the innermost element and forgets it.
func (s *xmlScanner) skip() error {
	for depth := len(s.open); len(s.open) >= depth; {
		if s.empty {
			s.pop()
			continue
		}
		if _, err := s.pieces(false); err != nil {
			return err
		}
		var err error
		switch {
		case s.i+1 >= len(s.b):
			return s.fail("The element %s is not closed.", quote(string(s.open[len(s.open)-1].name)))
		case s.b[s.i+1] == '/':
			err = s.close()
		default:
			_, err = s.start()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
