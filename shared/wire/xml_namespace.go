package wire

import "bytes"

// The namespaces of the API, and those that XML itself brings along.
const (
	recordsNamespace = "http://schemas.netwrix.com/api/v1/activity_records/"
	errorsNamespace  = "http://schemas.netwrix.com/api/v1/"
	// printedNamespace is how older editions of the documentation print the
	// first one in the search parameters; scripts copied it.
	printedNamespace = "http//schemas.netwrix.com/api/v1/activity_records/"

	xmlNamespace    = "http://www.w3.org/XML/1998/namespace"
	xmlnsNamespace  = "http://www.w3.org/2000/xmlns/"
	schemaNamespace = "http://www.w3.org/2001/XMLSchema-instance"
)

// namespaces are the declarations in force.
type namespaces struct {
	list []binding
	root string // namespace of the root element
}

type binding struct{ prefix, uri string }

func (n *namespaces) drop(to int) {
	if len(n.list) > to {
		n.list = n.list[:to]
	}
}

// find resolves a prefix; "" is the default namespace, which may be none.
func (n *namespaces) find(prefix string) (uri string, ok bool) {
	for i := len(n.list) - 1; i >= 0; i-- {
		if n.list[i].prefix == prefix {
			return n.list[i].uri, true
		}
	}
	if prefix == "xml" {
		return xmlNamespace, true
	}
	return "", prefix == ""
}

// resolve returns the local name of the element that has just been opened, and
// makes sure that it is in the namespace of the document.
func (s *xmlScanner) resolve(name []byte) (string, error) {
	prefix, local := splitName(name)
	uri, ok := s.names.find(alias(prefix))
	switch {
	case !ok:
		return "", s.fail("The prefix of %s is not declared.", quote(string(name)))
	case len(s.open) == 1:
		want, printed := recordsNamespace, printedNamespace
		if s.at.root == elemErrorList {
			want, printed = errorsNamespace, ""
		}
		if uri != "" && uri != want && uri != printed {
			return "", s.fail("The namespace %s is not that of the API, %s.", quote(uri), want)
		}
		s.names.root = uri
	case uri != s.names.root:
		return "", s.fail("The element %s is in another namespace than the root element.", quote(string(name)))
	}
	return alias(local), nil
}

// splitName divides a name at its first colon, unless it begins with one: then
// it is no name of ours, whatever follows.
func splitName(name []byte) (prefix, local []byte) {
	if i := bytes.IndexByte(name, ':'); i > 0 {
		return name[:i], name[i+1:]
	}
	return nil, name
}
