package auth

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// A hashed password is
//
//	0      passes
//	1..4   memory in KiB, big endian
//	5      lanes
//	6..21  salt
//	22..53 argon2id (RFC 9106) of the password in UTF-8
const (
	hashPasses = 2
	hashMemory = 19 << 10 // KiB
	hashLanes  = 1
	saltBytes  = 16
	hashBytes  = 32
	hashLength = 6 + saltBytes + hashBytes
)

// What a stored hash may ask for: a damaged one must not take all memory.
const (
	maxPasses = 16
	maxMemory = 64 << 10 // KiB
	maxLanes  = 4
)

var errHash = errors.New("malformed password hash")

// newHash hashes a password under a fresh salt.
func newHash(rand io.Reader, password string) ([]byte, error) {
	var salt [saltBytes]byte
	if _, err := io.ReadFull(rand, salt[:]); err != nil {
		return nil, fmt.Errorf("make salt: %w", err)
	}
	return encodeHash(salt[:], argon2.IDKey([]byte(password), salt[:], hashPasses, hashMemory, hashLanes, hashBytes)), nil
}

func encodeHash(salt, hash []byte) []byte {
	b := make([]byte, 0, hashLength)
	b = append(b, hashPasses)
	b = binary.BigEndian.AppendUint32(b, hashMemory)
	b = append(b, hashLanes)
	b = append(b, salt...)
	return append(b, hash...)
}

// checkHash reports whether a password has the hash. Errors are errHash.
func checkHash(stored []byte, password string) (bool, error) {
	if len(stored) != hashLength {
		return false, fmt.Errorf("%w: %d bytes", errHash, len(stored))
	}
	passes, memory, lanes := stored[0], binary.BigEndian.Uint32(stored[1:]), stored[5]
	if passes == 0 || passes > maxPasses || memory == 0 || memory > maxMemory || lanes == 0 || lanes > maxLanes {
		return false, fmt.Errorf("%w: cost %d, %d KiB, %d", errHash, passes, memory, lanes)
	}
	salt, hash := stored[6:6+saltBytes], stored[6+saltBytes:]
	got := argon2.IDKey([]byte(password), salt, uint32(passes), memory, lanes, hashBytes)
	return subtle.ConstantTimeCompare(got, hash) == 1, nil
}
