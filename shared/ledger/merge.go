package ledger

import (
	"context"
	"fmt"
	"slices"

	"docket/shared/activity"
	"docket/shared/segment"
	"docket/shared/table"
)

// merge is a merged segment and what it replaces.
type merge struct {
	place
	id     SegmentID
	item   table.Item
	size   int // bytes of the segment
	before int // of the pieces
	zone   segment.Zone
	pieces []piece
	at     int // index of its first piece
}

// referenceOp puts the reference in the place of the log's first item, if that is
// still what was read.
func (m *merge) referenceOp(s Shard) table.Op {
	p := &m.pieces[0]
	return table.Op{
		Kind: table.Put, Item: referenceItem(m.place, m.id, m.size, p.token, p.version+1),
		If: table.VersionIs, IfVersion: p.version,
	}
}

// mergeAll encodes the merges of a plan.
func (c *compacting) mergeAll(ctx context.Context, p plan) ([]merge, error) {
	var list []merge
	for _, sp := range p.merges {
		m, err := c.merge(ctx, sp)
		if err != nil {
			return nil, err
		}
		if m != nil {
			list = append(list, *m)
		}
	}
	return list, nil
}

// merge encodes the pieces of a range as one segment: all that fit one item, from
// the first on. It is nil if fewer than two do.
func (c *compacting) merge(ctx context.Context, sp pieceRange) (*merge, error) {
	for to := sp.to; to-sp.from >= 2; {
		m, err := c.encode(ctx, c.pieces[sp.from:to])
		if err != nil {
			return nil, err
		}
		if int(m.n)*10 >= c.MaxRecords {
			c.l.mergeRatio.Store(max(int64(m.size)*16/int64(m.n), 1))
		}
		if len(m.item.Value)+keySize+len(m.item.Partition) <= c.l.maxItem {
			m.at = sp.from
			return m, nil
		}
		to -= max((to-sp.from)/4, 1)
	}
	return nil, nil
}

// encode merges pieces and reads the result back: what replaces records must be
// those records.
func (c *compacting) encode(ctx context.Context, pieces []piece) (*merge, error) {
	m := &merge{pieces: pieces}
	var records []activity.Record
	var runs []segment.Run
	for i := range pieces {
		for k := range pieces[i].parts {
			part := &pieces[i].parts[k]
			seg, err := c.load(ctx, &pieces[i], part)
			if err != nil {
				return nil, err
			}
			if records, err = seg.Records(records); err != nil {
				return nil, &DamageError{c.shard, part.first, err}
			}
			of, err := seg.Runs()
			if err != nil {
				return nil, &DamageError{c.shard, part.first, err}
			}
			runs = append(runs, of...)
		}
		m.before += pieces[i].bytes
	}
	for i := range runs {
		// References and tombstones keep them as long as a writer may ask.
		runs[i].Token = Token{}
	}
	var err error
	if m.id, err = c.l.newID(); err != nil {
		return nil, err
	}
	m.place = alone(c.shard, pieces[0].first, uint32(len(records)))
	value, err := segment.Encode(make([]byte, mergedHeader), records, runs)
	if err != nil {
		return nil, fmt.Errorf("merge %d records at %d: %w", len(records), m.first, err)
	}
	seg, err := segment.Open(value[mergedHeader:])
	if err != nil {
		return nil, fmt.Errorf("merge %d records at %d: read back: %w", len(records), m.first, err)
	}
	if err := same(seg, records, runs); err != nil {
		return nil, fmt.Errorf("merge %d records at %d: %w", len(records), m.first, err)
	}
	m.size, m.zone = len(value)-mergedHeader, seg.Zone()
	m.item = stampMerged(m.place, m.id, value)
	return m, nil
}

// same compares what a merged segment says with what it replaces.
func same(seg *segment.Segment, records []activity.Record, runs []segment.Run) error {
	read, err := seg.Records(nil)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	of, err := seg.Runs()
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if !slices.Equal(of, runs) || len(read) != len(records) {
		return fmt.Errorf("%w: merged runs differ", errItem)
	}
	for i := range read {
		a, b := &read[i], &records[i]
		if !slices.Equal(a.Details, b.Details) || a.Who != b.Who || a.Where != b.Where || a.ObjectType != b.ObjectType || a.What != b.What || a.Action != b.Action ||
			a.When != b.When || a.Plan != b.Plan || a.Item != b.Item || a.DataSource != b.DataSource ||
			a.Workstation != b.Workstation || a.ArchiveOnly != b.ArchiveOnly {
			return fmt.Errorf("%w: merged record %d differs", errItem, i)
		}
	}
	return nil
}
