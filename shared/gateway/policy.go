package gateway

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// decision is an authorizer's answer.
type decision struct {
	allowed   bool
	principal string
	context   map[string]any // texts, numbers and booleans
}

// decide evaluates the policy that an authorizer returned, for one method: it
// must allow and no statement may deny. An answer of another shape is an error:
// AUTHORIZER_CONFIGURATION_ERROR.
func decide(answer []byte, arn string) (decision, error) {
	var a events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(answer, &a); err != nil {
		return decision{}, fmt.Errorf("authorizer's answer: %w", err)
	}
	d := decision{principal: a.PrincipalID, context: a.Context}
	if a.PrincipalID == "" || a.PolicyDocument.Version == "" || len(a.PolicyDocument.Statement) == 0 {
		return d, fmt.Errorf("authorizer's answer has no principal or no policy")
	}
	for name, value := range a.Context {
		switch value.(type) {
		case string, float64, bool:
		default:
			return d, fmt.Errorf("authorizer's context %s is not a text, number or boolean", name)
		}
	}
	for _, s := range a.PolicyDocument.Statement {
		if !matchesAny(s.Action, "execute-api:Invoke") || !matchesAny(s.Resource, arn) {
			continue
		}
		switch s.Effect {
		case "Deny":
			d.allowed = false
			return d, nil
		case "Allow":
			d.allowed = true
		}
	}
	return d, nil
}

// matchesAny says whether one of the patterns matches; * stands for any text.
func matchesAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if wildcard(p, s) {
			return true
		}
	}
	return false
}

func wildcard(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if !ok || i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return ok && strings.HasSuffix(s, parts[len(parts)-1])
}
