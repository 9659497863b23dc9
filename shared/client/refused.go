package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"docket/shared/wire"
)

// Refused is an answer of the server other than 200.
type Refused struct {
	Status    int
	Errors    []wire.Error // of a 400, 500 or 503; empty if the body had none
	RequestID string       // finds the request in the server's log

	RetryAfter time.Duration // asked for by a 503; 0 if not
	challenges []string      // WWW-Authenticate of a 401
}

func newRefused(resp *http.Response, body []byte) *Refused {
	r := &Refused{
		Status:     resp.StatusCode,
		RequestID:  resp.Header.Get("X-Request-Id"),
		RetryAfter: retryAfter(resp.Header),
		challenges: resp.Header.Values("WWW-Authenticate"),
	}
	if len(body) > 0 {
		// A body that is no error list comes from something on the way; the
		// status then says what there is to say.
		r.Errors, _ = wire.ReadErrors(wire.Sniff(body), body)
	}
	return r
}

func (r *Refused) Error() string {
	switch r.Status {
	case http.StatusUnauthorized:
		return "sign-in refused (401): the user name or password is wrong, or the account's role does not allow this"
	case http.StatusRequestEntityTooLarge:
		return "the request is too large for the server (413)"
	case http.StatusNotFound:
		return "no such endpoint (404): is this the address of the API?"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the server answered %d", r.Status)
	const shown = 5
	for i, e := range r.Errors {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(r.Errors)-shown)
			break
		}
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s: %s", sep, e.Category, e.Description)
		if e.Location != "" {
			fmt.Fprintf(&b, " (at %s)", e.Location)
		}
	}
	if r.RequestID != "" && r.Status >= 500 {
		fmt.Fprintf(&b, " [request %s]", r.RequestID)
	}
	return b.String()
}

// Invalid says whether the request itself is wrong (400); Errors say how.
func (r *Refused) Invalid() bool { return r.Status == http.StatusBadRequest }

// TooLarge says whether the request is over a limit of the server (413): a part
// of it may pass.
func (r *Refused) TooLarge() bool { return r.Status == http.StatusRequestEntityTooLarge }

// passing says whether the same request may succeed later.
func (r *Refused) passing() bool {
	switch r.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return true
	}
	return false
}

// Untrusted says whether an error is that the server's certificate could not be
// verified.
func Untrusted(err error) bool {
	var unverified *tls.CertificateVerificationError
	return errors.As(err, &unverified)
}

// lasting says whether an error of the connection will be the same next time.
func lasting(err error) bool {
	var header tls.RecordHeaderError
	return Untrusted(err) || errors.As(err, &header) || errors.Is(err, errTooLong)
}
