package source

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"docket/shared/activity"
)

// baseEvent is the name of an event without the version of the API behind it:
// CreateFunction20150331v2 is CreateFunction.
func baseEvent(name string) string {
	const date = 8
	end := len(name)
	if i := strings.LastIndexByte(name, 'v'); i > 0 && allDigits(name[i+1:]) && i+1 < end {
		end = i
	}
	if end <= date || !allDigits(name[end-date:end]) {
		return name
	}
	return name[:end-date]
}

func allDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// words cuts a name written in camel case: DescribeDBInstances is Describe, DB,
// Instances.
func words(name string) []string {
	var list []string
	runes := []rune(name)
	start := 0
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) && !boundary(runes, i) {
			continue
		}
		if w := strings.Trim(string(runes[start:i]), " _-.:/"); w != "" {
			list = append(list, w)
		}
		start = i
	}
	return list
}

// boundary says whether a word begins at i.
func boundary(r []rune, i int) bool {
	switch {
	case r[i] == ' ' || r[i] == '_' || r[i] == '-' || r[i] == '.':
		return true
	case !unicode.IsUpper(r[i]):
		return false
	case !unicode.IsUpper(r[i-1]):
		return true
	}
	// The last capital of several begins a word, unless an s makes them a plural.
	return i+1 < len(r) && unicode.IsLower(r[i+1]) && !(r[i+1] == 's' && (i+2 == len(r) || unicode.IsUpper(r[i+2])))
}

// action is what an event without a rule does, by the verb of its name, which
// may be of two words, and the noun behind it.
func (m *Mapping) action(event string, readOnly bool) (activity.Action, []string) {
	list := words(event)
	for n := min(2, len(list)); n > 0; n-- {
		if a, ok := m.verbs[strings.Join(list[:n], "")]; ok {
			return a, list[n:]
		}
	}
	if len(list) > 0 {
		list = list[1:]
	}
	if readOnly {
		return activity.Read, list
	}
	return activity.Modified, list
}

// object is the service and the noun in the singular: EC2 Route Table.
func (m *Mapping) object(source string, noun []string) string {
	label, _, _ := strings.Cut(source, ".")
	service := m.services[label]
	if service == "" {
		service = label
	}
	list := []string{service}
	for i, w := range noun {
		if i == len(noun)-1 {
			w = singular(w)
		}
		if other := m.words[w]; other != "" {
			w = other
		}
		list = append(list, w)
	}
	return strings.Join(list, " ")
}

// singular of the words that names of events are made of.
func singular(w string) string {
	lower := strings.ToLower(w)
	for _, end := range []string{"ss", "us", "is", "ics", "ness", "dns", "cors", "kms", "aws"} {
		if strings.HasSuffix(lower, end) {
			return w
		}
	}
	for _, e := range []struct{ plural, singular string }{
		{"ies", "y"}, {"sses", "ss"}, {"shes", "sh"}, {"ches", "ch"}, {"xes", "x"}, {"uses", "us"}, {"iases", "ias"}, {"s", ""},
	} {
		if stem, ok := strings.CutSuffix(w, e.plural); ok && utf8.RuneCountInString(stem) > 1 {
			return stem + e.singular
		}
	}
	return w
}

// nameEnds are what follows a noun in the name of what identifies the thing.
var nameEnds = []string{"", "name", "id", "arn", "identifier", "s", "names", "ids", "arns"}

const (
	lookDepth = 5   // of a request, where things are looked for
	lookMost  = 100 // things that one text names
)

// called collects what the event calls by the noun of its name: for DescribeVolumes
// volumeId, however deep. The noun's last words are tried if the whole finds nothing,
// but not alone: a status is not what InstanceStatus is about.
func called(event *node, noun []string) []*node {
	for i := range noun {
		ends := nameEnds
		if i > 0 {
			ends = nameEnds[1:]
		}
		plain := plainName(singular(strings.Join(noun[i:], "")))
		if plain == "" {
			continue
		}
		for _, part := range []string{"requestParameters", "responseElements"} {
			if found := look(nil, event.get(part), plain, ends, lookDepth); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

func look(dst []*node, n *node, plain string, ends []string, depth int) []*node {
	if n == nil || depth == 0 {
		return dst
	}
	for i := range n.kids {
		kid := &n.kids[i]
		switch {
		case len(dst) >= lookMost:
			return dst
		case !kid.scalar():
			if rest, ok := strings.CutPrefix(plainName(kid.name), plain); ok && slices.Contains(ends, rest) && plainList(kid) {
				for k := range kid.kids {
					dst = append(dst, &kid.kids[k])
				}
				continue
			}
			dst = look(dst, kid, plain, ends, depth-1)
		case kid.kind == '"' && kid.text != "" && !kid.secret:
			if rest, ok := strings.CutPrefix(plainName(kid.name), plain); ok && slices.Contains(ends, rest) {
				dst = append(dst, kid)
			}
		}
	}
	return dst
}

// plainList says whether n is a list of texts.
func plainList(n *node) bool {
	if n.kind != '[' || len(n.kids) == 0 {
		return false
	}
	return !slices.ContainsFunc(n.kids, func(k node) bool { return k.kind != '"' || k.secret })
}

// anyName is the first name or ID in a request, nil if there is none.
func anyName(request *node) *node {
	if request == nil {
		return nil
	}
	for _, end := range []string{"name", "arn", "id", "identifier"} {
		for i := range request.kids {
			kid := &request.kids[i]
			if kid.kind == '"' && kid.text != "" && !kid.secret && strings.HasSuffix(plainName(kid.name), end) {
				return kid
			}
		}
	}
	return nil
}
