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

// maxFindings errors are reported by one Check: a torn file has one for each item.
const maxFindings = 100

// Check reads the whole file: the checksum and order of every item, its place
// in the expiry bucket if it expires, and whether all items are there that were
// written. It returns what is wrong, each table.ErrDamaged, joined; nil if
// nothing is. Writers go on meanwhile, but the file grows with what they replace
// until Check ends. It does not look at pages that are free.
func (db *DB) Check(ctx context.Context) error {
	var found []error
	if db.heads != nil {
		found = append(found, db.heads)
	}
	err := db.view(func(tx *bbolt.Tx) error {
		if err := checkSize(tx, db.bolt.Path()); err != nil {
			return err
		}
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			t, ok := strings.CutPrefix(string(name), itemsPrefix)
			if !ok {
				return nil
			}
			errs, err := checkTable(ctx, tx, t, b)
			found = append(found, errs[:min(len(errs), maxFindings-len(found))]...)
			return err
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

// checkTable returns what is wrong with a table, and why it could not be read on.
func checkTable(ctx context.Context, tx *bbolt.Tx, name string, items *bbolt.Bucket) (found []error, err error) {
	expiry := tx.Bucket([]byte(expiryPrefix + name))
	var seen tally
	var last []byte
	c := items.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if seen.count%checkContextEvery == 0 && ctx.Err() != nil {
			return found, ctx.Err()
		}
		seen.add(checksumOf(v))
		if bytes.Compare(last, k) >= 0 {
			return append(found, damaged(k, "it is out of order")), nil // the walk might not end
		}
		last = k
		s, err := decodeItem(k, v)
		if err == nil && items.Get(k) == nil {
			err = damaged(k, "the tree does not lead to it")
		}
		if err == nil && s.expires != 0 && (expiry == nil || expiry.Get(appendExpiryKey(nil, s.expires, k)) == nil) {
			err = damaged(k, "its expiry is not noted")
		}
		if err != nil && len(found) < maxFindings {
			found = append(found, err)
		}
	}
	if want := readTally(tx, name); seen != want {
		found = append(found, fmt.Errorf("%w: table %s has %d items with the checksums' sum %x, should have %d with %x",
			table.ErrDamaged, name, seen.count, seen.sum, want.count, want.sum))
	}
	return found, nil
}
