package ntlmssp

import (
	"encoding/binary"
	"fmt"
)

// PairID tells what a pair of a target's information is.
type PairID uint16

// The pairs (MS-NLMP, section 2.2.2.1).
const (
	pairEnd             PairID = 0
	PairNetBIOSComputer PairID = 1
	PairNetBIOSDomain   PairID = 2
	PairDNSComputer     PairID = 3
	PairDNSDomain       PairID = 4
	PairTimestamp       PairID = 7 // 8 bytes: a FILETIME
)

// Pair is one piece of a target's information. Text is in UTF-16, little endian.
type Pair struct {
	ID    PairID
	Value []byte
}

// TextPair is a pair of text.
func TextPair(id PairID, text string) Pair { return Pair{id, appendUTF16(nil, text)} }

// maxPairs bounds a list: eleven are defined, clients add three of their own.
const maxPairs = 32

// appendPairs writes a list and its end.
func appendPairs(dst []byte, list []Pair) []byte {
	for _, p := range append(list[:len(list):len(list)], Pair{ID: pairEnd}) {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(p.ID))
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(p.Value)))
		dst = append(dst, p.Value...)
	}
	return dst
}

// readPairs reads a list up to its end, after which some clients put four bytes
// of zero. Unknown pairs are fine, a second of the same kind is not: two readers
// could take different ones.
func readPairs(b []byte) ([]Pair, error) {
	var list []Pair
	for {
		if len(b) < 4 {
			return nil, fmt.Errorf("%w: the pairs have no end", ErrMalformed)
		}
		id, n := PairID(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) || len(list) == maxPairs {
			return nil, fmt.Errorf("%w: pair %d of %d bytes", ErrMalformed, id, n)
		}
		if id == pairEnd {
			if n != 0 || len(b) != 0 && (len(b) != 4 || binary.LittleEndian.Uint32(b) != 0) {
				return nil, fmt.Errorf("%w: %d bytes after the pairs", ErrMalformed, len(b))
			}
			return list, nil
		}
		for _, p := range list {
			if p.ID == id {
				return nil, fmt.Errorf("%w: pair %d twice", ErrMalformed, id)
			}
		}
		list, b = append(list, Pair{id, b[:n]}), b[n:]
	}
}

// Challenge is a type 2.
type Challenge struct {
	Flags  Flags // of the client's type 1, of which some are taken over
	Nonce  [8]byte
	Target string // the NetBIOS name of the domain
	Info   []Pair
}

// always are the flags of every challenge; echoed those that a client decides.
const (
	always = Unicode | RequestTarget | NTLM | TargetTypeDomain | ExtendedSecurity | TargetInfo | AlwaysSign | Version
	echoed = Key128 | Key56 | KeyExchange | Sign | Seal
)

// version is what a server of today calls itself (MS-NLMP, section 2.2.2.10): 10.0,
// a build, and revision 15 of the protocol. Clients show it or pass over it.
var version = [8]byte{10, 0, 0x63, 0x45, 0, 0, 0, 15}

const challengeHeader = 56

// Append writes the message (MS-NLMP, section 2.2.1.2).
func (c *Challenge) Append(dst []byte) []byte {
	target, info := appendUTF16(nil, c.Target), appendPairs(nil, c.Info)
	place := func(dst []byte, n, offset int) []byte {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
		dst = binary.LittleEndian.AppendUint16(dst, uint16(n))
		return binary.LittleEndian.AppendUint32(dst, uint32(offset))
	}
	dst = append(dst, signature...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(KindChallenge))
	dst = place(dst, len(target), challengeHeader)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(always|c.Flags&echoed))
	dst = append(dst, c.Nonce[:]...)
	dst = append(dst, make([]byte, 8)...)
	dst = place(dst, len(info), challengeHeader+len(target))
	dst = append(dst, version[:]...)
	dst = append(dst, target...)
	return append(dst, info...)
}
