package ledger

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/table"
)

// stored is a segment as it was stored, its item checked but not yet opened.
type stored struct {
	place
	segment []byte
}

// source is where the segments of a shard are read from. Today that is its log
// alone.
//
// This is the place of compaction. It will merge small items and leave tombstones
// in the log, and list the merged segments in a manifest, one for each shard. A
// second source then answers from the manifest for positions under its high-water
// and from the log behind it: covering and forward look in the manifest first,
// and when the log does not go on where it must (what Scan now reads again and in
// the end calls ErrGap) the range has been compacted meanwhile: they read the
// manifest again, then the log. Merged segments are immutable and may be read
// with Query.Eventual, a miss repeated strongly. Neither Scan nor its callers
// change: positions, runs and so RIDs and marks stay what they are.
type source interface {
	// covering returns the item that begins at p or last before it; nil if
	// there is none. It need not reach to p.
	covering(ctx context.Context, s Shard, p Position) (*stored, error)

	// forward returns items that begin from from on and before to, in order,
	// at most limit unless that is 0. more says that there may be others. It
	// does not check that they follow each other. It ends before an item that
	// is damaged, and returns *DamageError if that is the first.
	forward(ctx context.Context, s Shard, from, to Position, limit int) (items []stored, more bool, err error)
}

// logSource reads the log.
type logSource struct{ table table.Table }

func (l logSource) covering(ctx context.Context, s Shard, p Position) (*stored, error) {
	page, err := l.table.Query(ctx, table.Query{Partition: partition(s), To: sortKey(p + 1), Reverse: true, Limit: 1})
	if errors.Is(err, table.ErrDamaged) {
		return nil, &DamageError{s, p, err}
	}
	if err != nil {
		return nil, fmt.Errorf("read shard %d back from %d: %w", s, p, err)
	}
	if len(page.Items) == 0 {
		return nil, nil
	}
	found, err := check(s, page.Items[:1])
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

func (l logSource) forward(ctx context.Context, s Shard, from, to Position, limit int) ([]stored, bool, error) {
	q := table.Query{Partition: partition(s), From: sortKey(from), Limit: limit}
	if to < End {
		q.To = sortKey(to)
	}
	page, err := l.table.Query(ctx, q)
	if errors.Is(err, table.ErrDamaged) && limit != 1 {
		// Somewhere on the page: those in front of it are good.
		q.Limit = 1
		if page, err = l.table.Query(ctx, q); err == nil {
			page.More = true
		}
	}
	if errors.Is(err, table.ErrDamaged) {
		return nil, false, &DamageError{s, from, err}
	}
	if err != nil {
		return nil, false, fmt.Errorf("read shard %d at %d: %w", s, from, err)
	}
	found, err := check(s, page.Items)
	if err != nil && len(found) == 0 {
		return nil, false, err
	}
	return found, page.More || err != nil, nil
}

// check reads items up to the first that is damaged.
func check(s Shard, items []table.Item) ([]stored, error) {
	found := make([]stored, 0, len(items))
	for i := range items {
		place, segment, err := readItem(&items[i])
		if err != nil {
			return found, &DamageError{s, positionOf(&items[i]), err}
		}
		found = append(found, stored{place, segment})
	}
	return found, nil
}
