package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode"

	"docket/shared/access"
	"docket/shared/auth/ntlmssp"
	"docket/shared/keys"
)

// A sealed verifier is
//
//	0      version, 1
//	1..4   number of the key, big endian
//	5..16  nonce of AES-256-GCM
//	17..   ciphertext and tag
//
// under the ring's key of purpose Verifiers. Its associated data are the first
// five bytes and, each with its length before it, account, scheme, realm and
// form. The account is the name without regard to case or to how its domain is
// written. The plain text of Basic is that of password.go, that of Digest the
// HA1 pair of proof.go, that of NTLM two NT hashes: of the password, and of the
// password as clients have it that take each byte of its UTF-8 for a character.
const (
	sealVersion = 1
	sealHeader  = 5
	sealNonce   = 12
)

// errSealed says that a verifier does not open: damaged, moved from another
// account or scheme, or sealed under a key that the ring has not.
var errSealed = errors.New("verifier does not open")

// vault seals verifiers and opens them.
type vault struct {
	realm   string
	current uint32
	keys    map[uint32]cipher.AEAD
	fakeKey [keys.Size]byte
	// count, if set, is told of each step: tests compare the work done for
	// known and unknown names.
	count func(step string)
}

// fakeID is the number of the key that seals fakes; a ring has none such.
const fakeID = 0

func newVault(ring *keys.Ring) (*vault, error) {
	v := &vault{realm: ring.Realm(), current: ring.Current(keys.Verifiers).ID, keys: map[uint32]cipher.AEAD{}}
	v.fakeKey = ring.Current(keys.Memory).Secret
	for _, k := range ring.All(keys.Verifiers) {
		aead, err := newAEAD(k.Secret[:])
		if err != nil {
			return nil, err
		}
		v.keys[k.ID] = aead
	}
	aead, err := newAEAD(v.derive("seal of fake verifiers")[:keys.Size])
	v.keys[fakeID] = aead
	return v, err
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("make cipher of verifiers: %w", err)
	}
	return cipher.NewGCM(block)
}

// seal makes the stored form of a verifier.
func (v *vault) seal(id uint32, nonce []byte, account string, s Scheme, form string, plain []byte) []byte {
	b := make([]byte, 0, sealHeader+sealNonce+len(plain)+16)
	b = append(b, sealVersion)
	b = binary.BigEndian.AppendUint32(b, id)
	ad := v.associated(b, account, s, form)
	b = append(b, nonce...)
	return v.keys[id].Seal(b, nonce, plain, ad)
}

// open is the reverse of seal. Errors are errSealed.
func (v *vault) open(sealed []byte, account string, s Scheme, form string) ([]byte, error) {
	v.step("open")
	if len(sealed) < sealHeader+sealNonce || sealed[0] != sealVersion {
		return nil, fmt.Errorf("%w: %d bytes", errSealed, len(sealed))
	}
	id := binary.BigEndian.Uint32(sealed[1:])
	aead := v.keys[id]
	if aead == nil {
		return nil, fmt.Errorf("%w: no key %d", errSealed, id)
	}
	ad := v.associated(sealed[:sealHeader], account, s, form)
	plain, err := aead.Open(nil, sealed[sealHeader:sealHeader+sealNonce], sealed[sealHeader+sealNonce:], ad)
	if err != nil {
		return nil, fmt.Errorf("%w: under key %d", errSealed, id)
	}
	return plain, nil
}

func (v *vault) associated(header []byte, account string, s Scheme, form string) []byte {
	ad := append(make([]byte, 0, 160), header...)
	for _, part := range []string{identity(account), string(s), v.realm, form} {
		ad = binary.BigEndian.AppendUint32(ad, uint32(len(part)))
		ad = append(ad, part...)
	}
	return ad
}

// fake is a sealed verifier for a name that has none, always the same for one
// name. No password fits it.
func (v *vault) fake(name string, s Scheme, form string) []byte {
	v.step("fake")
	random := v.derive("fake verifier", name, string(s))
	nonce, salt, secret := random[:sealNonce], random[sealNonce:sealNonce+saltBytes], random[32:]
	var plain []byte
	switch s {
	case Basic:
		plain = encodeHash(salt, secret)
	case NTLM:
		plain = secret[:2*ntlmssp.HashBytes]
	default:
		n := algorithms[s].size()
		plain = append(append(make([]byte, 0, 2*n), secret[:n]...), secret[:n]...)
	}
	return v.seal(fakeID, nonce, "", s, form, plain)
}

// derive makes 64 bytes from texts, none of which has a zero byte.
func (v *vault) derive(texts ...string) []byte {
	m := hmac.New(sha512.New, v.fakeKey[:])
	for _, t := range texts {
		io.WriteString(m, t)
		m.Write([]byte{0})
	}
	return m.Sum(nil)
}

func (v *vault) step(name string) {
	if v.count != nil {
		v.count(name)
	}
}

// sealNew seals under the current key with a fresh nonce.
func (v *vault) sealNew(rand io.Reader, account string, s Scheme, form string, plain []byte) (access.Verifier, error) {
	var nonce [sealNonce]byte
	if _, err := io.ReadFull(rand, nonce[:]); err != nil {
		return access.Verifier{}, fmt.Errorf("seal verifier: %w", err)
	}
	return access.Verifier{Scheme: string(s), Form: form, Sealed: v.seal(v.current, nonce[:], account, s, form, plain)}, nil
}

// identity is equal for all ways to write one account's name.
func identity(name string) string {
	if n, err := access.ParseName(name); err == nil {
		name = n.String()
	}
	return fold(name)
}

// fold maps a text to one that all texts equal to it under Unicode simple case
// folding share.
func fold(s string) string {
	b := make([]rune, 0, len(s))
	for _, r := range s {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		b = append(b, least)
	}
	return string(b)
}
