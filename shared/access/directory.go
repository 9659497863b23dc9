package access

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"docket/shared/table"
)

// Directory reads and, by an Editor, changes the directory in a table. It is
// safe for concurrent use; there may be any number of them on one table, in any
// number of processes.
type Directory struct {
	table table.Table
	now   func() time.Time

	latest  atomic.Pointer[version] // nil until the first read
	loading turn                    // one load at a time
	editing turn                    // one edit at a time from this process
}

// Open returns the directory in tbl. Nothing is read or written yet. now stamps
// the change log and the ages of passwords; nothing depends on it.
func Open(tbl table.Table, now func() time.Time) *Directory {
	return &Directory{table: tbl, now: now, loading: make(turn, 1), editing: make(turn, 1)}
}

// Snapshot returns the directory as it is now: as new as every edit that ended
// before the call began. It costs one read of a small item unless there was an
// edit. Errors are those of the table and ErrDamaged.
func (d *Directory) Snapshot(ctx context.Context) (*Snapshot, error) {
	v, err := d.current(ctx)
	if err != nil {
		return nil, err
	}
	return v.snapshot, nil
}

func (d *Directory) current(ctx context.Context) (*version, error) {
	h, err := readHead(ctx, d.table)
	if err != nil {
		return nil, err
	}
	if v := d.latest.Load(); v != nil && v.head == h {
		return v, nil
	}
	return d.reload(ctx)
}

// reload brings latest up to date. The head is read again: while the caller
// waited, another may have loaded a version newer than the head it had seen.
func (d *Directory) reload(ctx context.Context) (*version, error) {
	if err := d.loading.take(ctx); err != nil {
		return nil, fmt.Errorf("wait for the directory: %w", err)
	}
	defer d.loading.give()
	h, err := readHead(ctx, d.table)
	if err != nil {
		return nil, err
	}
	was := d.latest.Load()
	if was != nil && was.head == h {
		return was, nil
	}
	v, err := load(ctx, d.table, was, h)
	if err != nil {
		return nil, err
	}
	d.latest.Store(v)
	return v, nil
}

// turn is a lock whose waiters give up when their context ends.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }
