package gateway

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/klauspost/compress/gzip"
)

// The limits of API Gateway and Lambda (their quotas pages).
const (
	maxPayload     = 10 << 20 // of a request at the gateway
	maxEvent       = 6 << 20  // of an event to, and an answer from, a function
	maxHeaders     = 10240    // of request line and headers
	integration    = 29 * time.Second
	authorizerTime = 10 * time.Second
)

// Config is what a Gateway is made of. All fields but Every and Services are required.
type Config struct {
	Assembly  string            // cdk.out
	Binaries  string            // a folder with a bootstrap for each function
	Physical  map[string]string // names of tables, ids of secrets, by logical id
	Every     time.Duration     // of all schedules, instead of the template's, unless it is 0
	Services  *Services         // queues, buckets and rules, or nil: then Physical has their names, and Run has nothing to take
	Variables map[string]string // further variables of every function: where the engines are
	Stderr    io.Writer         // what functions print
	Rand      io.Reader
	Now       func() time.Time
	Log       *slog.Logger
	// ColdStart is told how long an instance took from its start to its
	// first question for work.
	ColdStart func(function string, took time.Duration)
}

// Gateway serves a synthesized API. Close ends its processes.
type Gateway struct {
	Config
	api       *api
	pools     map[string]*pool
	sources   []source
	schedules []schedule
}

// New reads the template. It starts nothing yet.
func New(c Config) (*Gateway, error) {
	a, err := readAssembly(c.Assembly)
	if err != nil {
		return nil, err
	}
	g := &Gateway{Config: c, pools: map[string]*pool{}}
	if c.Services != nil {
		g.Physical = c.Services.Physical()
		if g.sources, err = a.sources(c.Services); err != nil {
			return nil, err
		}
	}
	if g.schedules, err = a.schedules(); err != nil {
		return nil, err
	}
	for i := range g.schedules {
		if c.Every > 0 {
			g.schedules[i].every = c.Every
		}
	}
	if g.api, err = newAPI(a, g.Physical); err != nil {
		return nil, err
	}
	for name, f := range g.api.functions {
		for k, v := range c.Variables {
			f.environment[k] = v
		}
		g.pools[name] = &pool{
			function: f, binary: filepath.Join(c.Binaries, name), log: c.Log, stderr: c.Stderr,
			all: map[*instance]bool{}, coldStart: c.ColdStart,
		}
	}
	return g, nil
}

// Close ends all processes of functions.
func (g *Gateway) Close() {
	for _, p := range g.pools {
		p.close()
	}
}

// call is one request.
type call struct {
	id      string
	node    *node
	method  method
	path    string // below the stage, as it was sent
	context events.APIGatewayProxyRequestContext
	mapping map[string]string // what gateway responses may name
}

// ServeHTTP answers as the deployed API would.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/"+g.api.stage)
	if !ok || (path != "" && path[0] != '/') {
		forbidden(w)
		return
	}
	c, err := g.newCall(r, path)
	if err != nil {
		g.Log.Error("gateway", "error", err)
		g.api.respond(w, r, "API_CONFIGURATION_ERROR", nil)
		return
	}
	if kind := g.serve(w, r, c); kind != "" {
		g.api.respond(w, r, kind, c.mapping)
	}
}

// forbidden is the answer of the execute-api host to a stage that does not
// exist. No gateway response applies to it.
func forbidden(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", "ForbiddenException")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"message":"Forbidden"}`) // an error means that the client is gone
}

func (g *Gateway) newCall(r *http.Request, path string) (*call, error) {
	var id [16]byte
	if _, err := io.ReadFull(g.Rand, id[:]); err != nil {
		return nil, fmt.Errorf("make request id: %w", err)
	}
	if path == "" {
		path = "/"
	}
	if override := r.Header.Get("X-HTTP-Method-Override"); override != "" {
		r.Method = strings.ToUpper(override)
	}
	h := hex.EncodeToString(id[:])
	c := &call{id: h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], path: path}
	c.mapping = map[string]string{"requestId": c.id}
	c.node = g.api.route(path)
	if c.node != nil {
		c.context = g.api.requestContext(r, c.node, path, c.id, g.Now())
	}
	return c, nil
}

// serve takes a request through the gateway and returns the type of the
// gateway response that answers it, or nothing if a function did.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, c *call) string {
	if headerSize(r) > maxHeaders {
		return "BAD_REQUEST_PARAMETERS"
	}
	if c.node == nil {
		return "MISSING_AUTHENTICATION_TOKEN"
	}
	var ok bool
	if c.method, ok = c.node.method(r.Method); !ok {
		return "MISSING_AUTHENTICATION_TOKEN"
	}
	body, kind := readPayload(r)
	if kind != "" {
		return kind
	}
	if c.method.authorized {
		if kind := g.authorize(r, c); kind != "" {
			return kind
		}
	}
	return g.integrate(w, r, c, body)
}

