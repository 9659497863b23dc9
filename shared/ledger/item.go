package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"docket/shared/table"
)

// Layout of a data item's value; doc.go has it as a table. The first byte of
// every item of a log says what it is.
const (
	itemVersion = 1
	headerSize  = 32
	sumAt       = 28
)

// errItem is a log item that is not what was written under its key.
var errItem = errors.New("log item")

// place is where the segment of an item lies in its shard and in its batch.
type place struct {
	shard       Shard
	first       Position
	n           uint32   // records, 1 and up
	part, parts uint8    // the item is number part, from 0, of the batch's parts
	batch       Position // the first position of the batch
}

func (p place) end() Position { return p.first + Position(p.n) }

// last says whether the batch ends with this item.
func (p place) last() bool { return p.part+1 == p.parts }

// partitions are the names of the shards' logs. Read only.
var partitions = func() (names [MaxShards]string) {
	for s := range names {
		names[s] = fmt.Sprintf("log/%02d", s)
	}
	return names
}()

// partition names a shard's log.
func partition(s Shard) string { return partitions[s] }

// sortKey makes bytewise order the order of positions.
func sortKey(p Position) string {
	return string(binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(p)))
}

func logKey(s Shard, p Position) table.Key {
	return table.Key{Partition: partition(s), Sort: sortKey(p)}
}

// stamp fills the first headerSize bytes of value, which the segment follows.
func (p place) stamp(value []byte) {
	value[0], value[1], value[2], value[3] = itemVersion, byte(p.shard), p.part, p.parts
	binary.BigEndian.PutUint32(value[4:], p.n)
	binary.BigEndian.PutUint64(value[8:], uint64(p.first))
	binary.BigEndian.PutUint64(value[16:], uint64(p.batch))
	binary.BigEndian.PutUint32(value[24:], uint32(len(value)-headerSize))
	binary.BigEndian.PutUint32(value[sumAt:], itemSum(value))
}

// itemSum is over all of value but itself. Shard and position are part of it, so
// it binds the content to its key.
func itemSum(value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, value[:sumAt])
	return crc32.Update(sum, castagnoli, value[headerSize:])
}

// castagnoli is CRC-32C, which processors compute themselves. Read only.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readItem checks that an item is what stamp and append wrote under its key and
// returns its place and segment. Every error is errItem.
func readItem(it *table.Item) (place, []byte, error) {
	v := it.Value
	if len(v) <= headerSize || v[0] != itemVersion {
		return place{}, nil, fmt.Errorf("%w: %d bytes of an unknown version", errItem, len(v))
	}
	if n := binary.BigEndian.Uint32(v[24:]); uint64(n) != uint64(len(v)-headerSize) {
		return place{}, nil, fmt.Errorf("%w: %d bytes of segment, should have %d", errItem, len(v)-headerSize, n)
	}
	if binary.BigEndian.Uint32(v[sumAt:]) != itemSum(v) {
		return place{}, nil, fmt.Errorf("%w: wrong checksum", errItem)
	}
	p := place{
		shard: Shard(v[1]), part: v[2], parts: v[3],
		n:     binary.BigEndian.Uint32(v[4:]),
		first: Position(binary.BigEndian.Uint64(v[8:])),
		batch: Position(binary.BigEndian.Uint64(v[16:])),
	}
	if logKey(p.shard, p.first) != it.Key {
		return place{}, nil, fmt.Errorf("%w: written for shard %d at %d, found under another key", errItem, p.shard, p.first)
	}
	if !p.sound() {
		return place{}, nil, fmt.Errorf("%w: impossible place %+v", errItem, p)
	}
	return p, v[headerSize:], nil
}

// sound says whether p can have been written.
func (p place) sound() bool {
	return p.shard < MaxShards && p.n > 0 && p.first < End && p.end() <= End &&
		p.part < p.parts && p.batch <= p.first && (p.part == 0) == (p.batch == p.first)
}

// positionOf reads the position from a log item's key; for damaged items, whose
// content cannot be trusted.
func positionOf(it *table.Item) Position {
	if len(it.Sort) != 8 {
		return 0
	}
	return Position(binary.BigEndian.Uint64([]byte(it.Sort)))
}
