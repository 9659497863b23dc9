package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"docket/shared/access"
	"docket/shared/keys"
	"docket/shared/table"
)

// Request is what of an HTTP request matters for signing in.
type Request struct {
	Method string // as sent, for example GET
	// Target is the request-target as sent: path and query, still escaped.
	Target        string
	Authorization []string // the values of that header, in order
	UserAgent     string
	Host          string // that header's value; both legs of an NTLM handshake must have the same
	Source        string // the peer's address, without port
	// SameTarget, if set, judges Digest's uri instead of equality with Target,
	// for a front that does not know how the client wrote it.
	SameTarget func(uri string) bool
}

// Outcome is the answer to a Request.
type Outcome struct {
	OK      bool
	Account access.Account // who it is, if OK
	// Groups are the directory's groups that a Kerberos ticket puts the account
	// into beside those that it is a member of; nil for all other schemes.
	Groups []string
	// Challenge is a fresh value for the one WWW-Authenticate header of a 401.
	// It is set also when OK, for a caller who is known but may not do this.
	Challenge string
}

// Directory gives the accounts in force.
type Directory interface {
	Snapshot(ctx context.Context) (*access.Snapshot, error)
}

// Config is what an Authenticator is made of. Fields without a default named
// are required.
type Config struct {
	Directory Directory
	State     table.Table // where used nonces and proofs are kept until they expire
	Ring      *keys.Ring  // its realm is the realm
	Schemes   []Scheme    // offered and accepted; the order does not matter
	Now       func() time.Time
	Rand      io.Reader // safe for concurrent use
	Log       *slog.Logger

	// Kerberos takes the tickets of Negotiate. Without it Negotiate is not
	// offered; NTLM in it is accepted where NTLM is.
	Kerberos Kerberos
	// Offers are exceptions by User-Agent; nil is DefaultOffers.
	Offers []Offer
	// Hashes is how many argon2id computations of 19 MiB run at once; 0 is one
	// for each processor.
	Hashes int
	// PathOnly also accepts a Digest uri without the query, as axios-digest-auth
	// sends it: the query is then not covered by the proof.
	PathOnly bool
}

// ErrConfig says that a Config cannot be used.
var ErrConfig = errors.New("authentication configuration")

// Authenticator checks credentials. It is safe for concurrent use.
type Authenticator struct {
	directory Directory
	vault     *vault
	nonces    *nonces
	throttle  *throttle
	offers    []Offer
	schemes   []Scheme // accepted
	offerable []Scheme // those of them that are offered
	methods   []method
	log       *slog.Logger
}

// New makes an Authenticator. A rotated ring needs a new one. Errors are
// ErrConfig.
func New(c Config) (*Authenticator, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	vault, err := newVault(c.Ring)
	if err != nil {
		return nil, err
	}
	offers := c.Offers
	if offers == nil {
		offers = DefaultOffers
	}
	a := &Authenticator{
		directory: c.Directory,
		vault:     vault,
		nonces:    newNonces(c.Ring, c.Now, c.Rand),
		throttle:  newThrottle(c.Ring, c.Now),
		offers:    offers,
		schemes:   sorted(c.Schemes),
		log:       c.Log,
	}
	// Some clients that see Negotiate try nothing else, so it is offered only where
	// there are tickets to take. Those that would send NTLM in it are offered NTLM.
	a.offerable = slices.DeleteFunc(slices.Clone(a.schemes), func(s Scheme) bool { return s == Negotiate && c.Kerberos == nil })
	used := uses{c.State}
	windows := &ntlm{auth: a, states: newNTLMStates(&c), used: used}
	a.methods = []method{
		newBasic(a, c),
		&digest{auth: a, used: used, realm: c.Ring.Realm(), pathOnly: c.PathOnly},
		windows,
		&negotiate{auth: a, ntlm: windows, kerberos: c.Kerberos, used: used},
	}
	return a, nil
}

func (c *Config) check() error {
	switch {
	case c.Directory == nil, c.State == nil, c.Ring == nil, c.Now == nil, c.Rand == nil, c.Log == nil:
		return fmt.Errorf("%w: directory, state, ring, clock, randomness and log are required", ErrConfig)
	case len(c.Schemes) == 0:
		return fmt.Errorf("%w: no scheme is offered", ErrConfig)
	case c.Hashes < 0:
		return fmt.Errorf("%w: %d concurrent hashes", ErrConfig, c.Hashes)
	}
	for _, s := range c.Schemes {
		if !slices.Contains(order, s) {
			return fmt.Errorf("%w: %w %.40q", ErrConfig, ErrScheme, string(s))
		}
	}
	if c.Kerberos == nil && !slices.ContainsFunc(c.Schemes, func(s Scheme) bool { return s != Negotiate }) {
		return fmt.Errorf("%w: negotiate needs a keytab, or another scheme beside it", ErrConfig)
	}
	if c.Hashes == 0 {
		c.Hashes = runtime.GOMAXPROCS(0)
	}
	return nil
}

// Authenticate finds out who sends r. An error is an internal failure: of the
// directory, of the table, of randomness, ErrBusy, or the context's own.
func (a *Authenticator) Authenticate(ctx context.Context, r Request) (Outcome, error) {
	v, err := a.judge(ctx, &r)
	if err != nil {
		return Outcome{}, err
	}
	a.report(ctx, &r, v)
	out := Outcome{Challenge: v.reply}
	if v.result == accepted {
		out.OK, out.Account, out.Groups = true, v.account, v.groups
	}
	if out.Challenge == "" {
		out.Challenge, err = a.challenge(r.UserAgent, v.result == stale)
	}
	return out, err
}

// judge passes the credentials to the method they name.
func (a *Authenticator) judge(ctx context.Context, r *Request) (verdict, error) {
	if len(r.Authorization) == 0 {
		return verdict{result: absent}, nil
	}
	token, credentials, ok := splitAuthorization(r.Authorization)
	if !ok {
		return verdict{result: malformed}, nil
	}
	for _, m := range a.methods {
		if m.token() == token {
			return m.judge(ctx, r, credentials)
		}
	}
	return verdict{result: malformed}, nil
}

// report logs what an administrator may want to know. The name is that of an
// account of the directory or none: what was sent may be a password in the
// wrong field.
func (a *Authenticator) report(ctx context.Context, r *Request, v verdict) {
	level := slog.LevelDebug
	switch v.result {
	case absent, begun, accepted:
		return
	case wrong:
		level = slog.LevelInfo
	}
	why := v.result.String()
	if v.why != "" {
		why = v.why
	}
	a.log.LogAttrs(ctx, level, "sign-in refused", slog.String("why", why),
		slog.String("scheme", string(v.scheme)), slog.String("account", v.account.Name), slog.String("source", r.Source))
}

// fail counts a failure.
func (a *Authenticator) fail(ctx context.Context, r *Request, p pair, v verdict) {
	if a.throttle.failed(p) {
		a.log.LogAttrs(ctx, slog.LevelWarn, "sign-ins wait after too many failures",
			slog.String("scheme", string(v.scheme)), slog.String("account", v.account.Name), slog.String("source", r.Source))
	}
}
