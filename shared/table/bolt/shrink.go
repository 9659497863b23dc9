package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// shrinkSuffix is added to the name of the file that Shrink writes.
const shrinkSuffix = ".shrinking"

// shrinkBytes are copied in one transaction: as much is held in memory.
const shrinkBytes = 16 << 20

// shrinkGrow is by how much the new file grows at a time, and so what it may have
// too much at its end; bbolt's own step is 16 MiB.
const shrinkGrow = 256 << 10

// Shrink writes the database at path anew, without the room that replaced and
// deleted items have left in it, and returns the sizes of the file before and after.
// Nobody may have the file open: it is ErrLocked then. A Shrink that is killed leaves
// the database as it was, and a file beside it that the next one replaces.
func Shrink(path string, opts Options) (before, after int64, err error) {
	if _, err := os.Stat(path); err != nil {
		return 0, 0, fmt.Errorf("shrink database: %w", err)
	}
	db, err := Open(path, opts) // takes the lock, and refuses what is damaged
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if db.heads != nil {
		return 0, 0, fmt.Errorf("shrink database %s: %w", path, db.heads)
	}
	temporary := path + shrinkSuffix
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, 0, fmt.Errorf("shrink database: %w", err)
	}
	if err := copyTo(temporary, db.bolt, opts); err != nil {
		return 0, 0, errors.Join(fmt.Errorf("shrink database %s: %w", path, err), os.Remove(temporary))
	}
	if before, err = fileSize(path); err != nil {
		return 0, 0, err
	}
	if after, err = fileSize(temporary); err != nil {
		return 0, 0, err
	}
	if err := os.Rename(temporary, path); err != nil {
		return 0, 0, fmt.Errorf("shrink database: %w", err)
	}
	return before, after, syncDirectory(filepath.Dir(path))
}

// copyTo writes all of from to a new file and waits until it is on the disk.
func copyTo(path string, from *bbolt.DB, opts Options) error {
	o := boltOptions(Options{Timeout: time.Second})
	o.NoSync = true // until all is there
	to, err := bbolt.Open(path, 0o600, o)
	if err != nil {
		return err
	}
	to.AllocSize = shrinkGrow
	err = guard(func() error { return bbolt.Compact(to, from, shrinkBytes) })
	if err == nil && !opts.NoSync {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("shrink database: %w", err)
	}
	return info.Size(), nil
}

// replaced says whether the name now belongs to another file: one that Shrink put
// there while this process waited for the lock of the old one.
func replaced(path string, file *os.File) (bool, error) {
	now, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	opened, err := file.Stat()
	if err != nil {
		return false, err
	}
	return !os.SameFile(now, opened), nil
}
