package mark

import (
	"encoding/binary"
	"errors"
	"fmt"

	"docket/shared/ledger"
)

// Sizes of the plaintext's pieces in bytes; doc.go has the layout.
const (
	headSize     = 6 + 8 + 8
	positionSize = 6
	placeSize    = 8 + 8 + 1 + positionSize
	lengthSize   = 2
	hashSize     = 32
)

// Bits of the second byte.
const (
	hasTo = 1 << iota
	hasPlace
	hasFilter
	hasHash
)

// errMalformed is a plaintext that encode does not write. It never leaves the
// package: to others a mark is valid or not.
var errMalformed = errors.New("malformed mark")

// classes are the sizes that filters are padded to.
func classes() []int { return []int{0, hashSize, 96, 200, 360, MaxFilter} }

// class is the least size that holds n bytes, n if none does.
func class(n int) int {
	for _, c := range classes() {
		if n <= c {
			return c
		}
	}
	return n
}

// check reports a mark that cannot be sealed.
func (m *Mark) check() error {
	switch {
	case m.Kind != Enum && m.Kind != Search:
		return fmt.Errorf("no kind %d", m.Kind)
	case m.Kind == Enum && (m.To != nil || m.Place != nil || m.Filter != nil || m.FilterHash != nil):
		return errors.New("an enum has no end, place or filter")
	case len(m.From) > ledger.MaxShards || len(m.To) > ledger.MaxShards:
		return fmt.Errorf("%d and %d shards, limit %d", len(m.From), len(m.To), ledger.MaxShards)
	case m.Next >= ledger.MaxShards || m.Place != nil && m.Place.Shard >= ledger.MaxShards:
		return fmt.Errorf("a shard is over %d", ledger.MaxShards-1)
	case len(m.Filter) > MaxFilter:
		return fmt.Errorf("filter of %d bytes, limit %d", len(m.Filter), MaxFilter)
	case m.Filter != nil && m.FilterHash != nil:
		return errors.New("a filter and the hash of another")
	case m.Place != nil && m.Place.Position > ledger.End:
		return fmt.Errorf("position %d", m.Place.Position)
	}
	for _, v := range []ledger.Vector{m.From, m.To} {
		for s, p := range v {
			if p > ledger.End {
				return fmt.Errorf("position %d of shard %d", p, s)
			}
		}
	}
	return nil
}

// size is the length of the plaintext for a kind, a number of shards and the
// bytes of a filter or hash.
func size(k Kind, shards, filter int) int {
	if k == Enum {
		return headSize + positionSize*shards
	}
	return headSize + 2*positionSize*shards + placeSize + lengthSize + class(filter)
}

// encode appends the plaintext of a mark that check finds sound.
func (m *Mark) encode(dst []byte) []byte {
	shards := max(len(m.From), len(m.To))
	dst = append(dst, byte(m.Kind), m.bits(), byte(shards), byte(len(m.From)), byte(len(m.To)), byte(m.Next))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Epoch))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Started))
	dst = appendVector(dst, m.From, shards)
	if m.Kind == Enum {
		return dst
	}
	dst = appendVector(dst, m.To, shards)
	var place Place
	if m.Place != nil {
		place = *m.Place
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(place.When))
	dst = binary.BigEndian.AppendUint64(dst, uint64(place.Committed))
	dst = append(dst, byte(place.Shard))
	dst = appendPosition(dst, place.Position)
	filter := m.Filter
	if m.FilterHash != nil {
		filter = m.FilterHash[:]
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(filter)))
	dst = append(dst, filter...)
	return append(dst, make([]byte, class(len(filter))-len(filter))...)
}

func (m *Mark) bits() byte {
	var bits byte
	if m.To != nil {
		bits |= hasTo
	}
	if m.Place != nil {
		bits |= hasPlace
	}
	if m.Filter != nil {
		bits |= hasFilter
	}
	if m.FilterHash != nil {
		bits |= hasHash
	}
	return bits
}

func appendVector(dst []byte, v ledger.Vector, shards int) []byte {
	for _, p := range v {
		dst = appendPosition(dst, p)
	}
	return append(dst, make([]byte, positionSize*(shards-len(v)))...)
}

func appendPosition(dst []byte, p ledger.Position) []byte {
	return append(dst, byte(p>>40), byte(p>>32), byte(p>>24), byte(p>>16), byte(p>>8), byte(p))
}
