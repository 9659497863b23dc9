package api

import (
	"net/http"
	"strings"

	"docket/shared/access"
)

// Endpoint is one of the API's operations.
type Endpoint uint8

// The endpoints (contract, section 1).
const (
	NoEndpoint Endpoint = iota
	Enum
	Search
	Write
)

func (e Endpoint) String() string {
	return [...]string{"none", "enum", "search", "write"}[e]
}

// Root is the path under which everything lies.
const Root = "/netwrix/api/v1/activity_records"

// routes are the paths below Root without a trailing slash and what each
// method does there. The order of methods is that of the Allow header.
var routes = map[string]struct {
	endpoint Endpoint
	methods  []string
}{
	"":        {Write, []string{http.MethodPost}},
	"/enum":   {Enum, []string{http.MethodGet, http.MethodPost}},
	"/search": {Search, []string{http.MethodPost}},
}

// Route finds the endpoint for a method and a path as it was sent, escapes and
// all. Without one it returns NoEndpoint and, where the path exists, the methods
// that it takes, for a 405; none means 404.
func Route(method, path string) (Endpoint, []string) {
	rest, ok := strings.CutPrefix(path, Root)
	if !ok {
		return NoEndpoint, nil
	}
	r, ok := routes[strings.TrimSuffix(rest, "/")]
	if !ok {
		return NoEndpoint, nil
	}
	for _, m := range r.methods {
		if m == method {
			return r.endpoint, nil
		}
	}
	return NoEndpoint, r.methods
}

// Allows says whether somebody with these rights may use the endpoint
// (contract, section 7).
func (e Endpoint) Allows(r access.Rights) bool {
	switch e {
	case Enum, Search:
		return r.Read
	case Write:
		return r.Write
	}
	return false
}
