package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// basic is the method of RFC 7617.
type basic struct {
	auth   *Authenticator
	hashes *hashes
	realm  string
}

var _ method = (*basic)(nil)

func newBasic(a *Authenticator, c Config) *basic {
	return &basic{auth: a, hashes: newHashes(c, a.vault.step), realm: c.Ring.Realm()}
}

func (*basic) token() string { return "basic" }

func (b *basic) offer(s Scheme, _ string, _ bool) string {
	if s != Basic {
		return ""
	}
	return fmt.Sprintf(`Basic realm="%s"`, b.realm)
}

// readBasic reads Basic credentials in UTF-8, else in Latin-1. False: they are
// not well-formed. Line ends, which Go's decoder skips, do not get here.
func readBasic(credentials string) (name, password string, ok bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil || len(raw) > maxName+1+maxPassword {
		return "", "", false
	}
	name, password, ok = strings.Cut(decodeText(string(raw)), ":")
	password = norm.NFC.String(password)
	return name, password, ok && goodName(name) && checkPassword(password) == nil
}

// judge implements method.
func (b *basic) judge(ctx context.Context, r *Request, credentials string) (verdict, error) {
	if !slices.Contains(b.auth.schemes, Basic) {
		return verdict{result: malformed}, nil
	}
	name, password, ok := readBasic(credentials)
	if !ok {
		return verdict{result: malformed}, nil
	}
	snap, err := b.auth.directory.Snapshot(ctx)
	if err != nil {
		return verdict{}, fmt.Errorf("read accounts: %w", err)
	}
	v := verdict{result: throttled, scheme: Basic}
	pair := b.auth.throttle.pair(name, r.Source)
	if b.auth.throttle.blocked(pair) {
		return v, nil
	}
	k := b.auth.candidate(snap, name, Basic, "")
	v.account = k.account
	answer, err := b.hashes.check(ctx, &k, password, r.Source, func() bool { return b.auth.throttle.admits(pair) })
	switch {
	case err != nil:
		return verdict{}, err
	case answer == notAdmitted:
		return v, nil
	case answer == fits && k.known:
		b.auth.throttle.succeeded(pair)
		v.result = accepted
	default:
		v.result = wrong
		if answer != failsShared {
			b.auth.fail(ctx, r, pair, v)
		}
	}
	return v, nil
}
