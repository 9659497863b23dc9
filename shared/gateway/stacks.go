package gateway

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// describeStacks is the one action of CloudFormation that finds the parts of a
// deployment: the outputs of a stack. Outputs that name what the rehearsal lacks
// are left out.
func (s *Services) describeStacks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	action, stack := r.PostFormValue("Action"), r.PostFormValue("StackName")
	if action != "DescribeStacks" {
		stackError(w, "InvalidAction", "The rehearsal has no action "+action+".")
		return
	}
	for _, t := range s.assembly.templates {
		if t.stack == stack {
			_, _ = io.WriteString(w, s.stack(t)) // the client is gone
			return
		}
	}
	stackError(w, "ValidationError", "Stack with id "+stack+" does not exist")
}

const stackNamespace = `xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"`

func (s *Services) stack(t *template) string {
	var members strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t.Outputs)) {
		if value, err := s.assembly.resolve(t.Outputs[name].Value, s.physical); err == nil {
			fmt.Fprintf(&members, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", html.EscapeString(name), html.EscapeString(value))
		}
	}
	return fmt.Sprintf("<DescribeStacksResponse %s><DescribeStacksResult><Stacks><member><StackName>%s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>"+
		"<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>%s</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>",
		stackNamespace, html.EscapeString(t.stack), members.String())
}

func stackError(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	_, _ = fmt.Fprintf(w, "<ErrorResponse %s><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", stackNamespace, code, html.EscapeString(message)) // the client is gone
}
