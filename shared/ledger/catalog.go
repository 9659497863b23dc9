package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"docket/shared/table"
)

// Manifest lists the segments of a shard from its beginning up to High. Content of
// a position never changes, so one that is old is never wrong: it ends earlier,
// and may name segments that were merged since (LoadEntry). It is never modified.
type Manifest struct {
	Shard   Shard
	High    Position
	Entries []Entry // contiguous from 0 to High

	version uint64
	chunks  map[SegmentID][]Entry
}

// Manifest returns the manifest of a shard as it is now: one strong Get of a
// small item and, of what this process has not seen yet, one for each hundred
// chunks. A manifest that is damaged is as short as what can be read of it; that
// is logged, and Rebuild repairs it.
func (l *Ledger) Manifest(ctx context.Context, s Shard) (*Manifest, error) {
	if s >= MaxShards {
		return nil, fmt.Errorf("read manifest of shard %d: %w", s, ErrInvalid)
	}
	list, err := l.manifests(ctx, []Shard{s})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Manifests returns those of all shards: one Get as long as nothing has changed.
// The number of shards is that which was last read: call Shards first.
func (l *Ledger) Manifests(ctx context.Context) ([]*Manifest, error) {
	shards := make([]Shard, l.root.Load().shards)
	for i := range shards {
		shards[i] = Shard(i)
	}
	return l.manifests(ctx, shards)
}

func (l *Ledger) manifests(ctx context.Context, shards []Shard) ([]*Manifest, error) {
	roots, err := l.manifestRoots(ctx, shards)
	if err != nil {
		return nil, err
	}
	list := make([]*Manifest, len(shards))
	for i, s := range shards {
		if list[i], err = l.publish(ctx, s, roots[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// manifestRoots reads root items strongly. One that is not there is a manifest of
// version 0; one that is damaged is nil.
func (l *Ledger) manifestRoots(ctx context.Context, shards []Shard) ([]*manifest, error) {
	keys := make([]table.Key, len(shards))
	for i, s := range shards {
		keys[i] = manifestKey(s)
	}
	items, err := l.table.Get(ctx, keys...)
	if errors.Is(err, table.ErrDamaged) && len(shards) > 1 {
		roots := make([]*manifest, len(shards))
		for i, s := range shards {
			one, err := l.manifestRoots(ctx, []Shard{s})
			if err != nil {
				return nil, err
			}
			roots[i] = one[0]
		}
		return roots, nil
	}
	if errors.Is(err, table.ErrDamaged) {
		l.damagedManifest(ctx, shards[0], err)
		return []*manifest{nil}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	roots := make([]*manifest, len(shards))
	for i, s := range shards {
		roots[i] = &manifest{shard: s}
		if len(items) == 0 || items[0].Key != keys[i] {
			continue
		}
		if roots[i], err = readManifest(s, &items[0]); err != nil {
			l.damagedManifest(ctx, s, err)
		}
		items = items[1:]
	}
	return roots, nil
}

func (l *Ledger) damagedManifest(ctx context.Context, s Shard, err error) {
	l.log.LogAttrs(ctx, slog.LevelError, "manifest is damaged: run docket ledger check --rebuild",
		slog.Int("shard", int(s)), slog.String("error", err.Error()))
}

// publish makes the manifest of a root, reading what chunks of it are not known.
func (l *Ledger) publish(ctx context.Context, s Shard, root *manifest) (*Manifest, error) {
	known := l.known[s].Load()
	if root == nil {
		return &Manifest{Shard: s}, nil
	}
	if known != nil && known.version >= root.stored {
		return known, nil
	}
	m, err := l.assemble(ctx, root, known)
	if err != nil {
		return nil, err
	}
	for m.version == root.stored { // what could not be read whole is not kept
		if l.known[s].CompareAndSwap(known, m) {
			break
		}
		if known = l.known[s].Load(); known != nil && known.version >= m.version {
			break
		}
	}
	return m, nil
}

// assemble reads the chunks of a root. A chunk that is missing was replaced since
// the root was read, or is lost: the manifest ends before it.
func (l *Ledger) assemble(ctx context.Context, root *manifest, known *Manifest) (*Manifest, error) {
	m := &Manifest{Shard: root.shard, version: root.stored, chunks: make(map[SegmentID][]Entry, len(root.chunks))}
	var missing []chunkRef
	for _, c := range root.chunks {
		if known != nil && known.chunks[c.id] != nil {
			m.chunks[c.id] = known.chunks[c.id]
		} else {
			missing = append(missing, c)
		}
	}
	if err := l.readChunks(ctx, m, missing); err != nil {
		return nil, err
	}
	for _, c := range root.chunks {
		entries := m.chunks[c.id]
		if entries == nil || entries[0].First != m.High {
			m.version = 0
			return m, nil
		}
		m.Entries = append(m.Entries, entries...)
		m.High = entries[len(entries)-1].End()
	}
	return m, nil
}

// readChunks reads chunks into m, as far as they are there and sound.
func (l *Ledger) readChunks(ctx context.Context, m *Manifest, refs []chunkRef) error {
	for len(refs) > 0 {
		n := min(len(refs), table.MaxGet)
		keys := make([]table.Key, n)
		for i, c := range refs[:n] {
			keys[i] = chunkKey(m.Shard, c.id)
		}
		items, err := l.table.Get(ctx, keys...)
		if errors.Is(err, table.ErrDamaged) && n > 1 {
			for i := range n {
				if err := l.readChunks(ctx, m, refs[i:i+1]); err != nil {
					return err
				}
			}
			refs = refs[n:]
			continue
		}
		if errors.Is(err, table.ErrDamaged) {
			l.damagedManifest(ctx, m.Shard, err)
		} else if err != nil {
			return fmt.Errorf("read manifest of shard %d: %w", m.Shard, err)
		}
		for i, c := range refs[:n] {
			if len(items) == 0 || items[0].Key != keys[i] {
				continue
			}
			entries, err := readChunk(m.Shard, c, &items[0])
			if err != nil {
				l.damagedManifest(ctx, m.Shard, err)
			} else {
				m.chunks[c.id] = entries
			}
			items = items[1:]
		}
		refs = refs[n:]
	}
	return nil
}

// LoadEntry returns the part that an entry of a manifest stands for: through the
// cache, or with one read of the merged segment. If it was merged further since
// the manifest was read, the part is the one that covers e.First now. Its errors
// are those of Load.
func (l *Ledger) LoadEntry(ctx context.Context, s Shard, e *Entry) (Part, error) {
	if e.Segment == 0 || s >= MaxShards {
		return l.Load(ctx, s, e.First)
	}
	if o, ok := l.cache.get(s, e.First); ok && int(o.n) >= e.N {
		return o.Part, nil
	}
	ref := stored{place: alone(s, e.First, uint32(e.N)), form: reference, id: e.Segment, size: e.Bytes}
	o, err := l.fetch(ctx, &ref)
	if errors.Is(err, errMissing) {
		return l.Load(ctx, s, e.First)
	}
	if err != nil {
		return Part{}, err
	}
	l.cache.put(o)
	return o.Part, nil
}
