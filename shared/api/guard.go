package api

import (
	"context"
	"net"
	"net/http"

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
		c.Account = outcome.Account.Name
	}
	return c, nil
}

// source is the host of a peer's address.
func source(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
