package auth

import (
	"context"

	"docket/shared/access"
)

// method is one family of schemes.
type method interface {
	// token is its name in an Authorization header, in lower case.
	token() string
	// offer is its challenge for a scheme, "" if the scheme is not its own.
	offer(s Scheme, nonce string, stale bool) string
	// judge looks at credentials that bear its token. Wrong ones are a verdict;
	// an error is an internal failure.
	judge(ctx context.Context, r *Request, credentials string) (verdict, error)
}

// verdict is what a method says of credentials.
type verdict struct {
	result result
	scheme Scheme
	// account is who it is, if accepted; else an account for the log, if the
	// name is one's.
	account access.Account
	// groups are those that an accepted ticket names beside the directory's.
	groups []string
	// why, if set, says more than result for the log.
	why string
	// reply, if set, is the whole challenge: the next leg of a handshake, which
	// stands alone in its header.
	reply string
}

// result is why credentials were accepted or not. It never reaches a client,
// but for stale.
type result uint8

const (
	absent    result = iota // no credentials: no failure
	malformed               // not credentials of a scheme that is offered: nothing was checked, no failure
	throttled               // too many failures before: nothing was checked
	wrong                   // the proof or password is wrong, or nobody has this name: a failure
	stale                   // the proof is right, its nonce is not: no failure
	accepted
	begun  // the first leg of a handshake: no failure
	unsafe // NTLMv1, LM or anonymous: nothing was checked, no failure
	late   // the proof is right, but its challenge was used before or is too old: no failure
)

func (r result) String() string {
	return [...]string{"no credentials", "malformed credentials", "throttled", "wrong name or password", "stale nonce", "accepted",
		"handshake begun", "NTLMv1, LM or anonymous", "used or old challenge"}[r]
}
