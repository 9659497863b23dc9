package faulty

import (
	"context"
	"fmt"
	"slices"

	"docket/shared/table"
)

// maxHistory changes are remembered: as far as a stale read goes back.
const maxHistory = 64

// change is what a write replaced under a key, nil if there was nothing.
type change struct {
	key table.Key
	was *table.Item
}

// tornWrite is a transaction that readers see in part.
type tornWrite struct {
	due    int // the number of the call from which on all of it is seen
	hidden []change
}

// before returns what ops are about to change.
func (t *Table) before(ctx context.Context, ops []table.Op) ([]change, error) {
	if !t.remembers {
		return nil, nil
	}
	var changes []change
	var keys []table.Key
	for i := range ops {
		if ops[i].Kind != table.Check {
			keys = append(keys, ops[i].Item.Key)
			changes = append(changes, change{key: ops[i].Item.Key})
		}
	}
	items, err := t.inner.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("look at what a write replaces: %w", err)
	}
	for i := range changes {
		at := slices.IndexFunc(items, func(it table.Item) bool { return it.Key == changes[i].key })
		if at >= 0 {
			changes[i].was = &items[at]
		}
	}
	return changes, nil
}

func (t *Table) remember(changes []change) {
	t.history = append(t.history, changes...)
	if over := len(t.history) - maxHistory; over > 0 {
		t.history = append([]change(nil), t.history[over:]...)
	}
}

// untear shows torn writes whole that ops touch: a store does not let another
// write in between.
func (t *Table) untear(ops []table.Op) {
	touched := make(map[table.Key]bool, len(ops))
	for i := range ops {
		touched[ops[i].Item.Key] = true
	}
	t.torn = slices.DeleteFunc(t.torn, func(w *tornWrite) bool {
		return slices.ContainsFunc(w.hidden, func(c change) bool { return touched[c.key] })
	})
}

// past is what readers are shown instead of the present, nil for nothing.
type past map[table.Key]*table.Item

// hidden returns what torn writes hide at present.
func (t *Table) hidden() past {
	p := make(past)
	for _, w := range t.torn {
		for _, c := range w.hidden {
			p[c.key] = t.live(c.was)
		}
	}
	return p
}

// ago returns the state before the last n changes, besides what is hidden.
func (t *Table) ago(n int) past {
	p := t.hidden()
	for i := len(t.history) - 1; i >= len(t.history)-n; i-- {
		p[t.history[i].key] = t.live(t.history[i].was)
	}
	return p
}

// live returns it, or nil if it has expired meanwhile.
func (t *Table) live(it *table.Item) *table.Item {
	if it == nil || it.ExpiredAt(t.opts.Now()) {
		return nil
	}
	return it
}