func headerSize(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	return n
}

// readPayload reads the body, inflated: API Gateway undoes gzip.
func readPayload(r *http.Request) ([]byte, string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	switch {
	case err != nil:
		return nil, "BAD_REQUEST_BODY"
	case len(body) > maxPayload:
		return nil, "REQUEST_TOO_LARGE"
	case !strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip"):
		return body, ""
	}
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, "BAD_REQUEST_BODY"
	}
	body, err = io.ReadAll(io.LimitReader(z, maxPayload+1))
	switch {
	case err != nil:
		return nil, "BAD_REQUEST_BODY"
	case len(body) > maxPayload:
		return nil, "REQUEST_TOO_LARGE"
	}
	r.Header.Del("Content-Encoding")
	return body, ""
}

// authorize asks the authorizer and notes its context.
func (g *Gateway) authorize(r *http.Request, c *call) string {
	event, err := json.Marshal(g.api.authorizerEvent(r, c.node, c.path, c.context))
	if err != nil {
		return "AUTHORIZER_FAILURE"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), authorizerTime)
	defer cancel()
	raw, err := g.pools[g.api.authorizer].invoke(ctx, c.id, event)
	if err != nil {
		g.Log.Error("authorizer", "request", c.id, "error", err)
		return "AUTHORIZER_FAILURE"
	}
	d, err := decide(raw, g.api.methodARN(r.Method, c.path))
	for name, value := range d.context {
		c.mapping["authorizer."+name] = fmt.Sprint(value)
	}
	switch {
	case err != nil:
		g.Log.Error("authorizer", "request", c.id, "error", err)
		return "AUTHORIZER_CONFIGURATION_ERROR"
	case !d.allowed:
		return "ACCESS_DENIED"
	}
	c.context.Authorizer = map[string]any{"principalId": d.principal}
	for name, value := range d.context {
		c.context.Authorizer[name] = fmt.Sprint(value)
	}
	return ""
}

// integrate invokes the method's function and passes its answer on.
func (g *Gateway) integrate(w http.ResponseWriter, r *http.Request, c *call, body []byte) string {
	event, err := json.Marshal(g.api.proxyEvent(r, c.node, c.path, c.context, body))
	if err != nil {
		return "INTEGRATION_FAILURE"
	}
	if len(event) > maxEvent {
		tooLarge(w, c.id)
		return ""
	}
	// A function is not told that its client has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), integration)
	defer cancel()
	raw, err := g.pools[c.method.function].invoke(ctx, c.id, event)
	switch {
	case errors.Is(err, errTimeout):
		g.Log.Error("integration", "request", c.id, "error", err)
		return "INTEGRATION_TIMEOUT"
	case err != nil:
		g.Log.Error("integration", "request", c.id, "error", err, "answer", string(raw[:min(len(raw), 500)]))
		return "INTEGRATION_FAILURE"
	}
	var answer events.APIGatewayProxyResponse
	if err := json.Unmarshal(raw, &answer); err != nil || answer.StatusCode < 100 || len(raw) > maxEvent {
		g.Log.Error("integration", "request", c.id, "error", "malformed or too large proxy response", "bytes", len(raw))
		return "INTEGRATION_FAILURE"
	}
	return pass(w, r, answer, c.id)
}

// tooLarge is Lambda's own refusal of an event over its limit, which cannot be
// changed.
func tooLarge(w http.ResponseWriter, id string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", id)
	w.WriteHeader(http.StatusRequestEntityTooLarge)
	_, _ = io.WriteString(w, `{"message":"Request Too Long"}`) // an error means that the client is gone
}

// renamed are headers of a function's answer that API Gateway keeps for itself
// (developer guide, "Amazon API Gateway important notes").
var renamed = map[string]bool{
	"Authorization": true, "Connection": true, "Content-Md5": true, "Date": true, "Max-Forwards": true, "Server": true,
	"User-Agent": true, "Www-Authenticate": true,
}

// pass writes a function's answer.
func pass(w http.ResponseWriter, r *http.Request, a events.APIGatewayProxyResponse, id string) string {
	body := []byte(a.Body)
	if a.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(a.Body)
		if err != nil {
			return "INTEGRATION_FAILURE"
		}
		body = decoded
	}
	h := w.Header()
	set := func(name, value string) {
		name = http.CanonicalHeaderKey(name)
		if renamed[name] {
			name = "X-Amzn-Remapped-" + name
		}
		h.Add(name, value)
	}
	for name, values := range a.MultiValueHeaders {
		for _, v := range values {
			set(name, v)
		}
	}
	for name, v := range a.Headers {
		if _, ok := a.MultiValueHeaders[name]; !ok {
			set(name, v)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("X-Amzn-Requestid", id)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.StatusCode)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error means that the client is gone
	}
	return ""
}
