package shell

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"docket/shared/api"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// base is the part of the contract's path that API Gateway takes for itself:
// the stage, or the base path of a custom domain.
const base = "/netwrix"

// ContractPath is a request's path as the contract has it. API Gateway gives it
// with or without its first part, depending on the host name.
func ContractPath(path string) string {
	if path == base || strings.HasPrefix(path, base+"/") {
		return path
	}
	return base + path
}

// ProxyHandler is the type that aws-lambda-go starts for a proxy integration.
type ProxyHandler func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// Proxy turns an http.Handler into one. It meters what the request consumes of
// DynamoDB and passes it to consumed.
func Proxy(h http.Handler, consumed func(ctx context.Context, c dynamo.Consumed)) ProxyHandler {
	adapter := httpadapter.New(h)
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		e.Path = ContractPath(e.Path)
		dropStaleEncoding(&e)
		ctx, meter := dynamo.WithMeter(ctx)
		answer, err := adapter.ProxyWithContext(ctx, e)
		consumed(ctx, meter.Consumed())
		return answer, err
	}
}

// Authorized is the Guard of a function behind the authorizer: the caller is
// whom that found, and nothing of the request itself is believed.
type Authorized struct{}

// The authorizer's context variables: texts, as API Gateway passes them on.
const (
	AccountKey = "account" // the account's name
	// GroupsKey has the groups of a Kerberos ticket, as a list in JSON; it is not
	// there for other sign-ins.
	GroupsKey = "groups"
)

// Caller reads the authorizer's context.
func (Authorized) Caller(ctx context.Context, _ *http.Request) (api.Caller, error) {
	rc, ok := core.GetAPIGatewayContextFromContext(ctx)
	if !ok {
		return api.Caller{}, nil
	}
	account, _ := rc.Authorizer[AccountKey].(string)
	c := api.Caller{Account: account}
	if text, ok := rc.Authorizer[GroupsKey].(string); ok {
		if err := json.Unmarshal([]byte(text), &c.Groups); err != nil {
			return api.Caller{}, fmt.Errorf("read the authorizer's groups: %w", err)
		}
	}
	return c, nil
}
