// The fallback function answers everything that is not an endpoint: 404 for an
// unknown path, 405 for a wrong method, to everybody and with an empty body.
package main

import (
	"context"
	"net/http"
	"strings"

	"docket/functions/internal/shell"
	"docket/shared/api"

	"github.com/aws/aws-lambda-go/events"
)

func main() {
	shell.Start(func(context.Context) (any, error) { return handle, nil })
}

func handle(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	answer := events.APIGatewayProxyResponse{
		StatusCode: http.StatusNotFound,
		Headers:    map[string]string{"X-Request-Id": e.RequestContext.RequestID, "Content-Length": "0", "Content-Type": "text/plain"},
	}
	if _, allowed := api.Route(e.HTTPMethod, shell.ContractPath(e.Path)); allowed != nil {
		answer.StatusCode = http.StatusMethodNotAllowed
		answer.Headers["Allow"] = strings.Join(allowed, ", ")
	}
	return answer, nil
}
