package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"docket/shared/segment"
	"docket/shared/table"
)

// manifest holds what the manifest says against the log.
func (c *checking) manifest(ctx context.Context, s Shard, end Position) error {
	roots, err := c.l.manifestRoots(ctx, []Shard{s})
	if err != nil {
		return err
	}
	root := roots[0]
	if root == nil {
		c.found(FoundManifest, s, 0, 0, "its root is damaged")
		return nil
	}
	m, err := c.l.assemble(ctx, root, nil)
	if err != nil {
		return err
	}
	if m.High < root.high {
		c.found(FoundManifest, s, m.High, root.high, "entries are missing")
	}
	if m.High > end {
		if t, err := c.l.tail(ctx, s); err != nil {
			return err
		} else if m.High > t.end {
			c.found(FoundHole, s, t.end, m.High, "the manifest lists segments behind the end of the log")
		}
	}
	for i := range m.Entries {
		if err := c.entry(ctx, s, &m.Entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// entry compares an entry with what the log has there now.
func (c *checking) entry(ctx context.Context, s Shard, e *Entry) error {
	c.sum.Entries++
	it, err := c.l.covering(ctx, s, e.First)
	var damaged *DamageError
	if errors.As(err, &damaged) {
		return nil // reported by the reading of the log
	}
	if err != nil {
		return err
	}
	if it != nil && it.first <= e.First && it.end() >= e.End() && (it.first != e.First || it.id != e.Segment) {
		return nil // merged further since the manifest was read
	}
	if it == nil || it.first != e.First || int(it.n) != e.N || it.bytes() != e.Bytes {
		c.found(FoundManifest, s, e.First, e.End(), "the log has another segment here")
		return nil
	}
	o, err := c.l.open(ctx, it)
	if errors.As(err, &damaged) || errors.Is(err, errMissing) {
		return nil // reported by the reading of the log
	}
	if err != nil {
		return err
	}
	if !sameZone(o.Segment.Zone(), e.Zone) {
		c.found(FoundManifest, s, e.First, e.End(), "the zone is not that of the segment")
	}
	return nil
}

func sameZone(a, b segment.Zone) bool {
	return a.MinWhen == b.MinWhen && a.MaxWhen == b.MaxWhen && a.ArchiveOnly == b.ArchiveOnly &&
		slices.Equal(a.Plans, b.Plans) && slices.Equal(a.DataSources, b.DataSources)
}

// Rebuild makes the manifest of a shard again from its log and the merged segments
// that the log names, whatever the manifest was. Compactors may run beside it.
func (l *Ledger) Rebuild(ctx context.Context, s Shard, options Compaction) error {
	if s >= MaxShards {
		return fmt.Errorf("rebuild manifest of shard %d: %w", s, ErrInvalid)
	}
	if err := l.reset(ctx, s); err != nil {
		return fmt.Errorf("rebuild manifest of shard %d: %w", s, err)
	}
	for {
		r, err := l.Compact(ctx, s, options)
		if err != nil {
			return fmt.Errorf("rebuild manifest: %w", err)
		}
		if r.Busy || !r.More {
			return nil // the other compactor goes on from the empty manifest
		}
	}
}

// reset replaces the root by that of a shard of which nothing is listed. Chunks
// it had are removed with the next round; what else it had lost stays.
func (l *Ledger) reset(ctx context.Context, s Shard) error {
	pace := l.pace()
	for {
		op, err := l.resetOp(ctx, s)
		if err == nil {
			err = l.table.Write(ctx, op)
		}
		var lost *table.ConditionError
		if err == nil || !transient(err) && !errors.As(err, &lost) {
			return err
		}
		if werr := pace.wait(ctx); werr != nil {
			return fmt.Errorf("%w: %w", werr, err)
		}
	}
}

func (l *Ledger) resetOp(ctx context.Context, s Shard) (table.Op, error) {
	m := &manifest{shard: s}
	op := table.Op{Kind: table.Put}
	items, err := l.table.Get(ctx, manifestKey(s))
	switch {
	case errors.Is(err, table.ErrDamaged):
		// Its version cannot be read. No round that began before may find the
		// one it knows.
		var b [8]byte
		if err := l.random(b[:]); err != nil {
			return op, err
		}
		m.stored = binary.BigEndian.Uint64(b[:])>>2 | 1<<61
	case err != nil:
		return op, err
	case len(items) == 0:
		op.If, m.stored = table.Absent, 1
	default:
		op.If, op.IfVersion, m.stored = table.VersionIs, items[0].Version, items[0].Version+1
		if old, err := readManifest(s, &items[0]); err == nil {
			m.unswept = old.unswept
			for _, d := range old.doomed {
				// No round that announced one can publish it any more.
				if d.kind == pendingSegment {
					d.kind = replacedSegment
				} else if d.kind == pendingChunk {
					d.kind = replacedChunk
				}
				m.doomed = append(m.doomed, d)
			}
			now := l.now().Unix()
			for _, c := range old.chunks {
				m.doomed = append(m.doomed, doomed{replacedChunk, c.id, now})
			}
		}
	}
	op.Item = m.item()
	return op, nil
}
