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

// fill is how full a leaf is left when it is split, see doc.go.
const fill = 0.9

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
			return t.sweep()
		})
	})
}

// transaction is one bbolt transaction of the committer.
type transaction struct {
	tx      *bbolt.Tx
	now     int64 // Unix seconds
	places  map[string]*place
	changed bool
}

// place is where a table lies in the file.
type place struct {
	items, expiry *bbolt.Bucket // expiry is nil until something expires
	name          string
	changes       int // made in this transaction
}

// place returns the table of that name, created if it is new.
func (t *transaction) place(name string) (*place, error) {
	if p := t.places[name]; p != nil {
		return p, nil
	}
	items, err := t.tx.CreateBucketIfNotExists([]byte(itemsPrefix + name))
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", name, err)
	}
	items.FillPercent = fill
	p := &place{items: items, expiry: t.tx.Bucket([]byte(expiryPrefix + name)), name: name}
	t.places[name] = p
	return p, nil
}

// write judges w and applies it if its conditions hold. answer is for w alone,
// err ends the transaction.
func (t *transaction) write(w *write) (answer, err error) {
	p, err := t.place(w.table.name)
	if err != nil {
		return nil, err
	}
	olds, err := t.judge(p, w)
	if err != nil {
		return err, nil
	}
	return nil, t.change(p, w, olds)
}

// judge returns the expiries of what is under the keys of w, 0 for none, or the
// error to answer w with.
func (t *transaction) judge(p *place, w *write) ([]int64, error) {
	olds := make([]int64, len(w.ops))
	var failed []table.Failed
	for i := range w.ops {
		o := &w.ops[i]
		old, there, err := t.existing(p, o)
		if err != nil {
			return nil, err
		}
		olds[i] = old.expires
		var existing *table.Item
		if there {
			existing = &table.Item{Key: o.name, Version: old.version}
		}
		if o.cond.Holds(existing) {
			continue
		}
		if there {
			*existing = old.item(o.name)
		}
		failed = append(failed, table.Failed{Op: i, Existing: existing})
	}
	if failed != nil {
		return nil, &table.ConditionError{Failed: failed}
	}
	return olds, nil
}

// existing returns what is stored under o's key; there is false if it reads as
// absent. What is damaged is no error for an op without a condition: it is how
// such an item is got rid of.
func (t *transaction) existing(p *place, o *op) (old stored, there bool, err error) {
	raw := p.items.Get(o.key)
	if raw == nil {
		return stored{}, false, nil
	}
	old, err = decodeItem(o.key, raw)
	if err != nil {
		if o.cond.If == table.Always {
			return stored{}, false, nil
		}
		return stored{}, false, err
	}
	return old, !old.expiredAt(t.now), nil
}

// change applies the ops of w. olds are the expiries of what they replace.
func (t *transaction) change(p *place, w *write, olds []int64) error {
	for i := range w.ops {
		o := &w.ops[i]
		if o.kind == table.Check {
			continue
		}
		t.changed = true
		p.changes++
		var err error
		if o.kind == table.Put {
			err = p.items.Put(o.key, o.value)
		} else {
			err = p.items.Delete(o.key)
		}
		if err == nil {
			err = t.reindex(p, o.key, olds[i], o.expires)
		}
		if err != nil {
			return fmt.Errorf("change %s: %w", o.name, err)
		}
	}
	return nil
}
