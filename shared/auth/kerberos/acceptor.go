package kerberos

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"docket/shared/auth"
)

// The limits of what is accepted.
const (
	// Skew is how far a client's clock may be from ours, either way; the custom of
	// all implementations (RFC 4120, section 1.6).
	Skew = 5 * time.Minute
	// maxUser is the most bytes of a user's name; Active Directory has 20 characters
	// for logon names, others have no limit.
	maxUser = 256
	// maxKeytab is the most bytes of a keytab: thousands of keys.
	maxKeytab = 256 << 10
)

// Config is what an Acceptor is made of.
type Config struct {
	// Keytab is a keytab file's content, as MIT's and Windows's tools write it.
	Keytab []byte
	// Realms maps each realm whose users may sign in, in its exact case, to the domain
	// of their accounts. At least one.
	Realms map[string]string
	// Groups maps SIDs, as S-1-5-21-…, to names of the directory's groups.
	Groups map[string]string
	Now    func() time.Time
}

// Acceptor judges tickets. It is safe for concurrent use.
type Acceptor struct {
	keys   []serviceKey
	realms map[string]string
	groups map[string]string
	now    func() time.Time
}

var _ auth.Kerberos = (*Acceptor)(nil)

// New makes an Acceptor. Errors are auth.ErrConfig and say what to change.
func New(c Config) (*Acceptor, error) {
	if c.Now == nil {
		return nil, fmt.Errorf("%w: no clock", auth.ErrConfig)
	}
	if len(c.Realms) == 0 {
		return nil, fmt.Errorf("%w: a keytab needs the realms whose users may sign in, each with the domain of their accounts", auth.ErrConfig)
	}
	keys, err := readKeytab(c.Keytab)
	if err != nil {
		return nil, err
	}
	return &Acceptor{keys: keys, realms: c.Realms, groups: c.Groups, now: c.Now}, nil
}

// Accept implements auth.Kerberos.
func (a *Acceptor) Accept(_ context.Context, token []byte) (auth.Ticket, error) {
	r, err := readRequest(token)
	if err != nil {
		return auth.Ticket{}, err
	}
	key, err := a.openTicket(r)
	if err != nil {
		return auth.Ticket{}, err
	}
	now := a.now()
	if err := r.checkTicket(now); err != nil {
		return auth.Ticket{}, err
	}
	made, err := r.openAuthenticator(now)
	if err != nil {
		return auth.Ticket{}, err
	}
	account, err := a.account(r)
	if err != nil {
		return auth.Ticket{}, err
	}
	return auth.Ticket{
		Account: account,
		Groups:  a.groupsOf(r, key),
		Use:     sha256.Sum256(r.EncryptedAuthenticator.Cipher),
		End:     made.Add(Skew),
	}, nil
}

// account is the name to look up for the client that the KDC names.
func (a *Acceptor) account(r *request) (string, error) {
	part := &r.Ticket.DecryptedEncPart
	domain, ok := a.realms[part.CRealm]
	if !ok {
		return "", refuse("realm %.80q has no domain here", part.CRealm)
	}
	names := part.CName.NameString
	if len(names) != 1 || !goodUser(names[0]) {
		return "", refuse("the client's name is none of an account: it has %d parts, or characters that accounts cannot have", len(names))
	}
	return domain + `\` + names[0], nil
}

func goodUser(s string) bool {
	return s != "" && len(s) <= maxUser && !strings.ContainsAny(s, `\@/`) && !strings.ContainsFunc(s, unicode.IsControl) &&
		!strings.ContainsFunc(s, posesAsASCII)
}

// posesAsASCII reports letters such as the Kelvin sign, which is a K without regard to
// case. The directory compares so, a KDC does not: who may make principals could
// be somebody else here.
func posesAsASCII(r rune) bool {
	if r < unicode.MaxASCII {
		return false
	}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f <= unicode.MaxASCII {
			return true
		}
	}
	return false
}

// groupsOf are the groups that the ticket's SIDs stand for, sorted, each once.
func (a *Acceptor) groupsOf(r *request, key *serviceKey) []string {
	if len(a.groups) == 0 {
		return nil
	}
	var names []string
	for _, sid := range r.sids(key) {
		if name, ok := a.groups[sid]; ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
