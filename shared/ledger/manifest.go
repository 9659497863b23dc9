package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"docket/shared/table"
)

// errManifest is a manifest that is not what was written. It is derived data:
// Rebuild makes it again from the log.
var errManifest = errors.New("manifest is damaged")

// manifest is the root item of a shard's manifest as it is stored. It is never
// modified.
type manifest struct {
	shard  Shard
	stored uint64 // version of the item; 0 is none
	// high is where the entries end, open the first position that may be merged
	// again. Entries from open on are all in the last chunk.
	high, open Position
	chunks     []chunkRef
	doomed     []doomed
	unswept    []span
}

// chunkRef names a chunk: an immutable item with some of the entries.
type chunkRef struct {
	id    SegmentID
	first Position
	n     int // entries
}

// doomed is an item that no version of the manifest from this one on refers to:
// replaced, or about to be written by the compaction that said so and lost if
// that never ended.
type doomed struct {
	kind  doomedKind
	id    SegmentID
	since int64 // Unix seconds
}

type doomedKind uint8

const (
	replacedSegment doomedKind = iota
	replacedChunk
	pendingSegment
	pendingChunk
	doomedKinds
)

func (d doomed) pending() bool { return d.kind == pendingSegment || d.kind == pendingChunk }

func (d doomed) key(s Shard) table.Key {
	if d.kind == replacedSegment || d.kind == pendingSegment {
		return mergedKey(s, d.id)
	}
	return chunkKey(s, d.id)
}

// span is a range of positions that a reference covers and whose other items are
// not all tombstones yet.
type span struct{ first, end Position }

const (
	manifestVersion = 1
	chunkVersion    = 1

	// chunkEntries of a chunk that is full: some 10 KB, read once a process.
	chunkEntries = 256

	// maxChunks bounds the root: at ten thousand records an entry and 256
	// entries a chunk it is for 25,000 million records a shard.
	maxChunks = 10_000

	// maxDoomed bounds what waits to be removed.
	maxDoomed = 4096
)

func manifestKey(s Shard) table.Key {
	return table.Key{Partition: fmt.Sprintf("manifest/%02d", s), Sort: "root"}
}

func chunkKey(s Shard, id SegmentID) table.Key {
	return table.Key{Partition: fmt.Sprintf("manifest/%02d", s), Sort: fmt.Sprintf("chunk/%016x", uint64(id))}
}

// item is the stored form; doc.go has its layout.
func (m *manifest) item() table.Item {
	key := manifestKey(m.shard)
	v := []byte{manifestVersion, byte(m.shard)}
	v = binary.BigEndian.AppendUint64(v, uint64(m.high))
	v = binary.BigEndian.AppendUint64(v, uint64(m.open))
	v = binary.AppendUvarint(v, uint64(len(m.chunks)))
	before := Position(0)
	for _, c := range m.chunks {
		v = binary.BigEndian.AppendUint64(v, uint64(c.id))
		v = binary.AppendUvarint(v, uint64(c.first-before))
		v = binary.AppendUvarint(v, uint64(c.n))
		before = c.first
	}
	v = binary.AppendUvarint(v, uint64(len(m.doomed)))
	for _, d := range m.doomed {
		v = append(v, byte(d.kind))
		v = binary.BigEndian.AppendUint64(v, uint64(d.id))
		v = binary.AppendVarint(v, d.since)
	}
	v = binary.AppendUvarint(v, uint64(len(m.unswept)))
	for _, s := range m.unswept {
		v = binary.AppendUvarint(v, uint64(s.first))
		v = binary.AppendUvarint(v, uint64(s.end-s.first))
	}
	v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
	return table.Item{Key: key, Value: v, Version: m.stored}
}

