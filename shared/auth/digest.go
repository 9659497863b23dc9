package auth

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// digest is the method of RFC 7616.
type digest struct {
	auth     *Authenticator
	used     uses
	realm    string
	pathOnly bool
}

var _ method = (*digest)(nil)

func (*digest) token() string { return "digest" }

func (d *digest) offer(s Scheme, nonce string, stale bool) string {
	g, ok := algorithms[s]
	if !ok {
		return ""
	}
	c := fmt.Sprintf(`Digest realm="%s", qop="auth", algorithm=%s, nonce="%s"`, d.realm, g.name, nonce)
	if stale {
		c += ", stale=true" // in lower case: .NET gives up without it
	}
	return c
}

// digestCredentials are what a client sent, well-formed.
type digestCredentials struct {
	proof
	scheme   Scheme
	names    []string // the ways to read the user name, 1 or 2
	realm    string
	response []byte
}

// readDigest reads Digest credentials. False: they are not well-formed, or of a
// kind that was not offered.
func readDigest(credentials string) (*digestCredentials, bool) {
	list, ok := readParams(credentials)
	if !ok {
		return nil, false
	}
	c := &digestCredentials{}
	get := func(name string) (param, bool) {
		i := slices.IndexFunc(list, func(p param) bool { return p.name == name })
		if i < 0 {
			return param{}, false
		}
		return list[i], true
	}
	return c, c.readName(get) && c.readAlgorithm(get) && c.readUse(get) && c.readResponse(get)
}

type getter func(name string) (param, bool)

// readName reads username or username*, not both (RFC 7616, section 3.4).
func (c *digestCredentials) readName(get getter) bool {
	plain, isPlain := get("username")
	extended, isExtended := get("username*")
	if h, ok := get("userhash"); isPlain == isExtended || ok && !strings.EqualFold(h.text(), "false") {
		return false
	}
	if isExtended {
		name, ok := extendedValue(extended)
		c.names = []string{name}
		return ok && goodName(name)
	}
	if len(plain.raw) > 2*maxName {
		return false
	}
	// Some clients escape the backslash of DOMAIN\user, some do not.
	unescaped, literal := decodeText(plain.text()), decodeText(plain.raw)
	c.names = []string{unescaped}
	if literal != unescaped {
		c.names = append(c.names, literal)
	}
	return goodName(unescaped)
}

func goodName(name string) bool {
	return name != "" && len(name) <= maxName && !hasControl(name)
}

// extendedValue reads UTF-8'language'percent-encoded (RFC 5987, section 3.2).
func extendedValue(p param) (string, bool) {
	charset, rest, ok := strings.Cut(p.raw, "'")
	if !ok || p.quoted || !strings.EqualFold(charset, "UTF-8") {
		return "", false
	}
	_, encoded, ok := strings.Cut(rest, "'")
	name, err := url.PathUnescape(encoded)
	return name, ok && err == nil && utf8.ValidString(name)
}

// decodeText takes text that is not UTF-8 for Latin-1.
func decodeText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, err := charmap.ISO8859_1.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return text
}

func (c *digestCredentials) readAlgorithm(get getter) bool {
	name := "MD5" // RFC 7616, section 3.3
	if p, ok := get("algorithm"); ok {
		name = p.text()
	}
	name, c.session = cutSuffixFold(name, "-sess")
	for s, g := range algorithms {
		if strings.EqualFold(name, g.name) {
			c.scheme, c.algorithm = s, g
		}
	}
	return c.scheme != ""
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if i := len(s) - len(suffix); i >= 0 && strings.EqualFold(s[i:], suffix) {
		return s[:i], true
	}
	return s, false
}

// readUse reads what makes one use of a nonce.
func (c *digestCredentials) readUse(get getter) bool {
	qop, ok := get("qop")
	if !ok || !strings.EqualFold(qop.text(), "auth") {
		return false // auth-int needs the body; without qop there is no nc
	}
	for name, to := range map[string]*string{"nonce": &c.nonce, "nc": &c.nc, "cnonce": &c.cnonce, "uri": &c.uri, "realm": &c.realm} {
		p, ok := get(name)
		if *to = p.text(); !ok || *to == "" {
			return false
		}
	}
	_, err := hex.DecodeString(c.nc)
	return err == nil && len(c.nc) == 8 && len(c.nonce) <= maxNonce && len(c.cnonce) <= maxNonce
}

func (c *digestCredentials) readResponse(get getter) bool {
	p, _ := get("response")
	var err error
	c.response, err = hex.DecodeString(p.text())
	return err == nil && len(c.response) == c.size()
}

// judge implements method.
func (d *digest) judge(ctx context.Context, r *Request, credentials string) (verdict, error) {
	c, ok := readDigest(credentials)
	if !ok || !slices.Contains(d.auth.schemes, c.scheme) || c.realm != d.realm || !d.sameTarget(r, c.uri) {
		return verdict{result: malformed}, nil
	}
	c.method = r.Method
	snap, err := d.auth.directory.Snapshot(ctx)
	if err != nil {
		return verdict{}, fmt.Errorf("read accounts: %w", err)
	}
	pair := d.auth.throttle.pair(c.names[len(c.names)-1], r.Source)
	if !d.auth.throttle.admits(pair) {
		return verdict{result: throttled, scheme: c.scheme}, nil
	}
	v := verdict{result: wrong, scheme: c.scheme}
	for _, name := range c.names {
		k := d.auth.candidate(snap, name, c.scheme, name)
		d.auth.vault.step("proof")
		if fits := c.fits(k.plain, c.response); fits && k.known {
			v.result, v.account = accepted, k.account
		} else if v.account.Name == "" {
			v.account = k.account
		}
	}
	if v.result == wrong {
		d.auth.fail(ctx, r, pair, v)
		return v, nil
	}
	d.auth.throttle.succeeded(pair)
	return d.once(ctx, c, v)
}

// once turns an accepted proof into a stale one unless this is the first use of
// a nonce of ours in its time.
func (d *digest) once(ctx context.Context, c *digestCredentials, v verdict) (verdict, error) {
	end, ok := d.auth.nonces.open(c.nonce)
	if ok {
		var err error
		if ok, err = d.used.first(ctx, "digest/"+c.nonce, useOf(c), end); err != nil {
			return verdict{}, err
		}
	}
	if !ok {
		v.result = stale
	}
	return v, nil
}

// sameTarget reports whether a uri means the request it came with.
func (d *digest) sameTarget(r *Request, uri string) bool {
	if r.SameTarget != nil {
		return r.SameTarget(uri)
	}
	if uri == r.Target {
		return true
	}
	path, _, hasQuery := strings.Cut(r.Target, "?")
	return d.pathOnly && hasQuery && uri == path
}
