package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"docket/shared/access"

	"go.yaml.in/yaml/v4"
)

// accessFile is what docket access apply reads.
type accessFile struct {
	doc       access.Document
	passwords []passwordSource
	dir       string       // what relative file names are below
	malformed map[int]bool // lines of the things that could not be read whole
}

// passwordSource says where an account's first password is.
type passwordSource struct {
	line    int
	account string
	path    string
	text    string // once read
}

// applyTo makes the draft as the file says. Problems found earlier come back
// together with those that only the directory can show.
func (f *accessFile) applyTo(d *access.Draft, data *dataDir, prune bool, problems []access.Problem) error {
	problems = slices.Clone(problems)
	for _, p := range d.Apply(&f.doc, prune) {
		if !f.malformed[p.Line] { // else it only follows from what is known
			problems = append(problems, p)
		}
	}
	for i := range f.passwords {
		p := &f.passwords[i]
		account, ok := d.Account(p.account)
		if !ok || account.PasswordSet != 0 {
			continue
		}
		if err := p.read(f.dir); err != nil {
			problems = append(problems, access.Problem{Line: p.line, Text: err.Error()})
			continue
		}
		if len(problems) > 0 {
			continue // a hash is too dear for an edit that fails
		}
		if err := setPassword(d, data.Ring, account.Name, p.text); err != nil {
			problems = append(problems, access.Problem{Line: p.line, Text: err.Error()})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(p, q access.Problem) int { return cmp.Compare(p.Line, q.Line) })
	return &fileError{problems: problems}
}

func (p *passwordSource) read(dir string) (err error) {
	if p.text != "" {
		return nil
	}
	path := p.path
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	p.text, err = readPasswordFile(path)
	return err
}

// parseAccessFile reads YAML strictly: one document, known keys once each, texts
// where texts belong, no aliases. It returns all problems that it finds.
func parseAccessFile(text []byte) (*accessFile, []access.Problem) {
	r := &fileReader{file: &accessFile{malformed: map[int]bool{}}}
	var root yaml.Node
	if err := yaml.Load(text, &root); err != nil {
		return r.file, []access.Problem{{Text: "it is not one YAML document: " + strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	node := &root
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	doc := &r.file.doc
	r.mapping(node, "the file", map[string]func(*yaml.Node){
		"defaultDomain": func(n *yaml.Node) { doc.DefaultDomain = r.text(n) },
		"folders":       func(n *yaml.Node) { doc.Folders = list(r, n, r.folder) },
		"plans":         func(n *yaml.Node) { doc.Plans = list(r, n, r.plan) },
		"accounts":      func(n *yaml.Node) { doc.Accounts = list(r, n, r.account) },
		"groups":        func(n *yaml.Node) { doc.Groups = list(r, n, r.group) },
		"roles":         func(n *yaml.Node) { doc.Roles = list(r, n, r.role) },
	})
	return r.file, r.problems
}

// fileReader turns nodes into the file's contents and notes what is wrong.
type fileReader struct {
	file     *accessFile
	problems []access.Problem
}

func (r *fileReader) problem(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, access.Problem{Line: n.Line, Text: fmt.Sprintf(format, args...)})
}

// mapping reads the keys of n, each by its function; those in required must be
// there.
func (r *fileReader) mapping(n *yaml.Node, what string, fields map[string]func(*yaml.Node), required ...string) {
	if n.Kind != yaml.MappingNode {
		r.problem(n, "%s must be a mapping of keys to values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read := fields[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || read == nil:
			r.problem(key, "%s has no key %q: use %s", what, key.Value, known(fields))
		case seen[key.Value]:
			r.problem(key, "key %s is there twice", key.Value)
		default:
			read(value)
		}
		seen[key.Value] = true
	}
	for _, key := range required {
		if !seen[key] {
			r.problem(n, "%s must have the key %s", what, key)
		}
	}
}

func known(fields map[string]func(*yaml.Node)) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// list reads a sequence; it is not nil, whatever n is.
func list[T any](r *fileReader, n *yaml.Node, read func(*yaml.Node) T) []T {
	items := []T{}
	if n.Kind != yaml.SequenceNode {
		r.problem(n, "this must be a list; for an empty one write []")
		return items
	}
	for _, item := range n.Content {
		known := len(r.problems)
		items = append(items, read(item))
		if len(r.problems) > known {
			r.file.malformed[item.Line] = true
		}
	}
	return items
}

// text reads a string. It is not nil, whatever n is.
func (r *fileReader) text(n *yaml.Node) *string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		r.problem(n, "this must be a text; put quotes around it")
		return new(string)
	}
	return &n.Value
}

func (r *fileReader) word(n *yaml.Node) string { return *r.text(n) }

func (r *fileReader) words(n *yaml.Node) []string { return list(r, n, r.word) }

func (r *fileReader) yes(n *yaml.Node) *bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" || n.Value != "true" && n.Value != "false" {
		r.problem(n, "this must be true or false")
	}
	yes := n.Value == "true"
	return &yes
}

