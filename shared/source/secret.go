package source

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// hidden stands in place of a secret.
const hidden = "(secret, not stored)"

type secretsFile struct {
	Names  []string `yaml:"names"`
	Except []string `yaml:"except"`
	Values []string `yaml:"values"`
	Places []struct {
		Source string `yaml:"source"`
		Path   string `yaml:"path"`
	} `yaml:"places"`
}

// secretRules say what a record must never hold.
type secretRules struct {
	exact    map[string]bool
	suffixes []string
	prefixes []string
	except   map[string]bool
	values   []string
	places   []secretPlace
}

type secretPlace struct {
	source string
	steps  []step
}

func (s *secretRules) load(f *secretsFile) error {
	for _, name := range f.Names {
		bare := plainName(name)
		switch {
		case bare == "":
			return errors.New("a name without letters would hide everything")
		case strings.HasPrefix(name, "*"):
			s.suffixes = append(s.suffixes, bare)
		case strings.HasSuffix(name, "*"):
			s.prefixes = append(s.prefixes, bare)
		default:
			s.exact[bare] = true
		}
	}
	for _, name := range f.Except {
		s.except[plainName(name)] = true
	}
	for _, value := range f.Values {
		if value == "" {
			return errors.New("an empty value would hide everything")
		}
		s.values = append(s.values, value)
	}
	for _, p := range f.Places {
		steps, err := parsePath(p.Path)
		if err != nil {
			return err
		}
		s.places = append(s.places, secretPlace{p.Source, steps})
	}
	return nil
}

// plainName is a name in lower case with letters and digits of ASCII only.
func plainName(name string) string {
	var room [64]byte
	b := room[:0]
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			b = append(b, c)
		}
	}
	return string(b)
}

func (s *secretRules) secretName(name string) bool {
	bare := plainName(name)
	if s.except[bare] {
		return false
	}
	has := func(suffix string) bool { return strings.HasSuffix(bare, suffix) }
	begins := func(prefix string) bool { return strings.HasPrefix(bare, prefix) }
	return s.exact[bare] || slices.ContainsFunc(s.suffixes, has) || slices.ContainsFunc(s.prefixes, begins)
}

func (s *secretRules) secretText(text string) bool {
	return slices.ContainsFunc(s.values, func(v string) bool { return strings.Contains(text, v) })
}

// hide makes n a secret, unless it cannot be one. Nothing of it remains.
func (n *node) hide() {
	if n == nil || n.kind == 't' || n.kind == 'f' || n.kind == 'n' || n.kind == '"' && n.text == "" {
		return
	}
	*n = node{kind: '"', name: n.name, text: hidden, secret: true}
}

// cleaner removes secrets from events.
type cleaner struct {
	*secretRules
	names map[string]bool // what secretName said: names are few
	inner *parser         // of JSON within texts
}

// maxNames bounds what a cleaner remembers, should names not be few.
const maxNames = 4096

func newCleaner(s *secretRules) *cleaner {
	return &cleaner{s, map[string]bool{}, newParser()}
}

// clean removes the secrets of an event from source.
func (c *cleaner) clean(event *node, source string) {
	for _, p := range c.places {
		if p.source == source {
			for _, n := range find(nil, event, p.steps) {
				n.hide()
			}
		}
	}
	c.walk(event, 0)
}

// maxInner bounds JSON in texts in JSON in texts.
const maxInner = 4

// walk removes secrets and reports whether there were any. What it finds in a
// text that is JSON changes that text.
func (c *cleaner) walk(n *node, inner int) (found bool) {
	for i := range n.kids {
		kid := &n.kids[i]
		if n.kind == '{' && c.isSecret(kid.name) || kid.kind == '"' && c.secretText(kid.text) {
			kid.hide()
			found = found || kid.secret
			continue
		}
		if kid.kind == '"' {
			found = c.cleanText(kid, inner) || found
			continue
		}
		found = c.walk(kid, inner) || found
	}
	if n.kind == '{' {
		found = c.namedSecrets(n) || found
	}
	return found
}

// namedSecrets hides the value beside a name, as in {"key":"password","value":"…"}:
// tags, parameters and headers are written so.
func (c *cleaner) namedSecrets(n *node) (found bool) {
	named := false
	for i := range n.kids {
		switch plainName(n.kids[i].name) {
		case "key", "name", "tagkey", "parametername", "parameterkey":
			named = named || c.isSecret(n.kids[i].text)
		}
	}
	if !named {
		return false
	}
	for i := range n.kids {
		switch plainName(n.kids[i].name) {
		case "value", "values", "tagvalue", "parametervalue":
			n.kids[i].hide()
			found = found || n.kids[i].secret
		}
	}
	return found
}

func (c *cleaner) isSecret(name string) bool {
	if name == "" {
		return false
	}
	secret, known := c.names[name]
	if !known {
		secret = c.secretName(name)
		if len(c.names) < maxNames {
			c.names[name] = secret
		}
	}
	return secret
}

// cleanText looks for secrets in a text that is JSON.
func (c *cleaner) cleanText(n *node, inner int) bool {
	trimmed := strings.TrimLeft(n.text, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return false
	}
	p := c.inner
	if inner > 0 {
		p = newParser()
	}
	tree, err := p.parse([]byte(trimmed))
	if err != nil {
		return false // not JSON: a text like any other
	}
	if inner == maxInner {
		n.hide() // nobody nests so deep in good faith
		return n.secret
	}
	if !c.walk(tree, inner+1) {
		return false
	}
	n.text = string(bytes.Clone(appendJSON(nil, tree)))
	return true
}
