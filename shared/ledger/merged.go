package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"docket/shared/segment"
	"docket/shared/table"
)

// Layout of a merged segment's value; doc.go has it as a table.
const (
	mergedVersion = 4
	mergedHeader  = 1 + 1 + 4 + 8 + 4
)

// mergedSort is the sort key of every merged segment: each has a partition of its
// own, so that readers of old records do not wait for each other.
const mergedSort = "segment"

func mergedKey(s Shard, id SegmentID) table.Key {
	return table.Key{Partition: fmt.Sprintf("segment/%02d/%016x", s, uint64(id)), Sort: mergedSort}
}

// stampMerged fills the header in front of a merged segment.
func stampMerged(p place, id SegmentID, value []byte) table.Item {
	key := mergedKey(p.shard, id)
	value[0], value[1] = mergedVersion, byte(p.shard)
	binary.BigEndian.PutUint32(value[2:], p.n)
	binary.BigEndian.PutUint64(value[6:], uint64(p.first))
	binary.BigEndian.PutUint32(value[14:], mergedSum(key, value))
	return table.Item{Key: key, Value: value}
}

func mergedSum(key table.Key, value []byte) uint32 {
	return crc32.Update(keyedSum(key, value[:14]), castagnoli, value[mergedHeader:])
}

// readMerged checks that an item is the merged segment that ref names.
func readMerged(it *table.Item, ref *stored) ([]byte, error) {
	v := it.Value
	if len(v) <= mergedHeader || v[0] != mergedVersion {
		return nil, fmt.Errorf("%w: %d bytes of an unknown version", errItem, len(v))
	}
	if mergedSum(it.Key, v) != binary.BigEndian.Uint32(v[14:]) {
		return nil, fmt.Errorf("%w: wrong checksum", errItem)
	}
	p := alone(Shard(v[1]), Position(binary.BigEndian.Uint64(v[6:])), binary.BigEndian.Uint32(v[2:]))
	if p != ref.place {
		return nil, fmt.Errorf("%w: merged segment %x is of shard %d from %d to %d", errItem, uint64(ref.id), p.shard, p.first, p.end())
	}
	return v[mergedHeader:], nil
}

// errMissing is a merged segment that is not there: it was replaced by another
// since the reference was read, or it is lost.
var errMissing = errors.New("merged segment is missing")

// fetch reads the merged segment of a reference. Merged segments never change, so
// the cheaper read is tried first; what it does not see is read again.
func (l *Ledger) fetch(ctx context.Context, ref *stored) (opened, error) {
	key := mergedKey(ref.shard, ref.id)
	page, err := l.table.Query(ctx, table.Query{Partition: key.Partition, Limit: 1, Eventual: true})
	items := page.Items
	if err == nil && len(items) == 0 {
		items, err = l.table.Get(ctx, key)
	}
	if errors.Is(err, table.ErrDamaged) {
		return opened{}, &DamageError{ref.shard, ref.first, err}
	}
	if err != nil {
		return opened{}, fmt.Errorf("read segment %x of shard %d at %d: %w", uint64(ref.id), ref.shard, ref.first, err)
	}
	if len(items) == 0 {
		return opened{}, fmt.Errorf("shard %d at %d, segment %x: %w", ref.shard, ref.first, uint64(ref.id), errMissing)
	}
	value, err := readMerged(&items[0], ref)
	if err != nil {
		return opened{}, &DamageError{ref.shard, ref.first, err}
	}
	return l.opened(ref.place, value)
}

// opened opens a segment. A page's items share memory, so one that may stay in
// the cache is copied.
func (l *Ledger) opened(p place, value []byte) (opened, error) {
	seg, err := segment.Open(l.cache.own(value))
	if err == nil && seg.Len() != int(p.n) {
		err = fmt.Errorf("%w: %d records, the segment has %d", errItem, p.n, seg.Len())
	}
	if err != nil {
		return opened{}, &DamageError{p.shard, p.first, err}
	}
	return opened{p, Part{Shard: p.shard, First: p.first, Segment: seg, Bytes: len(value)}}, nil
}

// open opens what an item of the log holds or names, through the cache.
func (l *Ledger) open(ctx context.Context, it *stored) (opened, error) {
	if o, ok := l.cache.get(it.shard, it.first); ok && o.n == it.n {
		return o, nil
	}
	if it.form == reference {
		return l.fetch(ctx, it)
	}
	return l.opened(it.place, it.segment)
}
