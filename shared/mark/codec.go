package mark

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"docket/shared/keys"
)

// The errors of Open. Neither tells more: a client cannot learn from a refusal.
var (
	ErrInvalid  = errors.New("not a continuation mark")
	ErrOriginal = errors.New("a continuation mark of the original product")
)

// original is how marks of the original product begin (contract, section 4). No
// mark of ours does: its first byte is the version.
const original = "PG5y"

// MaxText is longer than any mark, in characters.
const MaxText = 2047

// Sizes of the sealed form in bytes; doc.go has the layout.
const (
	version    = 1
	saltSize   = 16
	clearSize  = 1 + 4 + saltSize
	tagSize    = 16
	leastBytes = clearSize + headSize + tagSize
)

// Codec seals and opens marks. It is safe for concurrent use.
type Codec struct {
	current keys.Key
	keys    map[uint32][keys.Size]byte

	mu   sync.Mutex // guards rand, which need not be safe for concurrent use
	rand io.Reader
}

// NewCodec returns a Codec that seals with the ring's current key and opens with
// any of its keys. rand gives the salts.
func NewCodec(ring *keys.Ring, rand io.Reader) *Codec {
	c := &Codec{current: ring.Current(keys.Marks), keys: map[uint32][keys.Size]byte{}, rand: rand}
	for _, k := range ring.All(keys.Marks) {
		c.keys[k.ID] = k.Secret
	}
	return c
}

// Seal returns the text of m, at most MaxText characters of the base64url
// alphabet. Its errors are those of rand and of a mark that breaks the bounds
// stated at Mark, which is a fault of the caller.
func (c *Codec) Seal(m Mark) (string, error) {
	if err := m.check(); err != nil {
		return "", fmt.Errorf("seal mark: %w", err)
	}
	n := size(m.Kind, max(len(m.From), len(m.To)), max(len(m.Filter), m.hashLen()))
	sealed := make([]byte, clearSize, clearSize+n+tagSize)
	sealed[0] = version
	binary.BigEndian.PutUint32(sealed[1:], c.current.ID)
	if err := c.random(sealed[5:clearSize]); err != nil {
		return "", fmt.Errorf("seal mark: %w", err)
	}
	aead, err := newAEAD(c.current.Secret, sealed[5:clearSize])
	if err != nil {
		return "", fmt.Errorf("seal mark: %w", err)
	}
	plain := m.encode(make([]byte, 0, n))
	sealed = aead.Seal(sealed, make([]byte, aead.NonceSize()), plain, sealed[:clearSize])
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open reads a text that Seal gave under any key of the ring: exactly that text.
// Everything else is ErrInvalid, or ErrOriginal.
func (c *Codec) Open(text string) (Mark, error) {
	if strings.HasPrefix(text, original) {
		return Mark{}, ErrOriginal
	}
	// Go's decoder skips line ends: they would make a second text of a mark.
	if len(text) > MaxText || strings.ContainsAny(text, "\r\n") {
		return Mark{}, ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < leastBytes || sealed[0] != version {
		return Mark{}, ErrInvalid
	}
	secret, ok := c.keys[binary.BigEndian.Uint32(sealed[1:])]
	if !ok {
		return Mark{}, ErrInvalid
	}
	aead, err := newAEAD(secret, sealed[5:clearSize])
	if err != nil {
		return Mark{}, fmt.Errorf("open mark: %w", err)
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed[clearSize:], sealed[:clearSize])
	if err != nil {
		return Mark{}, ErrInvalid
	}
	m, err := decode(plain)
	if err != nil {
		return Mark{}, ErrInvalid
	}
	return m, nil
}

func (m *Mark) hashLen() int {
	if m.FilterHash == nil {
		return 0
	}
	return hashSize
}

func (c *Codec) random(dst []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.ReadFull(c.rand, dst); err != nil {
		return fmt.Errorf("draw salt: %w", err)
	}
	return nil
}

// newAEAD is AES-256-GCM under the key of one salt. It is used for one mark, so
// its nonce may be zero.
func newAEAD(secret [keys.Size]byte, salt []byte) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(salt)
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
