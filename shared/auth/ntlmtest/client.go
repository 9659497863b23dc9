package ntlmtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 NTLM is defined by it
)

// Client is somebody with a password, and how his program speaks NTLM.
type Client struct {
	User, Domain, Workstation, Password string

	Bytes    bool // takes each byte of UTF-8 for a character, as curl does
	MIC      bool // says so in the pairs and sends an integrity code, as Windows does
	Version  bool // sends the 8 bytes of a version before the payload
	Trailing bool // puts four bytes of zero after the pairs
	Extra    []Pair
	// Edit changes the server's pairs before they are proved: an attack, or a
	// program that puts its own in their place.
	Edit func([]Pair) []Pair
	// Nonce, if set, is proved instead of the server's.
	Nonce *[8]byte
}

// Pair is one of a target's information.
type Pair struct {
	ID    uint16
	Value []byte
}

// ErrMessage says that a server's message is not a type 2.
var ErrMessage = errors.New("not an NTLM challenge")

var signature = []byte("NTLMSSP\x00")

const flags = 0xE2088297 // all that Windows asks for but OEM and LM keys

// Type1 is the first message.
func (c *Client) Type1() []byte {
	b := binary.LittleEndian.AppendUint32(bytes.Clone(signature), 1)
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(b, make([]byte, 16)...) // no domain, no workstation
	return append(b, 10, 0, 0x61, 0x4a, 0, 0, 0, 15)
}

// Challenge is what a type 2 says.
type Challenge struct {
	Flags  uint32
	Nonce  [8]byte
	Target string
	Pairs  []Pair // without the last
}

// ReadChallenge takes a type 2 apart.
func ReadChallenge(b []byte) (Challenge, error) {
	var c Challenge
	if len(b) < 56 || !bytes.HasPrefix(b, signature) || binary.LittleEndian.Uint32(b[8:]) != 2 {
		return c, fmt.Errorf("%w: %x", ErrMessage, b)
	}
	c.Flags = binary.LittleEndian.Uint32(b[20:])
	copy(c.Nonce[:], b[24:])
	target, info := buffer(b, 12), buffer(b, 40)
	c.Target = text(target)
	for len(info) >= 4 {
		id, n := binary.LittleEndian.Uint16(info), int(binary.LittleEndian.Uint16(info[2:]))
		if id == 0 && n == 0 && len(info) == 4 {
			return c, nil
		}
		if info = info[4:]; n > len(info) {
			break
		}
		c.Pairs, info = append(c.Pairs, Pair{id, info[:n]}), info[n:]
	}
	return c, fmt.Errorf("%w: the pairs do not end as they must", ErrMessage)
}

func buffer(b []byte, at int) []byte {
	n, from := int(binary.LittleEndian.Uint16(b[at:])), int(binary.LittleEndian.Uint32(b[at+4:]))
	if from+n > len(b) {
		return nil
	}
	return b[from : from+n]
}

func text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// wide is a text as the client writes it.
func (c *Client) wide(s string) []byte {
	var b []byte
	if c.Bytes {
		for i := range len(s) {
			b = append(b, s[i], 0)
		}
		return b
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// capitals is the user in capitals as the client makes them.
func (c *Client) capitals() string {
	if !c.Bytes {
		return strings.ToUpper(c.User)
	}
	b := []byte(c.User)
	for i := range b {
		if 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// Type3 answers a type 2, of which type 1 is what went before.
func (c *Client) Type3(type1, type2 []byte) ([]byte, error) {
	challenge, err := ReadChallenge(type2)
	if err != nil {
		return nil, err
	}
	response, key := c.respond(challenge)
	return c.authenticate(challenge, response, key, type1, type2), nil
}

// respond makes the NTLMv2 response and the session key (MS-NLMP, section
// 3.3.2).
func (c *Client) respond(challenge Challenge) (response, key []byte) {
	pairs := challenge.Pairs
	if c.Edit != nil {
		pairs = c.Edit(pairs)
	}
	if c.MIC {
		pairs = append(pairs[:len(pairs):len(pairs)], Pair{6, []byte{2, 0, 0, 0}})
	}
	stamp := make([]byte, 8)
	temp := []byte{1, 1, 0, 0, 0, 0, 0, 0}
	var info []byte
	for _, p := range append(pairs[:len(pairs):len(pairs)], append(c.Extra, Pair{})...) {
		if p.ID == 7 {
			stamp = p.Value
		}
		info = binary.LittleEndian.AppendUint16(info, p.ID)
		info = binary.LittleEndian.AppendUint16(info, uint16(len(p.Value)))
		info = append(info, p.Value...)
	}
	temp = append(append(temp, stamp...), "clientch"...)
	temp = append(append(temp, 0, 0, 0, 0), info...)
	if c.Trailing {
		temp = append(temp, 0, 0, 0, 0)
	}
	h := md4.New()
	h.Write(c.wide(c.Password))
	owf := sum(h.Sum(nil), append(c.wide(c.capitals()), c.wide(c.Domain)...))
	nonce := challenge.Nonce
	if c.Nonce != nil {
		nonce = *c.Nonce
	}
	proof := sum(owf, append(nonce[:], temp...))
	return append(proof, temp...), sum(owf, proof)
}

func sum(key, data []byte) []byte {
	m := hmac.New(md5.New, key)
	m.Write(data)
	return m.Sum(nil)
}

// authenticate lays out a type 3 (MS-NLMP, section 2.2.1.3).
func (c *Client) authenticate(challenge Challenge, response, key, type1, type2 []byte) []byte {
	header := 64
	if c.Version || c.MIC {
		header += 8
	}
	if c.MIC {
		header += 16
	}
	b := make([]byte, header)
	copy(b, signature)
	b[8] = 3
	put := func(at int, value []byte) {
		binary.LittleEndian.PutUint16(b[at:], uint16(len(value)))
		binary.LittleEndian.PutUint16(b[at+2:], uint16(len(value)))
		binary.LittleEndian.PutUint32(b[at+4:], uint32(len(b)))
		b = append(b, value...)
	}
	put(28, c.wide(c.Domain))
	put(36, c.wide(c.User))
	put(44, c.wide(c.Workstation))
	put(12, make([]byte, 24)) // LM: zeros, since the pairs have a time
	put(20, response)
	put(52, nil)
	binary.LittleEndian.PutUint32(b[60:], challenge.Flags&flags)
	if c.MIC {
		copy(b[72:], sum(key, bytes.Join([][]byte{type1, type2, b}, nil)))
	}
	return b
}
