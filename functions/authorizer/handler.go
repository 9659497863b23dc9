package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"docket/functions/internal/shell"
	"docket/shared/access"
	"docket/shared/api"
	"docket/shared/auth"
	"docket/shared/environment"

	"github.com/aws/aws-lambda-go/events"
)

// request and answer are the shapes of a REQUEST authorizer.
type (
	request = events.APIGatewayCustomAuthorizerRequestTypeRequest
	answer  = events.APIGatewayCustomAuthorizerResponse
)

// authorizer decides over requests.
type authorizer struct {
	auth interface {
		Authenticate(ctx context.Context, r auth.Request) (auth.Outcome, error)
	}
	directory interface {
		Snapshot(ctx context.Context) (*access.Snapshot, error)
	}
	count func(ctx context.Context, metric string)
}

// anonymous is the principal of a refused request.
const anonymous = "anonymous"

func (a *authorizer) handle(ctx context.Context, r request) (answer, error) {
	outcome, err := a.auth.Authenticate(ctx, auth.Request{
		Method:        r.HTTPMethod,
		Authorization: header(r, "Authorization"),
		UserAgent:     strings.Join(header(r, "User-Agent"), " "),
		Host:          strings.Join(header(r, "Host"), " "),
		Source:        r.RequestContext.Identity.SourceIP,
		SameTarget:    func(uri string) bool { return sameTarget(uri, r) },
	})
	if err != nil {
		return answer{}, err
	}
	if outcome.OK {
		snapshot, err := a.directory.Snapshot(ctx)
		if err != nil {
			return answer{}, err
		}
		endpoint, _ := api.Route(r.HTTPMethod, shell.ContractPath(r.Path))
		if endpoint.Allows(snapshot.RightsIn(outcome.Account.Name, outcome.Groups)) {
			caller, err := about(outcome)
			return decide(r, "Allow", outcome.Account.Name, caller), err
		}
	}
	a.count(ctx, environment.Denied)
	return decide(r, "Deny", anonymous, map[string]any{"challenge": outcome.Challenge}), nil
}

// about is what the functions behind learn of the caller.
func about(outcome auth.Outcome) (map[string]any, error) {
	caller := map[string]any{shell.AccountKey: outcome.Account.Name}
	if len(outcome.Groups) > 0 {
		list, err := json.Marshal(outcome.Groups)
		if err != nil {
			return nil, fmt.Errorf("write groups: %w", err)
		}
		caller[shell.GroupsKey] = string(list)
	}
	return caller, nil
}

// decide answers for the whole stage: answers are not cached, and a policy for
// one method alone would be a trap if they ever were.
func decide(r request, effect, principal string, context map[string]any) answer {
	stage := r.MethodArn
	if parts := strings.SplitN(r.MethodArn, "/", 3); len(parts) == 3 {
		stage = parts[0] + "/" + parts[1] + "/*"
	}
	return answer{
		PrincipalID: principal,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version:   "2012-10-17",
			Statement: []events.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{stage}}},
		},
		Context: context,
	}
}

// header is the values of a header, whose name comes as the client wrote it.
func header(r request, name string) []string {
	var values []string
	for k, v := range r.MultiValueHeaders {
		if textproto.CanonicalMIMEHeaderKey(k) == name {
			values = append(values, v...)
		}
	}
	return values
}

// sameTarget says whether a Digest uri means this request. The event has no raw
// query: the path must be this one, with or without its first part, and the
// decoded query the same parameters in any order.
func sameTarget(uri string, r request) bool {
	if u, err := url.Parse(uri); err == nil && u.Host != "" {
		uri = u.RequestURI() // the absolute form
	}
	path, query, _ := strings.Cut(uri, "?")
	if shell.ContractPath(path) != shell.ContractPath(r.Path) {
		return false
	}
	var sent []string
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return false
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return false
		}
		sent = append(sent, name+"\x00"+value)
	}
	var have []string
	for name, values := range r.MultiValueQueryStringParameters {
		for _, v := range values {
			have = append(have, name+"\x00"+v)
		}
	}
	slices.Sort(sent)
	slices.Sort(have)
	return slices.Equal(sent, have)
}
