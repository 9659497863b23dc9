package bolt

import (
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"docket/shared/table"
)

// guard runs fn, which works on the mapped file, and turns what a damaged file
// or a disk that cannot be read does to it, panics and memory faults, into
// table.ErrDamaged.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: reading the file failed: %v", table.ErrDamaged, p)
		}
	}()
	return fn()
}

// view runs fn in a read transaction.
func (db *DB) view(fn func(*bbolt.Tx) error) error {
	return guard(func() error { return db.bolt.View(fn) })
}

// kind translates an error of bbolt to one of table's kinds and leaves those
// that are already one alone.
func kind(err error) error {
	if err == nil || errors.Is(err, table.ErrDamaged) || errors.Is(err, table.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
}
