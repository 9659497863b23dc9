package bus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// filter compiles a content filter that looks at values.
func filter(name string, operand any) (func(any) bool, error) {
	switch name {
	case "prefix":
		return text(name, operand, strings.HasPrefix)
	case "suffix":
		return text(name, operand, strings.HasSuffix)
	case "equals-ignore-case":
		return text(name, operand, strings.EqualFold)
	case "wildcard":
		return text(name, operand, wildcard)
	case "anything-but":
		return anythingBut(operand)
	case "numeric":
		return numeric(operand)
	}
	return nil, fmt.Errorf("the content filter %q is not known here", name)
}

// text compiles a filter of texts. prefix and suffix may be told to ignore case.
func text(name string, operand any, holds func(value, operand string) bool) (func(any) bool, error) {
	if m, ok := operand.(map[string]any); ok && len(m) == 1 && (name == "prefix" || name == "suffix") {
		if folded, ok := m["equals-ignore-case"].(string); ok {
			folded = strings.ToLower(folded)
			return func(v any) bool {
				s, ok := v.(string)
				return ok && holds(strings.ToLower(s), folded)
			}, nil
		}
	}
	want, ok := operand.(string)
	if !ok {
		return nil, fmt.Errorf("%s takes a text", name)
	}
	return func(v any) bool {
		s, ok := v.(string)
		return ok && holds(s, want)
	}, nil
}

// wildcard matches * in the pattern with any text; a backslash takes what follows
// as it is.
func wildcard(value, pattern string) bool {
	parts, part := []string{}, strings.Builder{}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			part.WriteByte(pattern[i])
		case c == '*':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	last := part.String()
	if len(parts) == 0 {
		return value == last
	}
	value, ok := strings.CutPrefix(value, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1:] {
		if _, value, ok = strings.Cut(value, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(value, last)
}

// anythingBut compiles the opposite of a value, of a list of them, or of a filter.
func anythingBut(operand any) (func(any) bool, error) {
	switch o := operand.(type) {
	case []any:
		for _, e := range o {
			if err := scalar(e); err != nil {
				return nil, err
			}
		}
		return func(v any) bool { return !slices.Contains(o, v) }, nil
	case map[string]any:
		if len(o) != 1 {
			return nil, errors.New("anything-but takes one filter")
		}
		for name, inner := range o {
			if name == "numeric" || name == "anything-but" {
				return nil, fmt.Errorf("anything-but takes no %s", name)
			}
			positive, err := filters(name, inner)
			return func(v any) bool { return !positive(v) }, err
		}
	}
	return func(v any) bool { return v != operand }, scalar(operand)
}

// filters compiles a filter whose operand may be a list of alternatives.
func filters(name string, operand any) (func(any) bool, error) {
	list, ok := operand.([]any)
	if !ok {
		return filter(name, operand)
	}
	var all []func(any) bool
	for _, e := range list {
		f, err := filter(name, e)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return func(v any) bool {
		return slices.ContainsFunc(all, func(f func(any) bool) bool { return f(v) })
	}, nil
}

var comparisons = map[string]func(a, b float64) bool{
	"=": func(a, b float64) bool { return a == b }, "<": func(a, b float64) bool { return a < b }, "<=": func(a, b float64) bool { return a <= b },
	">": func(a, b float64) bool { return a > b }, ">=": func(a, b float64) bool { return a >= b },
}

// numeric compiles one or two comparisons, as in [">", 0, "<=", 5].
func numeric(operand any) (func(any) bool, error) {
	list, _ := operand.([]any)
	if len(list) != 2 && len(list) != 4 {
		return nil, errors.New("numeric takes one or two comparisons")
	}
	var all []func(float64) bool
	for i := 0; i < len(list); i += 2 {
		name, _ := list[i].(string)
		compare, known := comparisons[name]
		bound, isNumber := list[i+1].(float64)
		if !known || !isNumber {
			return nil, fmt.Errorf("numeric: %v %v is no comparison", list[i], list[i+1])
		}
		all = append(all, func(v float64) bool { return compare(v, bound) })
	}
	return func(v any) bool {
		n, ok := v.(float64)
		return ok && !slices.ContainsFunc(all, func(f func(float64) bool) bool { return !f(n) })
	}, nil
}
