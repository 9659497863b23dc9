package auth

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"docket/shared/auth/spnego"
)

// Kerberos accepts the tickets of Negotiate. It needs no connection either: one
// token says all.
type Kerberos interface {
	// Accept checks a token in GSS-API framing (RFC 4121, section 4.1), as spnego
	// takes it out of its frame; whether it came before is not for it to say. Errors
	// are ErrTicket for a token that is refused, with a reason for the log that
	// quotes nothing unchecked; all others are internal failures, for which the
	// request is not answered with 401.
	// It is called with anything that anybody sends and must not panic.
	Accept(ctx context.Context, token []byte) (Ticket, error)
}

// Ticket is whom a Kerberos token is from.
type Ticket struct {
	// Account is the name to look up, by the mapping of realms to domains:
	// DOMAIN\user, user@domain or user.
	Account string
	// Groups are names of the directory's groups that the ticket's own groups
	// stand for.
	Groups []string
	// Use is the same for two tokens if and only if one is a copy of the other: it
	// is spent, once for all instances.
	Use [32]byte
	// End is when the token is refused for its age, whether it was used or not.
	End time.Time
}

// ErrTicket says that a Kerberos token is malformed, of a foreign realm or too old.
var ErrTicket = errors.New("refused Kerberos ticket")

// negotiate is the method of RFC 4559: Kerberos, or NTLM, which clients send in
// its place when they have no ticket, with a frame or without.
type negotiate struct {
	auth     *Authenticator
	ntlm     *ntlm
	kerberos Kerberos // nil: none
	used     uses
}

var _ method = (*negotiate)(nil)

func (*negotiate) token() string { return "negotiate" }

// offer is the bare word.
func (*negotiate) offer(s Scheme, _ string, _ bool) string {
	if s != Negotiate {
		return ""
	}
	return "Negotiate"
}

// judge implements method.
func (n *negotiate) judge(ctx context.Context, r *Request, credentials string) (verdict, error) {
	v := verdict{result: malformed, scheme: Negotiate}
	b, ok := readToken(credentials)
	if !ok || !slices.Contains(n.auth.schemes, Negotiate) {
		return v, nil
	}
	token, err := spnego.Parse(b)
	if err != nil {
		return v, nil
	}
	hasNTLM := slices.Contains(n.auth.schemes, NTLM)
	switch {
	case token.Mech == spnego.NTLM && len(token.Inner) > 0 && hasNTLM:
		return n.ntlm.message(ctx, r, token.Inner, func(m []byte) string {
			if token.Framed {
				m = spnego.Challenge(spnego.NTLM, m)
			}
			return header(m)
		})
	case token.Mech == spnego.Kerberos && len(token.Inner) > 0 && n.kerberos != nil:
		return n.ticket(ctx, token.Inner)
	case token.Init:
		return n.choose(token, hasNTLM), nil
	}
	return v, nil
}

func header(token []byte) string { return "Negotiate " + base64.StdEncoding.EncodeToString(token) }

// choose asks for a token of a mechanism that the client offers and that is taken
// here, where it began with another.
func (n *negotiate) choose(token spnego.Token, hasNTLM bool) verdict {
	for _, m := range token.Offered {
		if m == spnego.Kerberos && n.kerberos != nil || m == spnego.NTLM && hasNTLM {
			return verdict{result: begun, scheme: Negotiate, reply: header(spnego.Challenge(m, nil))}
		}
	}
	return verdict{result: malformed, scheme: Negotiate}
}

// ticket signs in who a Kerberos token is from, if there is such an account, it
// may, and the token is the first of its kind. Nothing can be guessed by trying, so
// failures are not counted; and only who has a right ticket can make the table grow.
func (n *negotiate) ticket(ctx context.Context, token []byte) (verdict, error) {
	v := verdict{result: wrong, scheme: Negotiate}
	ticket, err := n.kerberos.Accept(ctx, token)
	if errors.Is(err, ErrTicket) {
		v.why = err.Error()
		return v, nil
	}
	if err != nil {
		return verdict{}, fmt.Errorf("accept Kerberos ticket: %w", err)
	}
	snap, err := n.auth.directory.Snapshot(ctx)
	if err != nil {
		return verdict{}, fmt.Errorf("read accounts: %w", err)
	}
	account, found := snap.Account(ticket.Account)
	v.account = account
	if !found || !mayNegotiate(&account) {
		v.why = "no account of this name that has negotiate among its schemes"
		return v, nil
	}
	first, err := n.used.first(ctx, "kerberos/"+hex.EncodeToString(ticket.Use[:]), "use", ticket.End)
	if err != nil {
		return verdict{}, err
	}
	v.result = late
	if first {
		v.result, v.groups = accepted, ticket.Groups
	}
	return v, nil
}
