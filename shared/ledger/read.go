package ledger

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/table"
)

// maxChain bounds how many tombstones lead from one to the other: each further
// one comes from another merge of the same records, of which there are three.
const maxChain = 32

// maxUnder bounds how many pages are read back for a reference. The records under
// one fit a segment; stored one by one they take a few pages.
const maxUnder = 8

// covering returns the data item or the reference that begins at p or last before
// it; nil if there is none. It need not reach to p. Tombstones lead to what covers
// them.
func (l *Ledger) covering(ctx context.Context, s Shard, p Position) (*stored, error) {
	at := p
	for range maxChain {
		page, err := l.table.Query(ctx, table.Query{Partition: partition(s), To: sortKey(at + 1), Reverse: true, Limit: 1})
		if errors.Is(err, table.ErrDamaged) {
			return nil, &DamageError{s, at, err}
		}
		if err != nil {
			return nil, fmt.Errorf("read shard %d back from %d: %w", s, at, err)
		}
		if len(page.Items) == 0 {
			return nil, nil
		}
		found, err := check(s, page.Items[:1])
		if err != nil {
			return nil, err
		}
		if found[0].form != tombstone {
			return &found[0], nil
		}
		at = found[0].start
	}
	return nil, &DamageError{s, p, fmt.Errorf("%w: tombstones lead nowhere", errItem)}
}

// above returns the reference that covers p, past what lies under it; nil if there
// is none. It is for a log that a compaction has left half swept for so long that
// tombstones have expired: what lies before p then says nothing of the reference.
func (l *Ledger) above(ctx context.Context, s Shard, p Position) (*stored, error) {
	q := table.Query{Partition: partition(s), To: sortKey(p + 1), Reverse: true}
	for range maxUnder {
		page, err := l.table.Query(ctx, q)
		if errors.Is(err, table.ErrDamaged) {
			return nil, &DamageError{s, p, err}
		}
		if err != nil {
			return nil, fmt.Errorf("read shard %d back from %d: %w", s, p, err)
		}
		found, err := check(s, page.Items)
		for i := range found {
			if it := &found[i]; it.form == reference && it.end() > p {
				return it, nil
			}
		}
		if err != nil || !page.More || len(page.Items) == 0 {
			return nil, err
		}
		q.To = page.Items[len(page.Items)-1].Sort
	}
	return nil, nil
}

// forward returns items of the log that begin from from on and before to, in
// order, at most limit unless that is 0. more says that there may be others. It
// does not check that they follow each other. It ends before an item that is
// damaged, and returns *DamageError if that is the first.
func (l *Ledger) forward(ctx context.Context, s Shard, from, to Position, limit int) (items []stored, more bool, err error) {
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
		it, err := read(&items[i])
		if err != nil {
			return found, &DamageError{s, positionOf(&items[i]), err}
		}
		found = append(found, it)
	}
	return found, nil
}
