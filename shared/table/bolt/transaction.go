package bolt

import (
	"fmt"

	"go.etcd.io/bbolt"

	"docket/shared/table"
)

// fill is how full a leaf is left when it is split, see doc.go.
const fill = 0.9

// transaction is one bbolt transaction of the committer.
type transaction struct {
	tx      *bbolt.Tx
	now     int64 // Unix seconds
	places  map[string]*place
	changed bool
}

// place is where a table lies in the file.
type place struct {
	name          string
	items, expiry *bbolt.Bucket // expiry is nil until something expires
	tally         tally
	recount       bool // the tally can only be had by counting
	changes       int  // made in this transaction
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
	p.tally = readTally(t.tx, name)
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

// old is what an op finds under its key.
type old struct {
	stored
	found   bool // there is something, expired or not
	damaged bool // which cannot be read
}

// judge returns what is under the keys of w, or the error to answer w with.
func (t *transaction) judge(p *place, w *write) ([]old, error) {
	olds := make([]old, len(w.ops))
	var failed []table.Failed
	for i := range w.ops {
		o := &w.ops[i]
		was, err := find(p, o)
		if err != nil {
			return nil, err
		}
		olds[i] = was
		var existing *table.Item
		if was.found && !was.expiredAt(t.now) {
			existing = &table.Item{Key: o.name, Version: was.version}
		}
		if o.cond.Holds(existing) {
			continue
		}
		if existing != nil {
			*existing = was.item(o.name)
		}
		failed = append(failed, table.Failed{Op: i, Existing: existing})
	}
	if failed != nil {
		return nil, &table.ConditionError{Failed: failed}
	}
	return olds, nil
}

// find returns what is stored under o's key. What is damaged is no error for an
// op without a condition: it is how such an item is got rid of.
func find(p *place, o *op) (old, error) {
	raw := p.items.Get(o.key)
	if raw == nil {
		return old{}, nil
	}
	s, err := decodeItem(o.key, raw)
	if err != nil && o.cond.If != table.Always {
		return old{}, err
	}
	return old{stored: s, found: true, damaged: err != nil}, nil
}

// change applies the ops of w. olds are what they replace.
func (t *transaction) change(p *place, w *write, olds []old) error {
	for i := range w.ops {
		o := &w.ops[i]
		if o.kind == table.Check {
			continue
		}
		t.changed = true
		p.changes++
		if err := t.apply(p, o, olds[i]); err != nil {
			return fmt.Errorf("change %s: %w", o.name, err)
		}
	}
	return nil
}

func (t *transaction) apply(p *place, o *op, was old) error {
	// bbolt reads a replaced value no more, so was may be used after this.
	var err error
	if o.kind == table.Put {
		err = p.items.Put(o.key, o.value)
		p.tally.add(checksumOf(o.value))
	} else {
		err = p.items.Delete(o.key)
	}
	if err != nil {
		return err
	}
	if was.found {
		p.tally.remove(was.sum)
	}
	p.recount = p.recount || was.damaged
	return t.reindex(p, o.key, was.expires, o.expires)
}

// finish does what is due once at the end of the transaction.
func (t *transaction) finish() error {
	for _, p := range t.places {
		if p.changes == 0 {
			continue
		}
		if err := t.sweep(p); err != nil {
			return fmt.Errorf("remove expired items of %s: %w", p.name, err)
		}
		if p.recount {
			p.tally = count(p.items)
		}
		if err := writeTally(t.tx, p.name, p.tally); err != nil {
			return fmt.Errorf("write tally of %s: %w", p.name, err)
		}
	}
	return nil
}
