// Package api is what an HTTP client sees: the endpoints of the wire contract
// as an http.Handler.
//
// A request passes the same gates in the same order wherever it runs. Route
// (path, then method) answers 404 and 405 before anybody is asked for
// credentials; a Guard says who the caller is; the caller's rights, read from
// the directory for this request, must allow the endpoint; only then are query
// parameters, size and body looked at. What passes goes to the search engine or
// to the ledger, and their errors become statuses in one place (status.go).
//
// On one machine Handler serves all endpoints with a Guard that checks
// credentials itself. On AWS each endpoint is a function, and its Guard takes
// the caller from the authorizer in front of it.
//
// Memory is bounded whatever is sent: bodies and pages are charged to a Budget
// while they are held, and a request that cannot be served within it is
// answered 503 with Retry-After.
package api
