package gateway

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// The local twins of what identifies a deployment.
const (
	localAccount = "000000000000"
	localRegion  = "us-east-1"
	localAPI     = "rehearsal0"
)

// methodARN names a request for policies.
func (p *api) methodARN(method, path string) string {
	return "arn:aws:execute-api:" + localRegion + ":" + localAccount + ":" + localAPI + "/" + p.stage + "/" + method + path
}

// requestContext is the part of an event that describes the request.
func (p *api) requestContext(r *http.Request, n *node, path, id string, now time.Time) events.APIGatewayProxyRequestContext {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return events.APIGatewayProxyRequestContext{
		AccountID: localAccount, APIID: localAPI, Stage: p.stage, RequestID: id, DomainName: r.Host,
		ResourcePath: n.path, HTTPMethod: r.Method, Path: "/" + p.stage + path, Protocol: r.Proto,
		RequestTime: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), RequestTimeEpoch: now.UnixMilli(),
		Identity: events.APIGatewayRequestIdentity{SourceIP: host, UserAgent: r.UserAgent()},
	}
}

// proxyEvent is what a function behind a Lambda proxy integration gets. The
// path has no stage; its escapes, double and trailing slashes are kept, while
// query parameters come decoded and without their order between names.
func (p *api) proxyEvent(r *http.Request, n *node, path string, rc events.APIGatewayProxyRequestContext, body []byte) events.APIGatewayProxyRequest {
	single, multi := headers(r)
	query, multiQuery := parameters(r.URL.RawQuery)
	e := events.APIGatewayProxyRequest{
		Resource: n.path, Path: path, HTTPMethod: r.Method,
		Headers: single, MultiValueHeaders: multi,
		QueryStringParameters: query, MultiValueQueryStringParameters: multiQuery,
		RequestContext: rc,
	}
	if p.isBinary(r.Header.Get("Content-Type")) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	} else {
		e.Body = strings.ToValidUTF8(string(body), string(utf8.RuneError))
	}
	return e
}

// authorizerEvent is what a REQUEST authorizer gets: no body, no raw query.
func (p *api) authorizerEvent(r *http.Request, n *node, path string, rc events.APIGatewayProxyRequestContext) events.APIGatewayCustomAuthorizerRequestTypeRequest {
	single, multi := headers(r)
	query, multiQuery := parameters(r.URL.RawQuery)
	return events.APIGatewayCustomAuthorizerRequestTypeRequest{
		Type: "REQUEST", MethodArn: p.methodARN(r.Method, path), Resource: n.path, Path: path, HTTPMethod: r.Method,
		Headers: single, MultiValueHeaders: multi, QueryStringParameters: query, MultiValueQueryStringParameters: multiQuery,
		RequestContext: events.APIGatewayCustomAuthorizerRequestTypeRequestContext{
			Path: rc.Path, AccountID: rc.AccountID, ResourcePath: rc.ResourcePath, HTTPMethod: rc.HTTPMethod, APIID: rc.APIID,
			Stage: rc.Stage, RequestID: rc.RequestID,
			Identity: events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: rc.Identity.SourceIP},
		},
	}
}

// isBinary says whether a body of this type arrives untouched, as base64.
func (p *api) isBinary(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = contentType
	}
	for _, b := range p.binary {
		if b == "*/*" || strings.EqualFold(b, media) {
			return true
		}
	}
	return false
}

func headers(r *http.Request) (single map[string]string, multi map[string][]string) {
	single, multi = map[string]string{}, map[string][]string{}
	for name, values := range r.Header {
		multi[name] = values
		single[name] = values[len(values)-1]
	}
	multi["Host"], single["Host"] = []string{r.Host}, r.Host
	return single, multi
}

func parameters(raw string) (single map[string]string, multi map[string][]string) {
	single, multi = map[string]string{}, map[string][]string{}
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if name == "" {
			continue
		}
		multi[name] = append(multi[name], value)
		single[name] = value
	}
	return single, multi
}

// unescape decodes as far as it can: API Gateway passes a malformed escape on
// as it is.
func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}