func (r *fileReader) folder(n *yaml.Node) access.FolderSpec {
	return access.FolderSpec{Line: n.Line, Path: r.word(n)}
}

func (r *fileReader) plan(n *yaml.Node) access.PlanSpec {
	p := access.PlanSpec{Line: n.Line}
	r.mapping(n, "a plan", map[string]func(*yaml.Node){
		"id":      func(n *yaml.Node) { p.ID = r.word(n) },
		"name":    func(n *yaml.Node) { p.Name = r.word(n) },
		"folder":  func(n *yaml.Node) { p.Folder = r.text(n) },
		"enabled": func(n *yaml.Node) { p.Enabled = r.yes(n) },
		"items":   func(n *yaml.Node) { p.Items = r.words(n) },
	}, "name")
	return p
}

func (r *fileReader) account(n *yaml.Node) access.AccountSpec {
	a := access.AccountSpec{Line: n.Line}
	var password passwordSource
	r.mapping(n, "an account", map[string]func(*yaml.Node){
		"name":                func(n *yaml.Node) { a.Name = r.word(n) },
		"disabled":            func(n *yaml.Node) { a.Disabled = r.yes(n) },
		"note":                func(n *yaml.Node) { a.Note = r.text(n) },
		"schemes":             func(n *yaml.Node) { a.Schemes = r.schemes(n) },
		"recogniseRepeats":    func(n *yaml.Node) { a.RecogniseRepeats = r.yes(n) },
		"initialPasswordFile": func(n *yaml.Node) { password = passwordSource{line: n.Line, path: r.word(n)} },
	}, "name")
	if password.path != "" {
		password.account = a.Name
		r.file.passwords = append(r.file.passwords, password)
	}
	return a
}

// schemes reads names of schemes, digest standing for both of its kind.
func (r *fileReader) schemes(n *yaml.Node) []string {
	words := r.words(n)
	if len(words) == 0 {
		return words
	}
	names, err := parseSchemes(strings.Join(words, ","))
	if err != nil {
		r.problem(n, "%s", strings.TrimPrefix(err.Error(), "--scheme: "))
	}
	return names
}

func (r *fileReader) group(n *yaml.Node) access.GroupSpec {
	g := access.GroupSpec{Line: n.Line}
	r.mapping(n, "a group", map[string]func(*yaml.Node){
		"name":    func(n *yaml.Node) { g.Name = r.word(n) },
		"note":    func(n *yaml.Node) { g.Note = r.text(n) },
		"members": func(n *yaml.Node) { g.Members = r.words(n) },
		"groups":  func(n *yaml.Node) { g.Groups = r.words(n) },
	}, "name")
	return g
}

func (r *fileReader) role(n *yaml.Node) access.RoleSpec {
	s := access.RoleSpec{Line: n.Line}
	r.mapping(n, "a role", map[string]func(*yaml.Node){
		"role": func(n *yaml.Node) {
			role, err := access.ParseRole(r.word(n))
			if err != nil {
				r.problem(n, "%s", err)
			}
			s.Role = role
		},
		"account": func(n *yaml.Node) { s.Account = r.word(n) },
		"group":   func(n *yaml.Node) { s.Group = r.word(n) },
		"plan":    func(n *yaml.Node) { s.Plan = r.word(n) },
		"folder":  func(n *yaml.Node) { s.Folder = r.word(n) },
	}, "role")
	return s
}
