package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"docket/shared/access"
	"docket/shared/auth/ntlmssp"
)

// ntlm is NTLMv2 (MS-NLMP) over HTTP (MS-NTHT), without a connection: what a type
// 2 says comes back in the type 3 (ntlm_state.go).
type ntlm struct {
	auth   *Authenticator
	states *ntlmStates
	used   uses
}

var _ method = (*ntlm)(nil)

func (*ntlm) token() string { return "ntlm" }

// offer is the bare word, which must be the last of a line: curl takes what
// follows for its token.
func (*ntlm) offer(s Scheme, _ string, _ bool) string {
	if s != NTLM {
		return ""
	}
	return "NTLM"
}

// judge implements method.
func (n *ntlm) judge(ctx context.Context, r *Request, credentials string) (verdict, error) {
	message, ok := readToken(credentials)
	if !ok {
		return verdict{result: malformed, scheme: NTLM}, nil
	}
	return n.message(ctx, r, message, func(b []byte) string { return "NTLM " + base64.StdEncoding.EncodeToString(b) })
}

// readToken reads the base64 of a token.
func readToken(credentials string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(credentials)
	return b, err == nil && len(b) > 0
}

// message answers a type 1 with a challenge and judges a type 3. frame makes the
// header of an answer.
func (n *ntlm) message(ctx context.Context, r *Request, message []byte, frame func([]byte) string) (verdict, error) {
	v := verdict{result: malformed, scheme: NTLM}
	if !slices.Contains(n.auth.schemes, NTLM) {
		return v, nil
	}
	kind, err := ntlmssp.KindOf(message)
	if err != nil {
		return v, nil
	}
	switch kind {
	case ntlmssp.KindNegotiate:
		flags, err := ntlmssp.ParseNegotiate(message)
		if err != nil {
			return v, nil
		}
		challenge, err := n.states.issue(flags, r.Host)
		if err != nil {
			return verdict{}, err
		}
		return verdict{result: begun, scheme: NTLM, reply: frame(challenge)}, nil
	case ntlmssp.KindAuthenticate:
		return n.authenticate(ctx, r, message)
	}
	return v, nil
}

// authenticate judges a type 3. Only a right proof can learn that its challenge is
// too old or was used.
func (n *ntlm) authenticate(ctx context.Context, r *Request, message []byte) (verdict, error) {
	v := verdict{result: malformed, scheme: NTLM}
	m, err := ntlmssp.ParseAuthenticate(message)
	if err != nil {
		if errors.Is(err, ntlmssp.ErrRefused) {
			v.result = unsafe
		}
		return v, nil
	}
	state, ok := n.states.open(m, r.Host)
	names := ntlmNames(m.User, m.Domain)
	if !ok || len(names) == 0 {
		return v, nil
	}
	snap, err := n.auth.directory.Snapshot(ctx)
	if err != nil {
		return verdict{}, fmt.Errorf("read accounts: %w", err)
	}
	pair := n.auth.throttle.pair(names[len(names)-1], r.Source)
	if !n.auth.throttle.admits(pair) {
		v.result = throttled
		return v, nil
	}
	if v = n.prove(snap, m, state, names); v.result == wrong {
		n.auth.fail(ctx, r, pair, v)
		return v, nil
	}
	n.auth.throttle.succeeded(pair)
	return n.once(ctx, state, v)
}

// prove checks the proof against the first of the names that somebody has. All are
// tried, so that it takes as long whoever has one.
func (n *ntlm) prove(snap *access.Snapshot, m *ntlmssp.Authenticate, state ntlmState, names []string) verdict {
	v := verdict{result: wrong, scheme: NTLM}
	found := false
	for _, name := range names {
		k := n.auth.candidate(snap, name, NTLM, "")
		n.auth.vault.step("proof")
		fits := m.Fits(ntHashes(k.plain), state.nonce)
		if found || k.account.Name == "" {
			continue
		}
		found, v.account = true, k.account
		if fits && k.known {
			v.result = accepted
		}
	}
	return v
}

// once refuses a right proof unless it is the first for its challenge, and in its
// time. It is the challenge that is spent, and every proof with it: no client makes
// two from one.
func (n *ntlm) once(ctx context.Context, state ntlmState, v verdict) (verdict, error) {
	if !n.states.fresh(state) {
		v.result = late
		return v, nil
	}
	first, err := n.used.first(ctx, "ntlm/"+state.label, "use", state.end())
	if err != nil {
		return verdict{}, err
	}
	if !first {
		v.result = late
	}
	return v, nil
}

// ntlmNames are the ways to read whom a type 3 is from, the most exact first. A
// domain that no account has is passed over, as Windows does: clients that were
// given none send the target's, or the name of their own machine. curl writes
// UTF-8 as if each byte were a character.
func ntlmNames(user, domain string) []string {
	var names []string
	add := func(user, domain string) {
		if domain != "" && !strings.ContainsAny(user, `\@`) {
			names = append(names, domain+`\`+user)
		}
		names = append(names, user)
	}
	add(user, domain)
	if narrow, ok := ntlmssp.Narrow(user); ok {
		if d, ok := ntlmssp.Narrow(domain); ok {
			domain = d
		}
		add(narrow, domain)
	}
	for _, name := range names {
		if !goodName(name) {
			return nil
		}
	}
	return names
}

// ntHashes takes a verifier's plain text apart: two NT hashes.
func ntHashes(plain []byte) [][]byte {
	if len(plain) != 2*ntlmssp.HashBytes {
		return nil
	}
	return [][]byte{plain[:ntlmssp.HashBytes], plain[ntlmssp.HashBytes:]}
}
