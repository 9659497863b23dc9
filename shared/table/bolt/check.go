package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"docket/shared/table"
)

// maxFindings errors are reported by one Check: a torn file has one for each page.
const maxFindings = 100

// Check reads the whole file: the tree, the checksum of every item and, for
// items that expire, their place in the expiry bucket. It returns what is wrong,
// each table.ErrDamaged, joined; nil if nothing is. Writers go on meanwhile, but
// the file grows with what they replace until Check ends.
func (db *DB) Check(ctx context.Context) error {
	var found []error
	err := db.view(func(tx *bbolt.Tx) error {
		if err := checkSize(tx, db.bolt.Path()); err != nil {
			return err
		}
		for err := range tx.Check() {
			if len(found) < maxFindings {
				found = append(found, fmt.Errorf("%w: %w", table.ErrDamaged, err))
			}
		}
		if len(found) > 0 {
			return nil // walking a tree that is not one may not end
		}
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if t, ok := strings.CutPrefix(string(name), itemsPrefix); ok {
				return checkItems(ctx, b, tx.Bucket([]byte(expiryPrefix+t)), &found)
			}
			return nil
		})
	})
	if err != nil {
		found = append(found, err)
	}
	if err := errors.Join(found...); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	return nil
}

func checkItems(ctx context.Context, items, expiry *bbolt.Bucket, found *[]error) error {
	c := items.Cursor()
	var last []byte
	n := 0
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if n++; n%checkContextEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := decodeItem(k, v)
		switch {
		case err != nil:
		case bytes.Compare(last, k) >= 0:
			err = damaged(k, "it is out of order")
		case s.expires != 0 && (expiry == nil || expiry.Get(appendExpiryKey(nil, s.expires, k)) == nil):
			err = damaged(k, "its expiry is not noted")
		}
		if err != nil && len(*found) < maxFindings {
			*found = append(*found, err)
		}
		last = k
	}
	return nil
}
