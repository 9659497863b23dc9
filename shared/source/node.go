package source

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of an event. Real ones have up to about ten levels.
const maxDepth = 64

var errDepth = fmt.Errorf("it is nested deeper than %d levels", maxDepth)

// node is one value of an event, in the order of the event.
type node struct {
	kind   jsontext.Kind // '{' '[' '"' '0' 't' 'f' 'n'
	name   string        // of a member
	text   string        // of a string its value, of a number its digits
	kids   []node
	used   bool // a field or detail of the record holds it whole
	secret bool
}

// scalar says whether n is neither an object nor a list.
func (n *node) scalar() bool { return n.kind != '{' && n.kind != '[' }

// get is the member of that name; nil if there is none or n is nil.
func (n *node) get(name string) *node {
	if n == nil || n.kind != '{' {
		return nil
	}
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// at follows names.
func (n *node) at(names ...string) *node {
	for _, name := range names {
		n = n.get(name)
	}
	return n
}

// str is the text of a string, "" of anything else.
func (n *node) str() string {
	if n == nil || n.kind != '"' {
		return ""
	}
	return n.text
}

// parser reads events into trees. It is used again and again to save memory. The
// texts of a tree are parts of one copy of the event.
type parser struct {
	dec   *jsontext.Decoder
	buf   bytes.Buffer
	whole string // the event
	open  []node // members and elements read so far, of all that are open
}

func newParser() *parser {
	p := &parser{}
	p.dec = jsontext.NewDecoder(&p.buf)
	return p
}

// parse reads one JSON value strictly: UTF-8, no name twice, nothing behind it.
func (p *parser) parse(data []byte) (*node, error) {
	p.buf.Reset()
	p.buf.Write(data)
	p.dec.Reset(&p.buf)
	p.whole, p.open = string(data), p.open[:0]
	var root node
	if err := p.value(&root, 0); err != nil {
		return nil, syntax(err)
	}
	if p.dec.PeekKind() != 0 {
		return nil, errors.New("this is not JSON: something stands behind the value")
	}
	return &root, nil
}

// syntax names what is wrong without quoting the event.
func syntax(err error) error {
	if errors.Is(err, errDepth) {
		return err
	}
	var s *jsontext.SyntacticError
	if !errors.As(err, &s) {
		return fmt.Errorf("this is not JSON: %w", err)
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Errorf("this is not JSON: a name stands twice in one object, at byte %d", s.ByteOffset)
	}
	return fmt.Errorf("this is not JSON: wrong at byte %d", s.ByteOffset)
}

func (p *parser) value(n *node, depth int) error {
	n.kind = p.dec.PeekKind()
	if n.kind != '{' && n.kind != '[' {
		var err error
		n.text, err = p.scalar()
		return err
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	if depth == maxDepth {
		return errDepth
	}
	first := len(p.open)
	for end := n.kind + 2; p.dec.PeekKind() != end; { // the closing bracket in ASCII
		var kid node
		if n.kind == '{' {
			var err error
			if kid.name, err = p.scalar(); err != nil {
				return err
			}
		}
		if err := p.value(&kid, depth+1); err != nil {
			return err
		}
		p.open = append(p.open, kid)
	}
	n.kids = slices.Clone(p.open[first:])
	clear(p.open[first:])
	p.open = p.open[:first]
	_, err := p.dec.ReadToken()
	return err
}

// scalar reads the text of a string, or a literal as it stands there.
func (p *parser) scalar() (string, error) {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return "", err
	}
	end := int(p.dec.InputOffset())
	text := p.whole[end-len(raw) : end]
	switch {
	case raw[0] != '"':
		return text, nil
	case bytes.IndexByte(raw, '\\') < 0:
		return text[1 : len(text)-1], nil
	}
	plain, err := jsontext.AppendUnquote(nil, raw)
	return string(plain), err
}

// appendJSON writes n as JSON without white space.
func appendJSON(dst []byte, n *node) []byte {
	switch n.kind {
	case '"':
		return appendQuoted(dst, n.text)
	case '{':
		dst = append(dst, '{')
		for i := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, n.kids[i].name), ':')
			dst = appendJSON(dst, &n.kids[i])
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, &n.kids[i])
		}
		return append(dst, ']')
	}
	return append(dst, n.text...)
}

// appendQuoted cannot fail: the text was read from valid JSON.
func appendQuoted(dst []byte, s string) []byte {
	quoted, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		return append(dst, `""`...)
	}
	return quoted
}

// content is a value as the text of a detail.
func (n *node) content() string {
	if n.scalar() {
		return n.text
	}
	return string(appendJSON(nil, n))
}
