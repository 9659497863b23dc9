package source

import (
	_ "embed" // the table of this package
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"docket/shared/activity"
)

//go:embed cloudtrail.yaml
var builtIn []byte

// MaxMapping bounds a file of mapping rules in bytes: many times the built-in one.
const MaxMapping = 1 << 20

// Mapping says how events of CloudTrail become records. It does not change and
// may be used by many at a time. The zero value is not usable: use NewMapping.
type Mapping struct {
	verbs    map[string]activity.Action
	failed   map[activity.Action]activity.Action
	services map[string]string
	words    map[string]string
	what     []template
	exact    map[string]*rule // source, space, event
	prefixed []*prefixRule    // events that end in *
	secrets  secretRules
}

// rule is how certain events are mapped.
type rule struct {
	action     activity.Action
	failed     activity.Action // NoAction: by the table
	failedPath []step          // nil: only errorCode makes a failure
	failedIs   string
	unlessPath []step // nil: none; where it has no value, unless is the action
	unless     activity.Action
	object     string
	what       []template
	details    []detailRule
}

type prefixRule struct {
	source, prefix string
	rule           *rule
}

type detailRule struct {
	name          string
	before, after template
	both          bool // only when both sides have a value
}

// mappingFile is the form of cloudtrail.yaml, which documents it.
type mappingFile struct {
	Verbs    map[string][]string `yaml:"verbs"`
	Failed   map[string]string   `yaml:"failed"`
	Services map[string]string   `yaml:"services"`
	Words    map[string]string   `yaml:"words"`
	What     []string            `yaml:"what"`
	Secrets  secretsFile         `yaml:"secrets"`
	Rules    []ruleFile          `yaml:"rules"`
}

type ruleFile struct {
	Source     string   `yaml:"source"`
	Events     []string `yaml:"events"`
	Action     string   `yaml:"action"`
	Failed     string   `yaml:"failed"`
	FailedWhen *struct {
		Path string `yaml:"path"`
		Is   string `yaml:"is"`
	} `yaml:"failedWhen"`
	Unless *struct {
		Path   string `yaml:"path"`
		Action string `yaml:"action"`
	} `yaml:"unless"`
	Object  string       `yaml:"object"`
	What    []string     `yaml:"what"`
	Details []detailFile `yaml:"details"`
}

type detailFile struct {
	Name   string `yaml:"name"`
	Before string `yaml:"before"`
	After  string `yaml:"after"`
	Both   bool   `yaml:"both"`
}

// NewMapping makes the built-in mapping with files of the same form in front of
// it, the first before the second. Its errors say which file and which part of it
// is wrong.
func NewMapping(files ...[]byte) (*Mapping, error) {
	m := &Mapping{
		verbs: map[string]activity.Action{}, failed: map[activity.Action]activity.Action{}, services: map[string]string{},
		words: map[string]string{}, exact: map[string]*rule{}, secrets: secretRules{exact: map[string]bool{}, except: map[string]bool{}},
	}
	for i, text := range append(files[:len(files):len(files)], builtIn) {
		if err := m.load(text); err != nil {
			return nil, fmt.Errorf("mapping file %d: %w", i+1, err)
		}
	}
	return m, nil
}

// load adds a file behind those that were loaded: what is there already stays.
func (m *Mapping) load(text []byte) error {
	if len(text) > MaxMapping {
		return fmt.Errorf("it is longer than %d bytes", MaxMapping)
	}
	var f mappingFile
	if err := yaml.Load(text, &f, yaml.WithKnownFields()); err != nil {
		return fmt.Errorf("it is not of the form of a mapping: %w", err)
	}
	if err := m.loadWords(&f); err != nil {
		return err
	}
	if err := m.secrets.load(&f.Secrets); err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	what, err := parseTemplates(f.What)
	if err != nil {
		return fmt.Errorf("what: %w", err)
	}
	m.what = append(m.what, what...)
	for i := range f.Rules {
		if err := m.loadRule(&f.Rules[i]); err != nil {
			return fmt.Errorf("rule %d (%s %s): %w", i+1, f.Rules[i].Source, strings.Join(f.Rules[i].Events, ", "), err)
		}
	}
	return nil
}

