package bolt

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"docket/shared/table"
)

// What one commit takes at most. A commit holds its changes in memory and those
// who wait in it wait for all of it; beyond these, more in a commit saves little.
const (
	maxCommitWrites = 1024
	maxCommitBytes  = 16 << 20
)

// commitAll is the committer: it runs until the queue is closed and empty.
func (db *DB) commitAll() {
	defer close(db.stopped)
	for first := range db.queue {
		group := db.gather(first)
		for i, err := range db.commit(group) {
			group[i].done <- err
		}
	}
}

// gather returns first and what waits behind it.
func (db *DB) gather(first *write) []*write {
	group, size := []*write{first}, first.size
	for len(group) < maxCommitWrites && size < maxCommitBytes {
		select {
		case w, ok := <-db.queue:
			if !ok {
				return group
			}
			group, size = append(group, w), size+w.size
		default:
			return group
		}
	}
	return group
}

// errNothing ends a transaction in which nothing was changed.
var errNothing = errors.New("nothing to commit")

// commit applies group in one transaction and returns the answers.
func (db *DB) commit(group []*write) []error {
	answers := make([]error, len(group))
	err := db.broken
	if err == nil {
		err = db.apply(group, answers)
	}
	if err == nil || errors.Is(err, errNothing) {
		return answers
	}
	if errors.Is(err, table.ErrDamaged) && db.broken == nil {
		db.broken = fmt.Errorf("%w: writing has stopped, the file is damaged: %w", table.ErrUnavailable, err)
		err = db.broken
	}
	// Also those whose condition failed: it may have failed because of another
	// Write of this transaction.
	for i := range answers {
		answers[i] = fmt.Errorf("commit: %w", kind(err))
	}
	return answers
}

func (db *DB) apply(group []*write, answers []error) error {
	now := db.now().Unix()
	return guard(func() error {
		return db.bolt.Update(func(tx *bbolt.Tx) error {
			t := &transaction{tx: tx, now: now, places: make(map[string]*place)}
			for i, w := range group {
				if answers[i] = w.ctx.Err(); answers[i] != nil {
					continue // its caller is gone, and nothing was done
				}
				var err error
				if answers[i], err = t.write(w); err != nil {
					return err
				}
			}
			if !t.changed {
				return errNothing
			}
			return t.finish()
		})
	})
}
