package source

import (
	"fmt"
	"strings"
)

// template is a text with paths into an event.
type template []piece

// piece is a literal text or, if steps is not nil, a path.
type piece struct {
	literal string
	steps   []step
}

// step is one name of a path. each means every element of the list there.
type step struct {
	name string
	each bool
}

// parseTemplate reads "text {a.b[].c}".
func parseTemplate(text string) (template, error) {
	var t template
	for text != "" {
		literal, rest, found := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("%q: a } without {", text)
		}
		if literal != "" {
			t = append(t, piece{literal: literal})
		}
		if !found {
			break
		}
		path, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("%q: a { without }", text)
		}
		steps, err := parsePath(path)
		if err != nil {
			return nil, err
		}
		t = append(t, piece{steps: steps})
		text = after
	}
	return t, nil
}

func parsePath(path string) ([]step, error) {
	var steps []step
	for name := range strings.SplitSeq(path, ".") {
		bare, each := strings.CutSuffix(name, "[]")
		if bare == "" || strings.ContainsAny(bare, "[]{} ") {
			return nil, fmt.Errorf("path %q: names with dots between were expected", path)
		}
		steps = append(steps, step{bare, each})
	}
	return steps, nil
}

// maxJoined bounds the values of lists that are put into one text: 200 instances
// of one call are real.
const maxJoined = 1000

// find collects the values at a path, in order.
func find(dst []*node, n *node, steps []step) []*node {
	for i, s := range steps {
		if n = n.get(s.name); n == nil {
			return dst
		}
		if s.each {
			if n.kind != '[' {
				return dst
			}
			for k := range n.kids {
				if len(dst) == maxJoined {
					break
				}
				dst = find(dst, &n.kids[k], steps[i+1:])
			}
			return dst
		}
	}
	return append(dst, n)
}

// eval is the text for an event; false if a path has no value there. Values that
// are in the text whole, each alone, are noted in used.
func (t template) eval(event *node, used []*node) (string, []*node, bool) {
	var b strings.Builder
	var found []*node
	for _, p := range t {
		if p.steps == nil {
			b.WriteString(p.literal)
			continue
		}
		found = find(found[:0], event, p.steps)
		if !joined(&b, found) {
			return "", used, false
		}
		if len(found) == 1 {
			used = append(used, found[0])
		}
	}
	return b.String(), used, b.Len() > 0
}

// joined writes values with commas between; false if there are none or they say
// nothing.
func joined(b *strings.Builder, found []*node) bool {
	some := false
	for _, n := range found {
		text := n.content()
		if text == "" || n.kind == 'n' {
			continue
		}
		if some {
			b.WriteString(", ")
		}
		b.WriteString(text)
		some = true
	}
	return some
}