func (m *Mapping) loadWords(f *mappingFile) error {
	for name, verbs := range f.Verbs {
		a, err := parseAction(name)
		if err != nil {
			return fmt.Errorf("verbs: %w", err)
		}
		for _, v := range verbs {
			addNew(m.verbs, strings.ReplaceAll(v, "-", ""), a)
		}
	}
	for name, failed := range f.Failed {
		from, err := parseAction(name)
		if err != nil {
			return fmt.Errorf("failed: %w", err)
		}
		to, err := parseAction(failed)
		if err != nil {
			return fmt.Errorf("failed: %w", err)
		}
		addNew(m.failed, from, to)
	}
	for k, v := range f.Services {
		addNew(m.services, k, v)
	}
	for k, v := range f.Words {
		addNew(m.words, k, v)
	}
	return nil
}

func addNew[K comparable, V any](m map[K]V, k K, v V) {
	if _, there := m[k]; !there {
		m[k] = v
	}
}

func parseAction(name string) (activity.Action, error) {
	a, ok := activity.ParseAction(name)
	if !ok {
		return a, fmt.Errorf("%q is not an action", name)
	}
	return a, nil
}

func parseTemplates(texts []string) ([]template, error) {
	list := make([]template, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = parseTemplate(text); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (m *Mapping) loadRule(f *ruleFile) error {
	r, err := f.compile()
	if err != nil {
		return err
	}
	for _, event := range f.Events {
		if prefix, ok := strings.CutSuffix(event, "*"); ok {
			m.prefixed = append(m.prefixed, &prefixRule{f.Source, prefix, r})
			continue
		}
		addNew(m.exact, f.Source+" "+event, r)
	}
	return nil
}

func (f *ruleFile) compile() (*rule, error) {
	if f.Source == "" || len(f.Events) == 0 || f.Object == "" || len(f.What) == 0 {
		return nil, errors.New("source, events, action, object and what are required")
	}
	r := &rule{object: f.Object}
	var err error
	if r.action, err = parseAction(f.Action); err != nil {
		return nil, err
	}
	if f.Failed != "" {
		if r.failed, err = parseAction(f.Failed); err != nil {
			return nil, err
		}
	}
	if f.FailedWhen != nil {
		r.failedIs = f.FailedWhen.Is
		if r.failedPath, err = parsePath(f.FailedWhen.Path); err != nil {
			return nil, err
		}
	}
	if f.Unless != nil {
		if r.unless, err = parseAction(f.Unless.Action); err != nil {
			return nil, err
		}
		if r.unlessPath, err = parsePath(f.Unless.Path); err != nil {
			return nil, err
		}
	}
	if r.what, err = parseTemplates(f.What); err != nil {
		return nil, err
	}
	for _, d := range f.Details {
		if err := r.addDetail(d); err != nil {
			return nil, fmt.Errorf("detail %q: %w", d.Name, err)
		}
	}
	return r, nil
}

func (r *rule) addDetail(d detailFile) error {
	sides, err := parseTemplates([]string{d.Before, d.After})
	if err != nil {
		return err
	}
	if strings.TrimSpace(d.Name) == "" || len(d.Name) > activity.MaxName || d.Before == "" && d.After == "" {
		return errors.New("a name, and before or after, are required")
	}
	r.details = append(r.details, detailRule{d.Name, sides[0], sides[1], d.Both})
	return nil
}

// rule is the one for an event, nil if there is none.
func (m *Mapping) rule(source, event string) *rule {
	if r := m.exact[source+" "+event]; r != nil {
		return r
	}
	for _, p := range m.prefixed {
		if p.source == source && strings.HasPrefix(event, p.prefix) {
			return p.rule
		}
	}
	return nil
}
