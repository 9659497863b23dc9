package bolt

import (
	"encoding/binary"
	"fmt"
)

const (
	// sweepAfter seconds after its expiry an item may be removed. A clock that
	// was set forward by mistake and back within that time costs nothing.
	sweepAfter = 600
	// sweepMore items more than twice the changes of a commit are removed with
	// it: faster than they can be added, and never much at once.
	sweepMore = 16
)

// reindex moves key in the expiry bucket from one expiry to another; 0 is none.
func (t *transaction) reindex(p *place, key []byte, from, to int64) error {
	if from == to {
		return nil
	}
	if p.expiry == nil {
		b, err := t.tx.CreateBucketIfNotExists([]byte(expiryPrefix + p.name))
		if err != nil {
			return fmt.Errorf("create expiry of table %s: %w", p.name, err)
		}
		p.expiry = b
	}
	if from != 0 {
		if err := p.expiry.Delete(appendExpiryKey(nil, from, key)); err != nil {
			return err
		}
	}
	if to == 0 {
		return nil
	}
	return p.expiry.Put(appendExpiryKey(nil, to, key), nil)
}

// sweep removes some of the expired items of p.
func (t *transaction) sweep(p *place) error {
	if p.expiry == nil {
		return nil
	}
	var due [][]byte
	c := p.expiry.Cursor()
	for k, _ := c.First(); k != nil && len(due) < 2*p.changes+sweepMore; k, _ = c.Next() {
		if len(k) < expiryBytes || int64(binary.BigEndian.Uint64(k)) > t.now-sweepAfter {
			break
		}
		due = append(due, append([]byte(nil), k...))
	}
	for _, k := range due {
		if err := expire(p, k[expiryBytes:], int64(binary.BigEndian.Uint64(k))); err != nil {
			return err
		}
		if err := p.expiry.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// expire removes the item under key if it has that expiry. Another one is
// there if a damaged item was replaced, whose own expiry could not be read; a
// damaged one is left for its owner to see.
func expire(p *place, key []byte, expires int64) error {
	raw := p.items.Get(key)
	if raw == nil {
		return nil
	}
	s, err := decodeItem(key, raw)
	if err != nil || s.expires != expires {
		return nil
	}
	p.tally.remove(s.sum)
	return p.items.Delete(key)
}
