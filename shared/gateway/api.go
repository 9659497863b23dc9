package gateway

import (
	"fmt"
	"strings"
	"time"
)

// method is one method of a resource.
type method struct {
	function   string // its name in the CDK app
	authorized bool
}

// node is a resource of the API's tree.
type node struct {
	children map[string]*node
	param    *node // {name}
	proxy    *node // {name+}
	path     string
	methods  map[string]method
}

// function is how a function runs.
type function struct {
	name        string
	environment map[string]string
	timeout     time.Duration
	memory      int // MiB
}

// api is a REST API as the template describes it.
type api struct {
	stage      string
	root       *node
	authorizer string // the function's name; empty for none
	binary     []string
	responses  map[string]response
	functions  map[string]function
}

// newAPI reads an API from an assembly. physical gives the name of a table or
// the id of a secret by its logical id.
func newAPI(a *assembly, physical map[string]string) (*api, error) {
	p := &api{responses: map[string]response{}, functions: map[string]function{}}
	for _, r := range a.api.of("AWS::ApiGateway::RestApi") {
		p.binary = list(r.Properties["BinaryMediaTypes"])
	}
	for _, r := range a.api.of("AWS::ApiGateway::Stage") {
		p.stage = text(r.Properties["StageName"])
	}
	for _, r := range a.api.of("AWS::ApiGateway::GatewayResponse") {
		p.responses[text(r.Properties["ResponseType"])] = newResponse(r.Properties)
	}
	for id, r := range a.of("AWS::Lambda::Function") {
		f, err := newFunction(a, id, r, physical)
		if err != nil {
			return nil, err
		}
		p.functions[f.name] = f
	}
	for _, r := range a.api.of("AWS::ApiGateway::Authorizer") {
		p.authorizer = a.api.Resources[a.target(r.Properties["AuthorizerUri"])].construct()
		if text(r.Properties["Type"]) != "REQUEST" {
			return nil, fmt.Errorf("%w: authorizer of type %v", ErrTemplate, r.Properties["Type"])
		}
	}
	if p.stage == "" || len(p.functions) == 0 {
		return nil, fmt.Errorf("%w: no stage or no functions", ErrTemplate)
	}
	return p, p.addMethods(a)
}

func newFunction(a *assembly, id string, r resource, physical map[string]string) (function, error) {
	f := function{name: r.construct(), environment: map[string]string{}, timeout: 3 * time.Second, memory: 128}
	if s, ok := r.Properties["Timeout"].(float64); ok {
		f.timeout = time.Duration(s) * time.Second
	}
	if m, ok := r.Properties["MemorySize"].(float64); ok {
		f.memory = int(m)
	}
	variables, _ := at(r.Properties, "Environment", "Variables").(map[string]any)
	for name, v := range variables {
		value, err := a.resolve(v, physical)
		if err != nil {
			return f, fmt.Errorf("variable %s of function %s: %w", name, id, err)
		}
		f.environment[name] = a.layered(value, r)
	}
	return f, nil
}

// addMethods builds the tree of resources.
func (p *api) addMethods(a *assembly) error {
	nodes := map[string]*node{}
	p.root = &node{children: map[string]*node{}, methods: map[string]method{}, path: "/"}
	resources := a.api.of("AWS::ApiGateway::Resource")
	var find func(id string) *node
	find = func(id string) *node {
		if n := nodes[id]; n != nil {
			return n
		}
		r, ok := resources[id]
		if !ok {
			return p.root // the RootResourceId of the API itself
		}
		n := find(a.target(r.Properties["ParentId"])).child(text(r.Properties["PathPart"]))
		nodes[id] = n
		return n
	}
	for id, r := range a.api.of("AWS::ApiGateway::Method") {
		target := a.api.Resources[a.target(at(r.Properties, "Integration", "Uri"))].construct()
		if _, ok := p.functions[target]; !ok {
			return fmt.Errorf("%w: method %s has no function of ours", ErrTemplate, id)
		}
		find(a.target(r.Properties["ResourceId"])).methods[text(r.Properties["HttpMethod"])] = method{
			function:   target,
			authorized: text(r.Properties["AuthorizationType"]) == "CUSTOM",
		}
	}
	return nil
}

func (n *node) child(part string) *node {
	made := &node{children: map[string]*node{}, methods: map[string]method{}, path: strings.TrimSuffix(n.path, "/") + "/" + part}
	switch {
	case strings.HasSuffix(part, "+}"):
		n.proxy = made
	case strings.HasPrefix(part, "{"):
		n.param = made
	default:
		n.children[part] = made
	}
	return made
}

// route finds the resource for a path below the stage: exact parts first, then
// parameters, then the greedy one. One trailing slash is ignored.
func (p *api) route(path string) *node {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return p.root
	}
	return p.root.match(strings.Split(strings.TrimSuffix(path, "/"), "/"))
}

func (n *node) match(parts []string) *node {
	if len(parts) == 0 {
		return n
	}
	if next := n.children[parts[0]]; next != nil {
		if found := next.match(parts[1:]); found != nil {
			return found
		}
	}
	if n.param != nil && parts[0] != "" {
		if found := n.param.match(parts[1:]); found != nil {
			return found
		}
	}
	return n.proxy
}

func (n *node) method(name string) (method, bool) {
	if m, ok := n.methods[name]; ok {
		return m, true
	}
	m, ok := n.methods["ANY"]
	return m, ok
}

func list(v any) []string {
	var out []string
	values, _ := v.([]any)
	for _, x := range values {
		out = append(out, text(x))
	}
	return out
}
