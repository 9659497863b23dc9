// Package keys holds the secret keys of one installation: a ring of random
// 32-byte roots, the newest in use and all older ones kept, from which a key
// for each purpose is derived. On one machine the ring is a file of mode 0600,
// on AWS a secret; both hold the same JSON.
//
// A key's number travels in clear with what it protects (a mark, a nonce, a
// sealed verifier), so that rotation breaks nothing that was issued before.
package keys

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Purpose names what a key is for. Keys of different purposes are independent.
type Purpose string

// The purposes.
const (
	Marks     Purpose = "docket/marks/v1"     // continuation marks
	RIDs      Purpose = "docket/rids/v1"      // record identifiers
	Nonces    Purpose = "docket/nonces/v1"    // Digest nonces and NTLM challenges
	Verifiers Purpose = "docket/verifiers/v1" // password verifiers at rest
	Progress  Purpose = "docket/progress/v1"  // names of progress items of long searches
	Memory    Purpose = "docket/memory/v1"    // keyed hashes that never leave a process
)

// Size is the length of every key in bytes.
const Size = 32

// Key is a derived key and the number of its root.
type Key struct {
	ID     uint32 // 1 and up, increasing with age of issue
	Secret [Size]byte
}

// Ring is a set of roots. It is immutable and safe for concurrent use.
type Ring struct {
	realm string
	roots []root // oldest first
}

type root struct {
	ID      uint32    `json:"id"`
	Created time.Time `json:"created"`
	Secret  []byte    `json:"secret"`
}

// document is a ring as it is stored. A new secret on AWS has a seed instead of
// keys, because Secrets Manager makes random texts and no keys of ours.
type document struct {
	Realm string `json:"realm"`
	Keys  []root `json:"keys,omitempty"`
	Seed  string `json:"seed,omitempty"`
}

// minSeed is the least length of a seed: 43 letters and digits have 256 bits.
const minSeed = 43

// ErrMalformed says that a ring's document is not one.
var ErrMalformed = errors.New("malformed key ring")

// maxRealm bounds a realm in bytes: it is in every challenge.
const maxRealm = 64

// checkRealm refuses what clients misread in a challenge: curl, for one, splits a
// header at commas inside quotes.
func checkRealm(realm string) error {
	if realm == "" || len(realm) > maxRealm {
		return fmt.Errorf("%w: the realm has %d characters, must have 1 to %d", ErrMalformed, len(realm), maxRealm)
	}
	for _, c := range []byte(realm) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == ',' {
			return fmt.Errorf("%w: the realm must be plain ASCII without quote, backslash and comma", ErrMalformed)
		}
	}
	return nil
}

// Generate makes a ring with one new root. The realm is the one of HTTP
// authentication, 1 to 64 characters of plain ASCII without quote, backslash and
// comma; it is fixed for the life of an installation, because Digest verifiers
// depend on it. Errors are ErrMalformed for a realm, and those of rand.
func Generate(rand io.Reader, now time.Time, realm string) (*Ring, error) {
	if err := checkRealm(realm); err != nil {
		return nil, err
	}
	return (&Ring{realm: realm}).Rotate(rand, now)
}

// Rotate returns a ring with one more root, which becomes the current one.
func (r *Ring) Rotate(rand io.Reader, now time.Time) (*Ring, error) {
	next := root{ID: 1, Created: now.UTC().Truncate(time.Second), Secret: make([]byte, Size)}
	if n := len(r.roots); n > 0 {
		next.ID = r.roots[n-1].ID + 1
	}
	if next.ID == 0 {
		return nil, fmt.Errorf("%w: no key number is left", ErrMalformed)
	}
	if _, err := io.ReadFull(rand, next.Secret); err != nil {
		return nil, fmt.Errorf("make root key %d: %w", next.ID, err)
	}
	roots := append(append([]root(nil), r.roots...), next)
	return &Ring{realm: r.realm, roots: roots}, nil
}

// Parse reads the document that Marshal writes, or one with a realm and a seed of
// at least 43 characters. Errors are ErrMalformed.
func Parse(data []byte) (*Ring, error) {
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%w: not the JSON of a ring", ErrMalformed)
	}
	if len(doc.Seed) >= minSeed && len(doc.Keys) == 0 {
		doc.Keys = []root{seeded(doc.Seed)}
	}
	if len(doc.Keys) == 0 {
		return nil, fmt.Errorf("%w: at least one key is required", ErrMalformed)
	}
	if err := checkRealm(doc.Realm); err != nil {
		return nil, err
	}
	for i, k := range doc.Keys {
		if len(k.Secret) != Size || k.ID == 0 || (i > 0 && k.ID <= doc.Keys[i-1].ID) {
			return nil, fmt.Errorf("%w: key %d of the list has a wrong size or number", ErrMalformed, i+1)
		}
	}
	return &Ring{realm: doc.Realm, roots: doc.Keys}, nil
}

// seeded is the first root of a ring that was given a seed.
func seeded(seed string) root {
	secret, err := hkdf.Key(sha256.New, []byte(seed), nil, "docket/seed/v1", Size)
	if err != nil {
		panic("keys: HKDF refuses a seed with SHA-256: " + err.Error())
	}
	return root{ID: 1, Secret: secret}
}

// Marshal writes the ring, secrets included.
func (r *Ring) Marshal() ([]byte, error) {
	return json.MarshalIndent(document{Realm: r.realm, Keys: r.roots}, "", "  ")
}

// Realm is the realm of HTTP authentication.
func (r *Ring) Realm() string { return r.realm }

// Current is the key to use for new things.
func (r *Ring) Current(p Purpose) Key { return r.roots[len(r.roots)-1].derive(p) }

// Lookup finds the key by its number.
func (r *Ring) Lookup(p Purpose, id uint32) (Key, bool) {
	for i := range r.roots {
		if r.roots[i].ID == id {
			return r.roots[i].derive(p), true
		}
	}
	return Key{}, false
}

// All returns every key of a purpose, the current one first.
func (r *Ring) All(p Purpose) []Key {
	list := make([]Key, 0, len(r.roots))
	for i := len(r.roots) - 1; i >= 0; i-- {
		list = append(list, r.roots[i].derive(p))
	}
	return list
}

// String keeps secrets out of logs.
func (r *Ring) String() string { return fmt.Sprintf("key ring of %d", len(r.roots)) }

func (k root) derive(p Purpose) Key {
	out, err := hkdf.Key(sha256.New, k.Secret, nil, string(p), Size)
	if err != nil {
		panic("keys: HKDF refuses 32 bytes of SHA-256: " + err.Error())
	}
	key := Key{ID: k.ID}
	copy(key.Secret[:], out)
	return key
}
