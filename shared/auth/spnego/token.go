package spnego

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Mech is a security mechanism.
type Mech uint8

// The mechanisms.
const (
	Unknown  Mech = iota
	Kerberos      // RFC 4121
	NTLM          // MS-NLMP
)

func (m Mech) String() string { return [...]string{"unknown", "Kerberos", "NTLM"}[m] }

// The limits of a token. API Gateway lets 10 KB of headers through, a header
// holds three quarters of its length in base64; Windows names four mechanisms.
const (
	MaxToken = 64 << 10
	MaxMechs = 16
)

// Token is what a client sent.
type Token struct {
	// Mech is the mechanism of Inner, by its first bytes; without an Inner the
	// one that the client likes best.
	Mech Mech
	// Inner is the mechanism's own token: for NTLM a message that begins with
	// NTLMSSP, for Kerberos a token in GSS-API framing (RFC 4121, section 4.1).
	// It is nil where the client sent none, and shares memory with what was read.
	Inner []byte
	// Framed says that Inner came in SPNEGO, and an answer must.
	Framed bool
	// Init says that this is the client's first frame, a NegTokenInit. It is
	// false for a NegTokenResp and where there is no frame.
	Init bool
	// Offered are the mechanisms of a NegTokenInit that are known here, in the
	// client's order, each once.
	Offered []Mech
}

// ErrMalformed says that bytes are not a token of Negotiate.
var ErrMalformed = errors.New("malformed Negotiate token")

var (
	oidSPNEGO     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	oidKerberos   = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
	oidMSKerberos = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2} // Windows 2000 wrote 113554 in 16 bits; its followers name both
	oidNTLM       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
)

const (
	tagFrame = der.Tag(0x60) // APPLICATION 0, constructed (RFC 2743, section 3.1)
	tagInit  = der.Tag(0xa0)
	tagResp  = der.Tag(0xa1)
)

var ntlmSignature = []byte("NTLMSSP\x00")

// Parse reads a token: an NTLM message or a Kerberos token as they are, or a
// NegTokenInit or NegTokenResp around one. Errors are ErrMalformed.
func Parse(token []byte) (Token, error) {
	if len(token) > MaxToken {
		return Token{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(token))
	}
	if bytes.HasPrefix(token, ntlmSignature) {
		return Token{Mech: NTLM, Inner: token}, nil
	}
	s := cryptobyte.String(token)
	if s.PeekASN1Tag(tagResp) {
		return parseResp(s)
	}
	mech, rest, err := openFrame(s)
	if err != nil {
		return Token{}, err
	}
	switch {
	case mech.Equal(oidKerberos):
		return Token{Mech: Kerberos, Inner: token}, nil
	case mech.Equal(oidSPNEGO):
		return parseInit(rest)
	}
	return Token{}, fmt.Errorf("%w: mechanism %v", ErrMalformed, mech)
}

// openFrame opens the framing of GSS-API's first tokens (RFC 2743, section 3.1).
func openFrame(s cryptobyte.String) (mech asn1.ObjectIdentifier, rest cryptobyte.String, err error) {
	var body cryptobyte.String
	if !s.ReadASN1(&body, tagFrame) || !s.Empty() || !body.ReadASN1ObjectIdentifier(&mech) {
		return nil, nil, fmt.Errorf("%w: not a GSS-API frame", ErrMalformed)
	}
	return mech, body, nil
}

// parseInit reads what follows SPNEGO's name:
//
//	NegTokenInit ::= [0] SEQUENCE {
//	    mechTypes [0] SEQUENCE OF OBJECT IDENTIFIER, reqFlags [1] BIT STRING OPTIONAL,
//	    mechToken [2] OCTET STRING OPTIONAL, mechListMIC [3] OCTET STRING OPTIONAL }
func parseInit(s cryptobyte.String) (Token, error) {
	fields, err := readFields(s, tagInit)
	if err != nil {
		return Token{}, err
	}
	t := Token{Framed: true, Init: true}
	if t.Offered, t.Mech, err = readMechs(fields[0]); err != nil {
		return Token{}, err
	}
	err = t.readInner(fields[2])
	return t, err
}

