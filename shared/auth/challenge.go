package auth

import (
	"slices"
	"strings"
)

// Offer is the list of schemes, in order, that clients of a kind get instead of
// all.
type Offer struct {
	UserAgent string // how the User-Agent begins
	But       string // if set: and does not contain
	Schemes   []Scheme
	Alone     bool // the first of them that can be offered, and no other
}

// DefaultOffers are for clients that take the first challenge they know, or
// that merge all of a line into one, or fail on a challenge that is a word alone:
// one Digest, then Basic. PowerShell calls itself Mozilla too, and is one of those
// that NTLM and Negotiate are for. Java reads NTLM and Negotiate where they stand
// alone, and fails where they are the best of several: one with a ticket throws an
// exception then. Libraries for Go compare the whole header with a
// word, or want Digest to begin it; Basic they send unasked.
var DefaultOffers = []Offer{
	{UserAgent: "Mozilla/", But: "PowerShell/", Schemes: []Scheme{DigestMD5, Basic}},
	{UserAgent: "Java/", Schemes: []Scheme{Basic, DigestMD5, DigestSHA256}},
	{UserAgent: "Java/", Schemes: []Scheme{Negotiate, NTLM}, Alone: true},
	{UserAgent: "Go-http-client/", Schemes: []Scheme{Negotiate, NTLM, DigestMD5, DigestSHA256}, Alone: true},
	{UserAgent: "python-httpx/", Schemes: []Scheme{DigestMD5, Basic}},
	{UserAgent: "Python-urllib/", Schemes: []Scheme{DigestMD5, Basic}},
}

// challenge is the one value of WWW-Authenticate: all challenges joined,
// because API Gateway sends one value a header. Every Digest in it has the same
// realm, nonce and qop, because clients merge them.
func (a *Authenticator) challenge(userAgent string, stale bool) (string, error) {
	nonce, err := a.nonces.issue()
	if err != nil {
		return "", err
	}
	var list []string
	for _, s := range a.offered(userAgent) {
		for _, m := range a.methods {
			if c := m.offer(s, nonce, stale); c != "" {
				list = append(list, c)
			}
		}
	}
	return strings.Join(list, ", "), nil
}

// offered lists the schemes for a client. An exception that leaves nothing is
// none: a 401 needs a challenge.
func (a *Authenticator) offered(userAgent string) []Scheme {
	for _, o := range a.offers {
		if !strings.HasPrefix(userAgent, o.UserAgent) || o.But != "" && strings.Contains(userAgent, o.But) {
			continue
		}
		var list []Scheme
		for _, s := range o.Schemes {
			if slices.Contains(a.offerable, s) {
				list = append(list, s)
			}
		}
		if o.Alone && len(list) > 1 {
			list = list[:1]
		}
		if len(list) > 0 {
			return list
		}
	}
	return a.offerable
}
