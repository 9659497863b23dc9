package mark

import (
	"bytes"
	"encoding/binary"

	"docket/shared/ledger"
)

// decode reads what encode writes, nothing more and nothing less. A plaintext
// gets here only with its tag verified; it is read as if it were hostile all the
// same, since keys outlive the code that used them.
func decode(data []byte) (Mark, error) {
	if len(data) < headSize {
		return Mark{}, errMalformed
	}
	m := Mark{
		Kind:    Kind(data[0]),
		Next:    ledger.Shard(data[5]),
		Epoch:   ledger.Epoch(binary.BigEndian.Uint64(data[6:])),
		Started: int64(binary.BigEndian.Uint64(data[14:])),
	}
	bits, shards, from, to := data[1], int(data[2]), int(data[3]), int(data[4])
	if shards > ledger.MaxShards || shards != max(from, to) {
		return Mark{}, errMalformed
	}
	rest := data[headSize:]
	if len(rest) < positionSize*shards {
		return Mark{}, errMalformed
	}
	m.From, rest = readVector(rest, from, shards)
	if m.Kind == Search {
		if err := m.decodeSearch(rest, bits, to, shards); err != nil {
			return Mark{}, err
		}
	}
	// Whatever is not zero where nothing should be makes a difference here.
	if m.check() != nil || !bytes.Equal(m.encode(nil), data) {
		return Mark{}, errMalformed
	}
	return m, nil
}

// decodeSearch reads what only the mark of a search has.
func (m *Mark) decodeSearch(rest []byte, bits byte, to, shards int) error {
	if len(rest) < positionSize*shards+placeSize+lengthSize {
		return errMalformed
	}
	end, rest := readVector(rest, to, shards)
	if bits&hasTo != 0 {
		m.To = end
		if m.To == nil {
			m.To = ledger.Vector{}
		}
	}
	if bits&hasPlace != 0 {
		m.Place = &Place{
			When:      int64(binary.BigEndian.Uint64(rest)),
			Committed: int64(binary.BigEndian.Uint64(rest[8:])),
			Shard:     ledger.Shard(rest[16]),
			Position:  readPosition(rest[17:]),
		}
	}
	n := int(binary.BigEndian.Uint16(rest[placeSize:]))
	filter := rest[placeSize+lengthSize:]
	if n > len(filter) || n > MaxFilter {
		return errMalformed
	}
	if bits&hasFilter != 0 {
		m.Filter = append([]byte{}, filter[:n]...)
	}
	if bits&hasHash != 0 {
		if n != hashSize {
			return errMalformed
		}
		m.FilterHash = (*[hashSize]byte)(bytes.Clone(filter[:n]))
	}
	return nil
}

// readVector takes n positions from the front of data, which has room for more.
// No positions are nil.
func readVector(data []byte, n, room int) (ledger.Vector, []byte) {
	var v ledger.Vector
	for i := range n {
		v = append(v, readPosition(data[positionSize*i:]))
	}
	return v, data[positionSize*room:]
}

func readPosition(b []byte) ledger.Position {
	_ = b[5]
	return ledger.Position(b[0])<<40 | ledger.Position(b[1])<<32 | ledger.Position(b[2])<<24 |
		ledger.Position(b[3])<<16 | ledger.Position(b[4])<<8 | ledger.Position(b[5])
}
