package ledger

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/table"
)

// tail is where a shard's log ends.
type tail struct {
	end   Position // of its last item: where a writer goes on
	whole Position // of its last batch that may be read
}

// tail reads where a log ends, from where it was known to: one strong Query of at
// most one item, and of none if nothing has been added since.
func (l *Ledger) tail(ctx context.Context, s Shard) (tail, error) {
	known := l.reached(s)
	page, err := l.table.Query(ctx, table.Query{Partition: partition(s), From: sortKey(known), Reverse: true, Limit: 1})
	if errors.Is(err, table.ErrDamaged) {
		return tail{}, &DamageError{s, known, err}
	}
	if err != nil {
		return tail{}, fmt.Errorf("read the end of shard %d: %w", s, err)
	}
	if len(page.Items) == 0 {
		return tail{known, known}, nil
	}
	p, err := read(&page.Items[0])
	if err != nil {
		return tail{}, &DamageError{s, positionOf(&page.Items[0]), err}
	}
	if !p.last() {
		// Part of a transaction that has not ended for this reader.
		return tail{p.end(), p.batch}, nil
	}
	end := p.end()
	if p.form == tombstone {
		// What lay behind it may have lost its tombstone already.
		over, err := l.covering(ctx, s, p.first)
		if err != nil {
			return tail{}, fmt.Errorf("read the end of shard %d: %w", s, err)
		}
		if over != nil {
			end = max(end, over.end())
		}
	}
	l.saw(s, end)
	return tail{end, end}, nil
}

// Tails returns where the logs end, one position for every shard: every batch that
// was acknowledged before the call lies before it. It costs one strong Query of at
// most one item for each shard. The number of shards is that which was last read:
// call Shards first.
func (l *Ledger) Tails(ctx context.Context) (Vector, error) {
	v := make(Vector, l.root.Load().shards)
	for s := range v {
		t, err := l.tail(ctx, Shard(s))
		if err != nil {
			return nil, err
		}
		v[s] = t.whole
	}
	return v, nil
}
