package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"docket/shared/table"
)

// checkContextEvery rows that a query skips it looks whether its caller is gone.
const checkContextEvery = 1024

// boltTable is one table of a DB.
type boltTable struct {
	db    *DB
	name  string
	items []byte // name of the bucket
}

var _ table.Table = (*boltTable)(nil)

// Get implements table.Table.
func (t *boltTable) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if err := t.ready(ctx, table.ValidateKeys(keys)); err != nil {
		return nil, fmt.Errorf("get from %s: %w", t.name, err)
	}
	now := t.db.now().Unix()
	var items []table.Item
	err := t.db.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(t.items)
		if b == nil {
			return nil
		}
		var name []byte
		for _, k := range keys {
			name = appendKey(name[:0], k)
			raw := b.Get(name)
			if raw == nil {
				continue
			}
			s, err := decodeItem(name, raw)
			if err != nil {
				return err
			}
			if !s.expiredAt(now) {
				items = append(items, s.item(k))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("get from %s: %w", t.name, kind(err))
	}
	return items, nil
}

// Query implements table.Table. More is exact: it is set only if the range
// holds another item now.
func (t *boltTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := t.ready(ctx, q.Validate()); err != nil {
		return table.Page{}, fmt.Errorf("query %s: %w", t.name, err)
	}
	var page table.Page
	err := t.db.view(func(tx *bbolt.Tx) (err error) {
		b := tx.Bucket(t.items)
		if b == nil {
			return nil
		}
		page, err = readPage(ctx, b.Cursor(), &q, t.db.now().Unix())
		return err
	})
	if ctxErr := ctx.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
		return table.Page{}, fmt.Errorf("query %s: %w", t.name, ctxErr)
	}
	if err != nil {
		return table.Page{}, fmt.Errorf("query %s %.80q: %w", t.name, q.Partition, kind(err))
	}
	return page, nil
}

// ready returns invalid, or why a call may not begin.
func (t *boltTable) ready(ctx context.Context, invalid error) error {
	if invalid != nil {
		return invalid
	}
	if t.name == "" || len(t.name) > maxName {
		return fmt.Errorf("%w: table name of %d bytes, must be 1 to %d", table.ErrInvalid, len(t.name), maxName)
	}
	return ctx.Err()
}

// row is an item of a page, still in the file.
type row struct {
	sort []byte
	stored
}

// readPage finds the rows of a page and copies them out.
func readPage(ctx context.Context, c *bbolt.Cursor, q *table.Query, now int64) (table.Page, error) {
	var few [8]row // enough for short answers, without going to the heap
	rows, values, sorts := few[:0], 0, 0
	more := false
	skipped := 0
	r := newScan(c, q)
	for k, v := r.first(); k != nil; k, v = r.next() {
		if !r.follows(k) {
			return table.Page{}, damaged(k, "it is out of order")
		}
		s, err := decodeItem(k, v)
		if err != nil {
			return table.Page{}, err
		}
		if s.expiredAt(now) {
			if skipped++; skipped%checkContextEvery == 0 && ctx.Err() != nil {
				return table.Page{}, ctx.Err()
			}
			continue
		}
		full := values+sorts+len(rows)*len(q.Partition) >= table.MaxPage
		if full || q.Limit > 0 && len(rows) == q.Limit {
			more = true
			break
		}
		name := k[len(r.prefix):]
		rows = append(rows, row{name, s})
		values += len(s.value)
		sorts += len(name)
	}
	return table.Page{Items: copyRows(q.Partition, rows, sorts, values), More: more}, nil
}

// copyRows copies rows out of the file into one buffer for all sort keys and
// one for all values.
func copyRows(partition string, rows []row, sorts, values int) []table.Item {
	if len(rows) == 0 {
		return nil
	}
	names := make([]byte, 0, sorts)
	for i := range rows {
		names = append(names, rows[i].sort...)
	}
	all := string(names)
	buf := make([]byte, 0, values)
	items := make([]table.Item, len(rows))
	for i := range rows {
		r := &rows[i]
		n, at := len(r.sort), len(buf)
		buf = append(buf, r.value...)
		items[i] = table.Item{
			Key:     table.Key{Partition: partition, Sort: all[:n]},
			Value:   buf[at:len(buf):len(buf)], // an append to it must not reach its neighbour
			Version: r.version,
			Expires: r.expires,
		}
		all = all[n:]
	}
	return items
}

// scan moves over the keys of a query's range.
type scan struct {
	c       *bbolt.Cursor
	reverse bool
	prefix  []byte
	from    []byte // the first key that may be in range
	to      []byte // the first key that is behind it
	last    []byte // the key before, nil at the beginning
}

func newScan(c *bbolt.Cursor, q *table.Query) *scan {
	r := &scan{c: c, reverse: q.Reverse}
	r.from = append(appendPrefix(make([]byte, 0, lengthBytes+len(q.Partition)+len(q.From)), q.Partition), q.From...)
	r.prefix = r.from[: lengthBytes+len(q.Partition) : lengthBytes+len(q.Partition)]
	if q.To == "" {
		r.to = after(r.prefix)
	} else {
		r.to = append(r.prefix, q.To...)
	}
	return r
}

func (r *scan) first() (k, v []byte) {
	if !r.reverse {
		return r.within(r.c.Seek(r.from))
	}
	if k, _ := r.c.Seek(r.to); k == nil {
		return r.within(r.c.Last())
	}
	return r.within(r.c.Prev())
}

func (r *scan) next() (k, v []byte) {
	if r.reverse {
		return r.within(r.c.Prev())
	}
	return r.within(r.c.Next())
}

// within returns k and v, or nil once k has left the range.
func (r *scan) within(k, v []byte) ([]byte, []byte) {
	switch {
	case k == nil:
		return nil, nil
	case r.reverse && bytes.Compare(k, r.from) < 0, !r.reverse && bytes.Compare(k, r.to) >= 0:
		return nil, nil
	default:
		return k, v
	}
}

// follows reports whether k is in range on both sides and behind the key before
// it, as it must be. In a damaged tree the first key of a range can be anything.
func (r *scan) follows(k []byte) bool {
	last := r.last
	r.last = k
	if bytes.Compare(k, r.from) < 0 || bytes.Compare(k, r.to) >= 0 {
		return false
	}
	return last == nil || (bytes.Compare(last, k) < 0) != r.reverse
}
