package gateway

import (
	"fmt"
	"testing"
)

func TestDecide(t *testing.T) {
	const arn = "arn:aws:execute-api:r:a:id/stage/GET/v1/list"
	statement := func(effect, action, resource string) string {
		return fmt.Sprintf(`{"Effect":%q,"Action":[%q],"Resource":[%q]}`, effect, action, resource)
	}
	const invoke = "execute-api:Invoke"
	for _, c := range []struct {
		name, statements string
		allowed          bool
	}{
		{"exact", statement("Allow", invoke, arn), true},
		{"whole stage", statement("Allow", invoke, "arn:aws:execute-api:r:a:id/stage/*"), true},
		{"stars within", statement("Allow", "execute-api:*", "arn:*:id/*/GET/*"), true},
		{"other stage", statement("Allow", invoke, "arn:aws:execute-api:r:a:id/other/*"), false},
		{"longer", statement("Allow", invoke, arn+"/x"), false},
		{"other action", statement("Allow", "execute-api:ManageConnections", "*"), false},
		{"deny", statement("Deny", invoke, "*"), false},
		{"deny wins", statement("Allow", invoke, "*") + "," + statement("Deny", invoke, "*list"), false},
		{"deny of something else", statement("Deny", invoke, "*other") + "," + statement("Allow", invoke, "*"), true},
		{"unknown effect", statement("Perhaps", invoke, "*"), false},
	} {
		d, err := decide([]byte(`{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[`+c.statements+`]}}`), arn)
		if err != nil || d.allowed != c.allowed {
			t.Errorf("%s: %v, %v; want %v", c.name, d.allowed, err, c.allowed)
		}
	}
	const policy = `"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}`
	for _, bad := range []string{
		"", "null", "{}", `{"principalId":"p"}`, "{" + policy + "}", `{"principalId":"p",` + policy + `,"context":{"list":[1]}}`,
		`{"principalId":"p",` + policy + `,"context":{"nothing":null}}`, `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[]}}`,
	} {
		if _, err := decide([]byte(bad), arn); err == nil {
			t.Errorf("%s is taken; want an error", bad)
		}
	}
}

func TestWildcard(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "ac", true},
		{"a*c", "abcb", false}, {"ab*ba", "aba", false}, {"*b*", "abc", true}, {"*bb*", "abc", false}, {"b*", "abc", false}, {"a**c", "abc", true},
	} {
		if wildcard(c.pattern, c.s) != c.want {
			t.Errorf("wildcard(%q, %q) is %v", c.pattern, c.s, !c.want)
		}
	}
}
