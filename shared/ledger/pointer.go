package ledger

import (
	"encoding/binary"
	"fmt"

	"docket/shared/table"
)

// SegmentID names a merged segment of a shard: a random number that is never used
// again. 0 is none: the bytes are in the log.
type SegmentID uint64

// form is what an item of the log is.
type form uint8

const (
	data      form = itemVersion // the segment itself
	reference form = 2           // says which merged segment covers these positions
	tombstone form = 3           // says that its position is covered by a reference
)

// Layouts of the values of references and tombstones; doc.go has them as tables.
const (
	referenceSize = 1 + 1 + 4 + 8 + 8 + 4 + 16 + 4
	tombstoneSize = 1 + 4 + 6 + 16 + 4
)

// stored is an item of the log, checked but its segment not yet opened.
type stored struct {
	place
	form    form
	version uint64 // of the item
	token   Token  // of references and tombstones: of the batch that first took the position

	segment []byte // of data

	id   SegmentID // of references
	size int       // bytes of the merged segment

	start Position // of tombstones: where the reference lies
}

// bytes is how large the segment is, wherever it lies.
func (it *stored) bytes() int {
	if it.form == reference {
		return it.size
	}
	return len(it.segment)
}

// read checks an item of the log, of any form. Every error is errItem.
func read(it *table.Item) (stored, error) {
	if len(it.Value) > 0 {
		switch form(it.Value[0]) {
		case reference:
			return readReference(it)
		case tombstone:
			return readTombstone(it)
		}
	}
	p, segment, err := readItem(it)
	return stored{place: p, form: data, version: it.Version, segment: segment}, err
}

// alone is the place of an item that is a batch to readers.
func alone(s Shard, first Position, n uint32) place {
	return place{shard: s, first: first, n: n, parts: 1, batch: first}
}

// referenceItem covers the positions of p with a merged segment. Versions of the
// items under a key grow, so a compaction can tell whether one was replaced.
func referenceItem(p place, id SegmentID, size int, token Token, version uint64) table.Item {
	key := logKey(p.shard, p.first)
	v := make([]byte, 0, referenceSize)
	v = append(v, byte(reference), byte(p.shard))
	v = binary.BigEndian.AppendUint32(v, p.n)
	v = binary.BigEndian.AppendUint64(v, uint64(p.first))
	v = binary.BigEndian.AppendUint64(v, uint64(id))
	v = binary.BigEndian.AppendUint32(v, uint32(size))
	v = append(v, token[:]...)
	v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
	return table.Item{Key: key, Value: v, Version: version}
}

func readReference(it *table.Item) (stored, error) {
	v, err := pointerValue(it, referenceSize)
	if err != nil {
		return stored{}, err
	}
	r := stored{
		place: alone(Shard(v[1]), Position(binary.BigEndian.Uint64(v[6:])), binary.BigEndian.Uint32(v[2:])),
		form:  reference, version: it.Version,
		id:    SegmentID(binary.BigEndian.Uint64(v[14:])),
		size:  int(binary.BigEndian.Uint32(v[22:])),
		token: Token(v[26:]),
	}
	if logKey(r.shard, r.first) != it.Key || !r.sound() || r.id == 0 {
		return stored{}, fmt.Errorf("%w: impossible reference", errItem)
	}
	return r, nil
}

// tombstoneItem keeps the position of what lay at p taken.
func tombstoneItem(p place, start Position, token Token, version uint64, expires int64) table.Item {
	key := logKey(p.shard, p.first)
	v := make([]byte, 0, tombstoneSize)
	v = append(v, byte(tombstone))
	v = binary.BigEndian.AppendUint32(v, p.n)
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(start))
	v = append(v, at[2:]...)
	v = append(v, token[:]...)
	v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
	return table.Item{Key: key, Value: v, Version: version, Expires: expires}
}

func readTombstone(it *table.Item) (stored, error) {
	v, err := pointerValue(it, tombstoneSize)
	if err != nil {
		return stored{}, err
	}
	shard, ok := shardOf(it.Partition)
	var at [8]byte
	copy(at[2:], v[5:11])
	t := stored{
		place: alone(shard, positionOf(it), binary.BigEndian.Uint32(v[1:])),
		form:  tombstone, version: it.Version,
		start: Position(binary.BigEndian.Uint64(at[:])),
		token: Token(v[11:]),
	}
	if !ok || len(it.Sort) != 8 || !t.sound() || t.start >= t.first {
		return stored{}, fmt.Errorf("%w: impossible tombstone", errItem)
	}
	return t, nil
}

// pointerValue checks length and checksum and returns what the sum is over.
func pointerValue(it *table.Item, size int) ([]byte, error) {
	if len(it.Value) != size {
		return nil, fmt.Errorf("%w: %d bytes, should have %d", errItem, len(it.Value), size)
	}
	v, sum := it.Value[:size-4], binary.BigEndian.Uint32(it.Value[size-4:])
	if keyedSum(it.Key, v) != sum {
		return nil, fmt.Errorf("%w: wrong checksum", errItem)
	}
	return v, nil
}

// shardOf reads the shard from the name of a log's partition.
func shardOf(name string) (Shard, bool) {
	for s := range Shard(MaxShards) {
		if partition(s) == name {
			return s, true
		}
	}
	return 0, false
}
