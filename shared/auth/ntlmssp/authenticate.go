package ntlmssp

import (
	"encoding/binary"
	"fmt"
)

// ProofBytes is the size of NTProofStr.
const ProofBytes = 16

// Authenticate is a type 3 with an NTLMv2 response. Its slices share memory with
// the bytes that were read.
type Authenticate struct {
	User, Domain, Workstation string // as sent; User is never empty
	Proof                     []byte // NTProofStr, ProofBytes
	Covered                   []byte // what the proof covers besides the challenge
	Pairs                     []Pair // of Covered: the server's, and what the client added
}

// The layout of a type 3 up to its payload (MS-NLMP, section 2.2.1.3). A
// version and an integrity code may follow, or not.
const (
	atNTResponse       = 20
	atDomain           = 28
	atUser             = 36
	atWorkstation      = 44
	atFlags            = 60
	authenticateHeader = 64
)

// The layout of NTLMv2_CLIENT_CHALLENGE, after the proof (section 2.2.2.7).
const (
	ntlm1Bytes     = 24
	clientHeader   = 28
	clientRevision = 1
)

// ParseAuthenticate reads a type 3. Errors are ErrMalformed, and ErrRefused for
// NTLMv1, LM and anonymous sign-ins.
func ParseAuthenticate(b []byte) (*Authenticate, error) {
	if err := checkKind(b, KindAuthenticate, authenticateHeader); err != nil {
		return nil, err
	}
	flags := Flags(binary.LittleEndian.Uint32(b[atFlags:]))
	a := &Authenticate{}
	response, err := field(b, atNTResponse, authenticateHeader)
	if err != nil {
		return nil, err
	}
	if err := a.readResponse(response); err != nil {
		return nil, err
	}
	for at, to := range map[int]*string{atUser: &a.User, atDomain: &a.Domain, atWorkstation: &a.Workstation} {
		raw, err := field(b, at, authenticateHeader)
		if err != nil {
			return nil, err
		}
		var ok bool
		if *to, ok = readText(raw, flags); !ok {
			return nil, fmt.Errorf("%w: text in %x", ErrMalformed, flags)
		}
	}
	if a.User == "" || flags&Anonymous != 0 {
		return nil, fmt.Errorf("%w: anonymous", ErrRefused)
	}
	return a, nil
}

// readText reads a name. Every challenge asks for Unicode; a client that has
// none can be read only where all code pages agree.
func readText(raw []byte, flags Flags) (string, bool) {
	if flags&Unicode != 0 {
		return decodeUTF16(raw)
	}
	for _, c := range raw {
		if c >= 0x80 {
			return "", false
		}
	}
	return string(raw), true
}

// readResponse takes an NTLMv2 response apart.
func (a *Authenticate) readResponse(b []byte) error {
	switch {
	case len(b) == 0:
		return fmt.Errorf("%w: LM alone", ErrRefused)
	case len(b) == ntlm1Bytes:
		return fmt.Errorf("%w: NTLMv1", ErrRefused)
	case len(b) < ProofBytes+clientHeader:
		return fmt.Errorf("%w: response of %d bytes", ErrMalformed, len(b))
	}
	a.Proof, a.Covered = b[:ProofBytes], b[ProofBytes:]
	if a.Covered[0] != clientRevision || a.Covered[1] != clientRevision {
		return fmt.Errorf("%w: revision %d.%d", ErrMalformed, a.Covered[0], a.Covered[1])
	}
	var err error
	a.Pairs, err = readPairs(a.Covered[clientHeader:])
	return err
}

// Pair finds a pair by its kind, nil if there is none.
func (a *Authenticate) Pair(id PairID) []byte {
	for _, p := range a.Pairs {
		if p.ID == id {
			return p.Value
		}
	}
	return nil
}

// Text finds a pair of text, empty if there is none or it is not text.
func (a *Authenticate) Text(id PairID) string {
	s, _ := decodeUTF16(a.Pair(id))
	return s
}
