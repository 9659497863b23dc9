package api

import (
	"context"
	"net"
	"net/http"
	"strings"

	"docket/shared/auth"
)

// Credentials is the Guard that checks the Authorization header itself.
func Credentials(a *auth.Authenticator) Guard { return credentials{a} }

type credentials struct{ auth *auth.Authenticator }

func (g credentials) Caller(ctx context.Context, r *http.Request) (Caller, error) {
	outcome, err := g.auth.Authenticate(ctx, auth.Request{
		Method:        r.Method,
		Target:        r.RequestURI,
		Authorization: r.Header.Values("Authorization"),
		UserAgent:     r.UserAgent(),
		Host:          r.Host,
		Source:        source(r.RemoteAddr),
	})
	if err != nil {
		return Caller{}, err
	}
	c := Caller{Challenge: outcome.Challenge}
	if outcome.OK {
		c.Account, c.Groups = outcome.Account.Name, outcome.Groups
	}
	return c, nil
}

// byNegotiate reports whether a request came with credentials of Negotiate. Its
// clients, curl for one, take the connection for signed in then, and send their next
// request without any, unless the answer says Persistent-Auth: false, as that of a
// server does that signs in requests.
func byNegotiate(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Negotiate")
}

// source is the host of a peer's address.
func source(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
