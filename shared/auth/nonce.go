package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"docket/shared/keys"
)

// A nonce is 32 bytes in base64url without padding, 43 characters:
//
//	 0      version, 1
//	 1..4   number of the key, big endian
//	 5..10  time of issue, ms since 1970 UTC, big endian
//	11..18  random
//	19..31  the first 13 bytes of HMAC-SHA-256 over bytes 0..18 and the realm
const (
	nonceVersion = 1
	nonceSealed  = 19
	nonceBytes   = 32
)

const (
	nonceLife = 300 * time.Second
	nonceSkew = 5 * time.Second // how far ahead another instance's clock may be
	nonceKeys = 2               // the current key and the one before it
)

// nonces issues and reads nonces. Nothing is stored.
type nonces struct {
	keys  []keys.Key // the current one first
	realm string
	now   func() time.Time
	rand  io.Reader
}

func newNonces(ring *keys.Ring, now func() time.Time, rand io.Reader) *nonces {
	all := ring.All(keys.Nonces)
	return &nonces{keys: all[:min(len(all), nonceKeys)], realm: ring.Realm(), now: now, rand: rand}
}

// issue makes a nonce, different from all others.
func (n *nonces) issue() (string, error) {
	var b [nonceBytes]byte
	k := &n.keys[0]
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(n.now().UnixMilli()))
	b[0] = nonceVersion
	binary.BigEndian.PutUint32(b[1:], k.ID)
	copy(b[5:11], ms[2:])
	if _, err := io.ReadFull(n.rand, b[11:nonceSealed]); err != nil {
		return "", fmt.Errorf("make nonce: %w", err)
	}
	copy(b[nonceSealed:], n.mac(k, b[:nonceSealed]))
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// open returns when a nonce ends to be good, and whether it is ours and good
// now.
func (n *nonces) open(text string) (end time.Time, ok bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(nonceBytes) {
		return time.Time{}, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != nonceBytes || b[0] != nonceVersion {
		return time.Time{}, false
	}
	k := n.key(binary.BigEndian.Uint32(b[1:]))
	if k == nil || subtle.ConstantTimeCompare(n.mac(k, b[:nonceSealed]), b[nonceSealed:]) == 0 {
		return time.Time{}, false
	}
	var ms [8]byte
	copy(ms[2:], b[5:11])
	issued := time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:])))
	age := n.now().Sub(issued)
	return issued.Add(nonceLife), age >= -nonceSkew && age <= nonceLife
}

func (n *nonces) key(id uint32) *keys.Key {
	for i := range n.keys {
		if n.keys[i].ID == id {
			return &n.keys[i]
		}
	}
	return nil
}

func (n *nonces) mac(k *keys.Key, sealed []byte) []byte {
	m := hmac.New(sha256.New, k.Secret[:])
	m.Write(sealed)
	io.WriteString(m, n.realm)
	return m.Sum(nil)[:nonceBytes-nonceSealed]
}
