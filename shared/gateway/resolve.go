package gateway

import (
	"fmt"
	"path/filepath"
	"strings"
)

// pseudo are the pseudo parameters of CloudFormation.
var pseudo = map[string]string{
	"AWS::AccountId": localAccount, "AWS::Region": localRegion, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
}

// resolve gives the text that a value will be. physical has what Ref gives, by
// logical id, and what Fn::GetAtt gives, by "ID.ATTRIBUTE"; where it lacks an
// attribute, the name stands for it.
func (a *assembly) resolve(v any, physical map[string]string) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case map[string]any:
		for function, operand := range v {
			return a.intrinsic(function, operand, physical)
		}
	}
	return "", fmt.Errorf("%w: %v is no text", ErrTemplate, v)
}

func (a *assembly) intrinsic(function string, operand any, physical map[string]string) (string, error) {
	switch function {
	case "Ref":
		id := text(operand)
		if value, ok := pseudo[id]; ok {
			return value, nil
		}
		if value, ok := physical[id]; ok {
			return value, nil
		}
	case "Fn::GetAtt":
		part := list(operand)
		if len(part) != 2 {
			break
		}
		for _, name := range []string{part[0] + "." + part[1], part[0]} {
			if value, ok := physical[name]; ok {
				return value, nil
			}
		}
	case "Fn::ImportValue":
		for _, t := range a.templates {
			for _, o := range t.Outputs {
				if o.Export.Name != nil && o.Export.Name == operand {
					return a.resolve(o.Value, physical)
				}
			}
		}
	case "Fn::Join":
		return a.joined(operand, physical)
	}
	return "", fmt.Errorf("%w: %s of %v has no local twin", ErrTemplate, function, operand)
}

func (a *assembly) joined(operand any, physical map[string]string) (string, error) {
	pair, _ := operand.([]any)
	if len(pair) != 2 {
		return "", fmt.Errorf("%w: Fn::Join of %v", ErrTemplate, operand)
	}
	values, _ := pair[1].([]any)
	parts := make([]string, len(values))
	for i, v := range values {
		var err error
		if parts[i], err = a.resolve(v, physical); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, text(pair[0])), nil
}

// resolved is a nested value with every function of CloudFormation in it done.
func (a *assembly) resolved(v any, physical map[string]string) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			if len(v) == 1 && (key == "Ref" || strings.HasPrefix(key, "Fn::")) {
				return a.resolve(v, physical)
			}
		}
		made := map[string]any{}
		for key, nested := range v {
			var err error
			if made[key], err = a.resolved(nested, physical); err != nil {
				return nil, err
			}
		}
		return made, nil
	case []any:
		made := make([]any, len(v))
		for i, nested := range v {
			var err error
			if made[i], err = a.resolved(nested, physical); err != nil {
				return nil, err
			}
		}
		return made, nil
	}
	return v, nil
}

// layered puts the folder of a function's layer in the place of /opt, where
// Lambda unpacks it.
func (a *assembly) layered(value string, function resource) string {
	for _, layer := range listOf(function.Properties["Layers"]) {
		r := a.of("AWS::Lambda::LayerVersion")[a.target(layer)]
		if path := text(r.Metadata["aws:asset:path"]); path != "" {
			return strings.ReplaceAll(value, "/opt/", filepath.Join(a.dir, path)+"/")
		}
	}
	return value
}

func listOf(v any) []any {
	values, _ := v.([]any)
	return values
}