// parseResp reads
//
//	NegTokenResp ::= [1] SEQUENCE {
//	    negState [0] ENUMERATED OPTIONAL, supportedMech [1] OBJECT IDENTIFIER OPTIONAL,
//	    responseToken [2] OCTET STRING OPTIONAL, mechListMIC [3] OCTET STRING OPTIONAL }
func parseResp(s cryptobyte.String) (Token, error) {
	fields, err := readFields(s, tagResp)
	if err != nil {
		return Token{}, err
	}
	t := Token{Framed: true}
	err = t.readInner(fields[2])
	return t, err
}

// maxField is the highest field that a frame has; NegTokenInit2 of MS-SPNG has 4.
const maxField = 4

// readFields reads a frame's optional fields, in their order, each once.
func readFields(s cryptobyte.String, tag der.Tag) (fields [maxField + 1]cryptobyte.String, err error) {
	var choice, sequence cryptobyte.String
	if !s.ReadASN1(&choice, tag) || !s.Empty() || !choice.ReadASN1(&sequence, der.SEQUENCE) || !choice.Empty() {
		return fields, fmt.Errorf("%w: not a SPNEGO token", ErrMalformed)
	}
	next := 0
	for !sequence.Empty() {
		var value cryptobyte.String
		var found der.Tag
		if !sequence.ReadAnyASN1(&value, &found) {
			return fields, fmt.Errorf("%w: a field is cut off", ErrMalformed)
		}
		n := int(found) - int(tagInit)
		if n < next || n > maxField || len(value) == 0 {
			return fields, fmt.Errorf("%w: field %#x out of place or empty", ErrMalformed, uint8(found))
		}
		fields[n], next = value, n+1
	}
	return fields, nil
}

// readMechs reads the client's list. The first of it is what it likes best.
func readMechs(s cryptobyte.String) (known []Mech, first Mech, err error) {
	var list cryptobyte.String
	if !s.ReadASN1(&list, der.SEQUENCE) || !s.Empty() {
		return nil, Unknown, fmt.Errorf("%w: no list of mechanisms", ErrMalformed)
	}
	n := 0
	for ; !list.Empty(); n++ {
		var oid asn1.ObjectIdentifier
		if n == MaxMechs || !list.ReadASN1ObjectIdentifier(&oid) {
			return nil, Unknown, fmt.Errorf("%w: list of mechanisms", ErrMalformed)
		}
		m := mechOf(oid)
		if n == 0 {
			first = m
		}
		if m != Unknown && !slices.Contains(known, m) {
			known = append(known, m)
		}
	}
	if n == 0 {
		return nil, Unknown, fmt.Errorf("%w: the list of mechanisms is empty", ErrMalformed)
	}
	return known, first, nil
}

func mechOf(oid asn1.ObjectIdentifier) Mech {
	switch {
	case oid.Equal(oidKerberos), oid.Equal(oidMSKerberos):
		return Kerberos
	case oid.Equal(oidNTLM):
		return NTLM
	}
	return Unknown
}

// readInner takes the mechanism's token from its field, if it is there.
func (t *Token) readInner(field cryptobyte.String) error {
	if field.Empty() {
		return nil
	}
	var inner cryptobyte.String
	if !field.ReadASN1(&inner, der.OCTET_STRING) || !field.Empty() || inner.Empty() {
		return fmt.Errorf("%w: the token in it", ErrMalformed)
	}
	t.Inner, t.Mech = inner, Unknown
	if bytes.HasPrefix(inner, ntlmSignature) {
		t.Mech = NTLM
	} else if mech, _, err := openFrame(inner); err == nil {
		t.Mech = mechOf(mech)
	}
	return nil
}

// stateIncomplete is accept-incomplete of negState.
const stateIncomplete = 1

// Challenge is a NegTokenResp that chooses a mechanism and carries a token of it,
// or asks for one if inner is empty: accept-incomplete. The mechanism must be one
// of those known; else the answer is nil.
func Challenge(m Mech, inner []byte) []byte {
	oid := map[Mech]asn1.ObjectIdentifier{Kerberos: oidKerberos, NTLM: oidNTLM}[m]
	if oid == nil {
		return nil
	}
	var b cryptobyte.Builder
	b.AddASN1(tagResp, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tagInit, func(b *cryptobyte.Builder) { b.AddASN1Enum(stateIncomplete) })
			b.AddASN1(tagInit+1, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
			if len(inner) > 0 {
				b.AddASN1(tagInit+2, func(b *cryptobyte.Builder) { b.AddASN1OctetString(inner) })
			}
		})
	})
	out, err := b.Bytes()
	if err != nil {
		return nil // the parts are in bounds
	}
	return out
}
