package ntlmssp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
)

// Kind is the type of a message.
type Kind uint32

// The messages (MS-NLMP, section 2.2.1).
const (
	KindNegotiate    Kind = 1
	KindChallenge    Kind = 2
	KindAuthenticate Kind = 3
)

// Flags are the options of a session (MS-NLMP, section 2.2.2.5).
type Flags uint32

// The flags that are known here.
const (
	Unicode          Flags = 1 << 0
	RequestTarget    Flags = 1 << 2
	Sign             Flags = 1 << 4
	Seal             Flags = 1 << 5
	NTLM             Flags = 1 << 9
	Anonymous        Flags = 1 << 11
	AlwaysSign       Flags = 1 << 15
	TargetTypeDomain Flags = 1 << 16
	ExtendedSecurity Flags = 1 << 19
	TargetInfo       Flags = 1 << 23
	Version          Flags = 1 << 25
	Key128           Flags = 1 << 29
	KeyExchange      Flags = 1 << 30
	Key56            Flags = 1 << 31
)

// MaxMessage bounds a message in bytes: what a header of 10 KB holds in base64.
const MaxMessage = 8 << 10

// Why a message is refused.
var (
	// ErrMalformed says that bytes are not a message, or not of the kind asked for.
	ErrMalformed = errors.New("malformed NTLM message")
	// ErrRefused says that a message is one of a kind of sign-in that is not
	// accepted: NTLMv1, LM or anonymous.
	ErrRefused = errors.New("refused NTLM message")
)

var signature = []byte("NTLMSSP\x00")

const headerBytes = 12 // signature and kind

// KindOf tells which message bytes begin to be. Errors are ErrMalformed.
func KindOf(b []byte) (Kind, error) {
	if len(b) < headerBytes || len(b) > MaxMessage || !bytes.HasPrefix(b, signature) {
		return 0, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	return Kind(binary.LittleEndian.Uint32(b[len(signature):])), nil
}

func checkKind(b []byte, want Kind, least int) error {
	k, err := KindOf(b)
	if err == nil && (k != want || len(b) < least) {
		err = fmt.Errorf("%w: type %d of %d bytes", ErrMalformed, k, len(b))
	}
	return err
}

// ParseNegotiate reads the flags of a type 1. The domain and workstation that may
// follow say nothing that a proof covers. Errors are ErrMalformed.
func ParseNegotiate(b []byte) (Flags, error) {
	if err := checkKind(b, KindNegotiate, headerBytes+4); err != nil {
		return 0, err
	}
	return Flags(binary.LittleEndian.Uint32(b[headerBytes:])), nil
}

// field takes what a length, a maximum and an offset at i point to. The offset of
// an empty one says nothing: clients write 0 or any other.
func field(b []byte, i, payload int) ([]byte, error) {
	n := int(binary.LittleEndian.Uint16(b[i:]))
	if n == 0 {
		return nil, nil
	}
	offset := uint64(binary.LittleEndian.Uint32(b[i+4:]))
	if offset < uint64(payload) || offset+uint64(n) > uint64(len(b)) {
		return nil, fmt.Errorf("%w: field of %d bytes at %d of %d", ErrMalformed, n, offset, len(b))
	}
	return b[offset : offset+uint64(n)], nil
}

// appendUTF16 writes text as NTLM does: UTF-16, little endian.
func appendUTF16(dst []byte, s string) []byte {
	for _, u := range utf16.Encode([]rune(s)) {
		dst = binary.LittleEndian.AppendUint16(dst, u)
	}
	return dst
}

// decodeUTF16 reads text. False: an odd length, or half a surrogate pair, which
// no text of UTF-8 could stand for.
func decodeUTF16(b []byte) (string, bool) {
	if len(b)%2 != 0 {
		return "", false
	}
	runes := make([]rune, 0, len(b)/2)
	for i := 0; i < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			if i += 2; i >= len(b) {
				return "", false
			}
			const none = '\uFFFD'
			if r = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[i:]))); r == none {
				return "", false
			}
		}
		runes = append(runes, r)
	}
	return string(runes), true
}
