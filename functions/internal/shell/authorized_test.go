package shell

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"docket/shared/api"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/events"
)

// TestAuthorized reads what the authorizer said, and nothing that the client did.
func TestAuthorized(t *testing.T) {
	for name, c := range map[string]struct {
		said map[string]any
		want api.Caller
		bad  bool
	}{
		"nobody":        {nil, api.Caller{}, false},
		"an account":    {map[string]any{"account": "ann"}, api.Caller{Account: "ann"}, false},
		"groups":        {map[string]any{"account": "ann", "groups": `["A","B, \"C\""]`}, api.Caller{Account: "ann", Groups: []string{"A", `B, "C"`}}, false},
		"no list":       {map[string]any{"account": "ann", "groups": "A"}, api.Caller{}, true},
		"not a text":    {map[string]any{"account": "ann", "groups": 7.0}, api.Caller{Account: "ann"}, false},
		"not an object": {map[string]any{"account": 7.0}, api.Caller{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var got api.Caller
			var err error
			h := Proxy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got, err = Authorized{}.Caller(r.Context(), r)
				w.WriteHeader(http.StatusOK)
			}), func(context.Context, dynamo.Consumed) {})
			e := events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/x", Headers: map[string]string{"account": "eve", "groups": `["Z"]`}}
			e.RequestContext.Authorizer = c.said
			if _, err := h(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if got.Account != c.want.Account || !slices.Equal(got.Groups, c.want.Groups) || (err != nil) != c.bad {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}
