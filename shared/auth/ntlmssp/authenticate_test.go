package ntlmssp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// set overwrites part of a copy of the published message.
func set(t testing.TB, at int, value ...byte) []byte {
	b := bytes.Clone(unhex(t, publishedAuthenticate))
	copy(b[at:], value)
	return b
}

const responseAt = 0x84 // of the published message

// respond is the published message with another response in its place.
func respond(t testing.TB, response []byte) []byte {
	b := unhex(t, publishedAuthenticate)
	b = append(b[:len(b):len(b)], response...)
	binary.LittleEndian.PutUint16(b[atNTResponse:], uint16(len(response)))
	binary.LittleEndian.PutUint32(b[atNTResponse+4:], uint32(len(b)-len(response)))
	return b
}

// withPairs is a response with the list of pairs given, its proof wrong.
func withPairs(pairs ...byte) []byte {
	return append(append(make([]byte, ProofBytes), append([]byte{1, 1}, make([]byte, clientHeader-2)...)...), pairs...)
}

func TestAuthenticateRefuses(t *testing.T) {
	many := []byte{}
	for i := range maxPairs + 1 {
		many = append(many, byte(i+20), 0, 0, 0)
	}
	good := unhex(t, publishedAuthenticate)
	for _, c := range []struct {
		what    string
		message []byte
		want    error
	}{
		{"NTLMv1", respond(t, make([]byte, 24)), ErrRefused},
		{"LM alone", set(t, atNTResponse, 0, 0), ErrRefused},
		{"nobody", set(t, atUser, 0, 0), ErrRefused},
		{"the anonymous flag", set(t, atFlags+1, 0x8A), ErrRefused},
		{"a short response", respond(t, make([]byte, ProofBytes+clientHeader-1)), ErrMalformed},
		{"a response without pairs", respond(t, withPairs()), ErrMalformed},
		{"another revision", respond(t, make([]byte, 100)), ErrMalformed},
		{"pairs without an end", respond(t, withPairs(7, 0, 0, 0)), ErrMalformed},
		{"a pair beyond the end", respond(t, withPairs(7, 0, 5, 0, 0, 0, 0, 0)), ErrMalformed},
		{"a pair of 64 KB", respond(t, withPairs(7, 0, 255, 255, 0, 0, 0, 0)), ErrMalformed},
		{"a pair twice", respond(t, withPairs(3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0)), ErrMalformed},
		{"an end with a value", respond(t, withPairs(0, 0, 4, 0, 0, 0, 0, 0)), ErrMalformed},
		{"bytes after the end", respond(t, withPairs(0, 0, 0, 0, 1, 0, 0, 0)), ErrMalformed},
		{"five zeros after the end", respond(t, withPairs(0, 0, 0, 0, 0, 0, 0, 0, 0)), ErrMalformed},
		{"too many pairs", respond(t, withPairs(append(many, 0, 0, 0, 0)...)), ErrMalformed},
		{"a user beyond the end", set(t, atUser, 0xff, 0xff), ErrMalformed},
		{"a user at 4 GB", set(t, atUser+4, 0xff, 0xff, 0xff, 0xff), ErrMalformed},
		{"a user in the header", set(t, atUser+4, 0, 0, 0, 0), ErrMalformed},
		{"half a letter", set(t, atUser, 7), ErrMalformed},
		{"a domain beyond the end", set(t, atDomain+4, 0xf0), ErrMalformed},
		{"a response beyond the end", set(t, atNTResponse+4, 0xf0), ErrMalformed},
		{"a type 1", unhex(t, "4e544c4d53535000 01000000 07820820"), ErrMalformed},
		{"a header alone", good[:atFlags], ErrMalformed},
		{"nothing", nil, ErrMalformed},
		{"too much", append(bytes.Clone(good), make([]byte, MaxMessage)...), ErrMalformed},
	} {
		if a, err := ParseAuthenticate(c.message); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v; want %v", c.what, a, err, c.want)
		}
	}
}

func TestAuthenticateTakesWhatClientsVary(t *testing.T) {
	for what, b := range map[string][]byte{
		"pairs alone":                respond(t, withPairs(0, 0, 0, 0)),
		"four zeros after the pairs": respond(t, withPairs(0, 0, 0, 0, 0, 0, 0, 0)),
		"unknown pairs":              respond(t, withPairs(99, 0, 1, 0, 5, 0, 0, 0, 0)),
		"an empty domain anywhere":   set(t, atDomain, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
		"no LM response":             set(t, 12, 0, 0, 0, 0, 0, 0, 0, 0),
	} {
		if a, err := ParseAuthenticate(b); err != nil || a.User != "User" {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
	}
	// Without Unicode, names of ASCII.
	oem := set(t, atFlags, 0x34)
	copy(oem[0x54:], "user")
	oem[atUser], oem[atDomain], oem[atWorkstation] = 4, 0, 0
	if a, err := ParseAuthenticate(oem); err != nil || a.User != "user" {
		t.Errorf("OEM: %+v, %v", a, err)
	}
	oem[0x54] = 0xfc
	if _, err := ParseAuthenticate(oem); !errors.Is(err, ErrMalformed) {
		t.Errorf("OEM of some code page: %v", err)
	}
}

// TestEveryByteOfTheProofCounts changes each byte that a proof covers, and of
// who it is from.
func TestEveryByteOfTheProofCounts(t *testing.T) {
	good := unhex(t, publishedAuthenticate)
	hash := [][]byte{NTHash("Password")}
	changed := 0
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		a, err := ParseAuthenticate(b)
		if err != nil {
			continue
		}
		switch fits, inProof := a.Fits(hash, publishedNonce), i >= responseAt && i < responseAt+0x54; {
		case fits && inProof:
			t.Errorf("byte %d changed, and the proof still fits", i)
		case !fits:
			changed++
		}
	}
	if changed < 60 {
		t.Errorf("only %d bytes matter", changed)
	}
}

func FuzzNegotiateMessage(f *testing.F) {
	f.Add(unhex(f, "4e544c4d53535000 01000000 07820820"))
	f.Add(unhex(f, "4e544c4d53535000 01000000 06820800 0000000000000000 0000000000000000")) // curl 7.88
	f.Add(unhex(f, publishedChallenge))
	f.Fuzz(func(t *testing.T, b []byte) {
		flags, err := ParseNegotiate(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		c := Challenge{Flags: flags, Target: "DOCKET"}
		if out := c.Append(nil); len(out) != challengeHeader+12+4 || Flags(binary.LittleEndian.Uint32(out[20:]))&always != always {
			t.Fatalf("%x is answered %x", b, out)
		}
	})
}

func FuzzAuthenticateMessage(f *testing.F) {
	f.Add(unhex(f, publishedAuthenticate))
	f.Add(respond(f, withPairs(3, 0, 2, 0, 'd', 0, 7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0)))
	f.Add(respond(f, make([]byte, 24)))
	f.Add(set(f, atFlags, 0x34))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAuthenticate(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		if a.User == "" || len(a.Proof) != ProofBytes || len(a.Pairs) > maxPairs || len(a.Covered) < clientHeader+4 {
			t.Fatalf("%x is read as %+v", b, a)
		}
		if a.Fits([][]byte{make([]byte, HashBytes)}, [8]byte{}) {
			t.Fatalf("%x fits", b)
		}
	})
}
