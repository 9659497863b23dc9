package client

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// sign adds the credentials to a request, if there are any to send yet, and
// returns the challenge that they answer.
func (c *Client) sign(req *http.Request) (*challenge, error) {
	if c.config.User == "" {
		return nil, nil
	}
	if c.config.Scheme == Basic {
		req.SetBasicAuth(c.config.User, c.config.Password)
		return nil, nil
	}
	ch, count := c.digest.next()
	if ch == nil {
		return nil, nil // the 401 brings the challenge
	}
	var random [12]byte
	if _, err := io.ReadFull(c.config.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("make a cnonce: %w", err)
	}
	req.Header.Set("Authorization", ch.answer(c.config.User, c.config.Password, req.Method, req.URL.RequestURI(), hex.EncodeToString(random[:]), count))
	return ch, nil
}

// digestState is the challenge in use and how often it was answered.
type digestState struct {
	mu        sync.Mutex
	challenge *challenge
	count     uint32
}

func (d *digestState) next() (*challenge, uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.challenge != nil {
		d.count++
	}
	return d.challenge, d.count
}

// renew takes over the challenge of a 401 to a request that answered used, and
// says whether to send the request again. A live nonce whose answer was refused
// means a wrong password, and trying again would only count against the account.
func (d *digestState) renew(used *challenge, headers []string) bool {
	best := bestDigest(headers)
	if best == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.challenge != used {
		return true // another request has renewed it meanwhile
	}
	if used != nil && !best.stale {
		return false
	}
	d.challenge, d.count = best, 0
	return true
}

// challenge is a Digest challenge (RFC 7616, section 3.3).
type challenge struct {
	realm, nonce, opaque, algorithm string
	hash                            func() hash.Hash
	session                         bool // -sess
	qop, stale                      bool
}

// bestDigest chooses among the challenges of a 401: SHA-256 before MD5. Nil if
// there is no Digest that this package can answer.
func bestDigest(headers []string) *challenge {
	var best *challenge
	for _, h := range headers {
		for _, params := range splitChallenges(h) {
			c, err := newChallenge(params)
			if err != nil {
				continue // another may do
			}
			if best == nil || (best.hash().Size() < c.hash().Size()) {
				best = c
			}
		}
	}
	return best
}

func newChallenge(p map[string]string) (*challenge, error) {
	c := &challenge{realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"], algorithm: p["algorithm"], stale: strings.EqualFold(p["stale"], "true")}
	name, session := strings.CutSuffix(strings.ToUpper(c.algorithm), "-SESS")
	c.session = session
	switch name {
	case "", "MD5":
		c.hash = md5.New
	case "SHA-256":
		c.hash = sha256.New
	default:
		return nil, fmt.Errorf("algorithm %q is not known", c.algorithm)
	}
	for offered := range strings.SplitSeq(p["qop"], ",") {
		c.qop = c.qop || strings.EqualFold(strings.TrimSpace(offered), "auth")
	}
	if c.nonce == "" || (p["qop"] != "" && !c.qop) {
		return nil, errors.New("no nonce or no qop=auth")
	}
	return c, nil
}

func (c *challenge) digest(parts ...string) string {
	h := c.hash()
	io.WriteString(h, strings.Join(parts, ":")) // a hash never fails
	return hex.EncodeToString(h.Sum(nil))
}

// answer is the Authorization header for one request (RFC 7616, section 3.4).
func (c *challenge) answer(user, password, method, uri, cnonce string, count uint32) string {
	nc := fmt.Sprintf("%08x", count)
	ha1 := c.digest(user, c.realm, password)
	if c.session {
		ha1 = c.digest(ha1, c.nonce, cnonce)
	}
	ha2 := c.digest(method, uri)
	response := c.digest(ha1, c.nonce, ha2)
	if c.qop {
		response = c.digest(ha1, c.nonce, nc, cnonce, "auth", ha2)
	}
	var b strings.Builder
	if ascii(user) {
		fmt.Fprintf(&b, `Digest username="%s"`, quoted.Replace(user))
	} else {
		fmt.Fprintf(&b, `Digest username*=UTF-8''%s`, strings.ReplaceAll(url.QueryEscape(user), "+", "%20"))
	}
	fmt.Fprintf(&b, `, realm="%s", nonce="%s", uri="%s", response="%s"`, quoted.Replace(c.realm), quoted.Replace(c.nonce), quoted.Replace(uri), response)
	if c.algorithm != "" {
		fmt.Fprintf(&b, `, algorithm=%s`, c.algorithm)
	}
	if c.opaque != "" {
		fmt.Fprintf(&b, `, opaque="%s"`, quoted.Replace(c.opaque))
	}
	if c.qop {
		fmt.Fprintf(&b, `, qop=auth, nc=%s, cnonce="%s"`, nc, cnonce)
	} else if c.session {
		fmt.Fprintf(&b, `, cnonce="%s"`, cnonce)
	}
	return b.String()
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
