package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// template is a CloudFormation template as far as it matters here.
type template struct {
	stack     string
	Resources map[string]resource
	Outputs   map[string]struct {
		Value  any
		Export struct{ Name any }
	}
}

type resource struct {
	Type       string
	Properties map[string]any
	Metadata   map[string]any
}

// assembly is all templates of a cdk.out folder. Logical ids are looked up
// in the template that uses them, exported values in the others.
type assembly struct {
	dir       string
	templates []*template
	api       *template // the one with the REST API
}

// ErrTemplate says that an assembly is not one that this package can serve.
var ErrTemplate = errors.New("cannot serve template")

func readAssembly(dir string) (*assembly, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.template.json"))
	if err != nil {
		return nil, err
	}
	a := &assembly{dir: dir}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read template: %w", err)
		}
		t := &template{}
		if err := json.Unmarshal(raw, t); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrTemplate, path, err)
		}
		t.stack = strings.TrimSuffix(filepath.Base(path), ".template.json")
		a.templates = append(a.templates, t)
		if len(t.of("AWS::ApiGateway::RestApi")) > 0 {
			a.api = t
		}
	}
	if a.api == nil {
		return nil, fmt.Errorf("%w: no REST API in the templates of %s", ErrTemplate, dir)
	}
	return a, nil
}

// of lists the resources of a type by logical id.
func (t *template) of(kind string) map[string]resource {
	m := map[string]resource{}
	for id, r := range t.Resources {
		if r.Type == kind {
			m[id] = r
		}
	}
	return m
}

// of lists the resources of a type in all templates by logical id.
func (a *assembly) of(kind string) map[string]resource {
	m := map[string]resource{}
	for _, t := range a.templates {
		maps.Copy(m, t.of(kind))
	}
	return m
}

// target finds the logical id that a value refers to, through exports and
// anything nested; empty if there is none.
func (a *assembly) target(v any) string {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok && !strings.HasPrefix(ref, "AWS::") {
			return ref
		}
		if att, ok := v["Fn::GetAtt"].([]any); ok && len(att) > 0 {
			id, _ := att[0].(string)
			return id
		}
		if name, ok := v["Fn::ImportValue"].(string); ok {
			return a.exported(name)
		}
		for _, nested := range v {
			if id := a.target(nested); id != "" {
				return id
			}
		}
	case []any:
		for _, nested := range v {
			if id := a.target(nested); id != "" {
				return id
			}
		}
	}
	return ""
}

func (a *assembly) exported(name string) string {
	for _, t := range a.templates {
		for _, o := range t.Outputs {
			if o.Export.Name == name {
				return a.target(o.Value)
			}
		}
	}
	return ""
}

// at walks into nested properties.
func at(v any, path ...string) any {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// construct is the last name but one of a resource's path in the CDK app: the
// name that the app gave it.
func (r resource) construct() string {
	parts := strings.Split(text(r.Metadata["aws:cdk:path"]), "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// Kind is what a stateful resource is.
type Kind uint8

// The stateful resources that functions are given by name.
const (
	Table Kind = iota + 1
	Secret
)

// Stateful lists the tables and secrets of an assembly by logical id.
func Stateful(dir string) (map[string]Kind, error) {
	a, err := readAssembly(dir)
	if err != nil {
		return nil, err
	}
	found := map[string]Kind{}
	for id := range a.of("AWS::DynamoDB::Table") {
		found[id] = Table
	}
	for id := range a.of("AWS::SecretsManager::Secret") {
		found[id] = Secret
	}
	return found, nil
}
