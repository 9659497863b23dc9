package bus

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrPattern says that a pattern is none, or uses what this package lacks.
var ErrPattern = errors.New("invalid event pattern")

// Pattern says whether an event matches. An event is decoded JSON.
type Pattern func(event map[string]any) bool

// maxDepth bounds patterns.
const maxDepth = 32

// Compile reads a pattern, decoded from JSON.
func Compile(pattern map[string]any) (Pattern, error) { return compile("", pattern, 0) }

func compile(path string, pattern map[string]any, depth int) (Pattern, error) {
	if len(pattern) == 0 || depth > maxDepth {
		return nil, fmt.Errorf("%w: %q is empty, or nested too deep", ErrPattern, path)
	}
	var all []Pattern
	for _, key := range slices.Sorted(maps.Keys(pattern)) {
		p, err := field(strings.TrimPrefix(path+"."+key, "."), key, pattern[key], depth)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return func(event map[string]any) bool {
		return !slices.ContainsFunc(all, func(p Pattern) bool { return !p(event) })
	}, nil
}

// field compiles one key of a pattern.
func field(path, key string, v any, depth int) (Pattern, error) {
	switch v := v.(type) {
	case map[string]any:
		p, err := compile(path, v, depth+1)
		return func(event map[string]any) bool { return nested(event[key], p) }, err
	case []any:
		if key == "$or" {
			return alternatives(path, v, depth)
		}
		return values(path, key, v)
	}
	return nil, fmt.Errorf("%w: %s must be a list or an object", ErrPattern, path)
}

// nested matches an object, any object of a list, or for a field that is absent an
// empty one: exists may ask for what is not there.
func nested(v any, p Pattern) bool {
	switch v := v.(type) {
	case map[string]any:
		return p(v)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return nested(e, p) })
	case nil:
		return p(nil)
	}
	return false
}

func alternatives(path string, list []any, depth int) (Pattern, error) {
	var some []Pattern
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: %s must have patterns", ErrPattern, path)
		}
		p, err := compile(path, m, depth+1)
		if err != nil {
			return nil, err
		}
		some = append(some, p)
	}
	return func(event map[string]any) bool {
		return slices.ContainsFunc(some, func(p Pattern) bool { return p(event) })
	}, nil
}

// values compiles the list of what a field may be.
func values(path, key string, list []any) (Pattern, error) {
	var tests []test
	for _, e := range list {
		t, err := condition(e)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrPattern, path, err)
		}
		tests = append(tests, t)
	}
	if len(tests) == 0 {
		return nil, fmt.Errorf("%w: %s: an empty list", ErrPattern, path)
	}
	return func(event map[string]any) bool {
		v, present := event[key]
		return slices.ContainsFunc(tests, func(t test) bool { return t.matches(v, present) })
	}, nil
}

// test is one condition on a field.
type test struct {
	absent bool             // the field must not be there
	value  func(v any) bool // for a value, or any of a list
	there  bool             // the field must be there, whatever its value
}

func (t test) matches(v any, present bool) bool {
	switch {
	case t.absent:
		return !present
	case !present:
		return false
	}
	list, isList := v.([]any)
	if t.there {
		_, isObject := v.(map[string]any)
		return !isObject // it works on leaves alone
	}
	if isList {
		return slices.ContainsFunc(list, t.value)
	}
	return t.value(v)
}

// condition compiles one element of a list.
func condition(e any) (test, error) {
	m, ok := e.(map[string]any)
	if !ok {
		return test{value: func(v any) bool { return v == e }}, scalar(e)
	}
	if len(m) != 1 {
		return test{}, fmt.Errorf("a content filter has one key, and not %d", len(m))
	}
	for name, operand := range m {
		if name == "exists" {
			there, ok := operand.(bool)
			if !ok {
				return test{}, errors.New("exists is true or false")
			}
			return test{absent: !there, there: there}, nil
		}
		value, err := filter(name, operand)
		return test{value: value}, err
	}
	return test{}, nil // not reached: m has one key
}

func scalar(e any) error {
	switch e.(type) {
	case string, float64, bool, nil:
		return nil
	}
	return fmt.Errorf("%v is no value", e)
}
