package ledger

import (
	"context"
	"fmt"
)

// ShardStatus is what a shard holds.
type ShardStatus struct {
	Shard    Shard
	Records  uint64   // positions that are taken
	High     Position // the manifest reaches to here
	Segments int      // of the manifest
	Merged   int      // of them, those that a compaction made
	Bytes    int64    // of all segments, those behind the manifest included
	Debt     Debt     // what lies behind the manifest
	Waiting  int      // replaced items that are still to be removed
	Unswept  int      // ranges whose items are not all tombstones yet
	Damaged  string   // why the manifest cannot be read; empty if it can
}

// Status says what the shards hold: one Get and one small Query each, and a read
// of what lies behind the manifests.
func (l *Ledger) Status(ctx context.Context) ([]ShardStatus, error) {
	n, err := l.Shards(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]ShardStatus, n)
	for s := range list {
		if err := l.status(ctx, Shard(s), &list[s]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (l *Ledger) status(ctx context.Context, s Shard, st *ShardStatus) error {
	st.Shard = s
	roots, err := l.manifestRoots(ctx, []Shard{s})
	if err != nil {
		return err
	}
	if roots[0] == nil {
		st.Damaged = errManifest.Error()
	} else {
		st.Waiting, st.Unswept = len(roots[0].doomed), len(roots[0].unswept)
	}
	m, err := l.publish(ctx, s, roots[0])
	if err != nil {
		return err
	}
	st.High, st.Segments = m.High, len(m.Entries)
	for i := range m.Entries {
		st.Bytes += int64(m.Entries[i].Bytes)
		if m.Entries[i].Segment != 0 {
			st.Merged++
		}
	}
	t, err := l.tail(ctx, s)
	if err != nil {
		return err
	}
	st.Records = uint64(max(t.whole, m.High))
	return l.debt(ctx, s, m.High, st)
}

// debt adds what lies behind the manifest.
func (l *Ledger) debt(ctx context.Context, s Shard, from Position, st *ShardStatus) error {
	for next := from; ; {
		page, more, err := l.forward(ctx, s, next, End, 0)
		if err != nil {
			return fmt.Errorf("read behind the manifest: %w", err)
		}
		for i := range page {
			it := &page[i]
			if it.form == tombstone || it.end() <= next {
				continue
			}
			next = it.end()
			st.Debt.Items++
			st.Debt.Bytes += it.bytes()
			st.Bytes += int64(it.bytes())
		}
		if !more || len(page) == 0 {
			return nil
		}
		next = max(next, page[len(page)-1].first+1)
	}
}
