package auth

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
)

// algorithm is a hash function of RFC 7616.
type algorithm struct {
	name string
	new  func() hash.Hash
}

var algorithms = map[Scheme]algorithm{
	DigestMD5:    {"MD5", md5.New},
	DigestSHA256: {"SHA-256", sha256.New},
}

func (g algorithm) size() int { return g.new().Size() }

// sum hashes parts with colons between them. Its text is in lower-case hex.
func (g algorithm) sum(parts ...string) []byte {
	h := g.new()
	buf := make([]byte, 0, 256)
	for i, p := range parts {
		if i > 0 {
			buf = append(buf, ':')
		}
		buf = append(buf, p...)
	}
	h.Write(buf)
	return h.Sum(nil)
}

// proof is what a Digest response is made from, besides the password (RFC
// 7616, section 3.4.1, with qop=auth).
type proof struct {
	algorithm
	session                        bool // the -sess variant
	method, uri, nonce, nc, cnonce string
}

// response returns the right response for an HA1, raw bytes.
func (p *proof) response(ha1 []byte) []byte {
	a1 := hex.EncodeToString(ha1)
	if p.session {
		a1 = hex.EncodeToString(p.sum(a1, p.nonce, p.cnonce))
	}
	a2 := hex.EncodeToString(p.sum(p.method, p.uri))
	return p.sum(a1, p.nonce, p.nc, p.cnonce, "auth", a2)
}

// fits reports whether response is right for one of the pair of HA1 that a
// verifier holds: of the name and password in UTF-8, and in Latin-1 where a
// client may have sent those (else the same again). Both are always tried.
func (p *proof) fits(pair, response []byte) bool {
	n := p.size()
	if len(pair) != 2*n {
		return false
	}
	first := subtle.ConstantTimeCompare(p.response(pair[:n]), response)
	second := subtle.ConstantTimeCompare(p.response(pair[n:]), response)
	return first|second == 1
}