// readManifest checks a root item.
func readManifest(s Shard, it *table.Item) (*manifest, error) {
	r, err := openValue(it, manifestVersion, s)
	if err != nil {
		return nil, err
	}
	m := &manifest{shard: s, stored: it.Version, high: Position(r.fixed()), open: Position(r.fixed())}
	before := Position(0)
	for n := r.count(maxChunks, 10); n > 0 && r.ok(); n-- {
		c := chunkRef{id: SegmentID(r.fixed())}
		c.first = before + Position(r.uvarint(uint64(End)))
		c.n = int(r.uvarint(1 << 20))
		m.chunks = append(m.chunks, c)
		before = c.first
	}
	for n := r.count(maxDoomed, 10); n > 0 && r.ok(); n-- {
		d := doomed{kind: doomedKind(r.byte())}
		d.id = SegmentID(r.fixed())
		d.since = r.varint()
		if d.kind >= doomedKinds {
			r.bad = true
		}
		m.doomed = append(m.doomed, d)
	}
	for n := r.count(maxDoomed, 2); n > 0 && r.ok(); n-- {
		sp := span{first: Position(r.uvarint(uint64(End)))}
		sp.end = sp.first + Position(r.uvarint(uint64(End)))
		m.unswept = append(m.unswept, sp)
	}
	if !r.done() || m.open > m.high || m.high > End || (len(m.chunks) == 0) != (m.high == 0) {
		return nil, fmt.Errorf("%w: root of shard %d", errManifest, s)
	}
	return m, nil
}

// next is a copy with the following version.
func (m *manifest) next() *manifest {
	n := *m
	n.stored++
	n.chunks = append([]chunkRef(nil), m.chunks...)
	n.doomed = append([]doomed(nil), m.doomed...)
	n.unswept = append([]span(nil), m.unswept...)
	return &n
}

// active says whether another compaction is at work on the shard: it announced
// what it is about to write less than busy ago.
func (m *manifest) active(now time.Time, busy time.Duration) bool {
	for _, d := range m.doomed {
		age := now.Sub(time.Unix(d.since, 0))
		if d.pending() && age < busy && age > -busy {
			return true
		}
	}
	return false
}

// due says whether a doomed item can go. A time in the future is one of a wrong
// clock.
func (d doomed) due(now time.Time, retain time.Duration) bool {
	age := now.Sub(time.Unix(d.since, 0))
	return age >= retain || age < -retain
}

// values reads the stored forms of manifests. After the first failure everything
// is zero.
type values struct {
	data []byte
	bad  bool
}

// openValue checks version, shard and checksum, which is bound to the key.
func openValue(it *table.Item, version byte, s Shard) (*values, error) {
	v := it.Value
	if len(v) < 6 || v[0] != version || v[1] != byte(s) {
		return nil, fmt.Errorf("%w: %v has %d bytes of an unknown version", errManifest, it.Key, len(v))
	}
	v, sum := v[:len(v)-4], binary.BigEndian.Uint32(v[len(v)-4:])
	if keyedSum(it.Key, v) != sum {
		return nil, fmt.Errorf("%w: %v has a wrong checksum", errManifest, it.Key)
	}
	return &values{data: v[2:]}, nil
}

func (r *values) ok() bool   { return !r.bad }
func (r *values) done() bool { return !r.bad && len(r.data) == 0 }

func (r *values) fail() {
	r.bad, r.data = true, nil
}

func (r *values) byte() byte {
	if len(r.data) == 0 {
		r.fail()
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *values) fixed() uint64 {
	if len(r.data) < 8 {
		r.fail()
		return 0
	}
	v := binary.BigEndian.Uint64(r.data)
	r.data = r.data[8:]
	return v
}

func (r *values) uvarint(limit uint64) uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v > limit {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *values) varint() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

// count is a number of things that take at least size bytes each.
func (r *values) count(limit, size int) int {
	n := int(r.uvarint(uint64(limit)))
	if n*size > len(r.data) {
		r.fail()
		return 0
	}
	return n
}

func (r *values) text() string {
	n := r.uvarint(uint64(len(r.data)))
	if n > uint64(len(r.data)) {
		r.fail()
		return ""
	}
	t := string(r.data[:n])
	r.data = r.data[n:]
	return t
}
