// Package memory is a table in memory: what tests and simulations run on, and
// the plain model that other tables are compared with. It lives as long as the
// process does.
//
// A partition is a slice of items in order of their sort keys, so appending at
// the end, as a log does, is cheap, and a query is a binary search and a copy.
// One lock guards all: every call is atomic, and a call that has begun also
// ends, in bounded time and without goroutines. The only thing it takes from
// outside is the clock, so a simulation on it repeats exactly.
package memory

import (
	"container/heap"
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"docket/shared/table"
)

// sweepPerWrite expired items at most are dropped by one Write: more than it
// can add on average, so that the garbage does not grow, and few enough that no
// write pays for all.
const sweepPerWrite = 2 * table.MaxOps

// Table is a table.Table in memory.
type Table struct {
	now        func() time.Time
	mu         sync.RWMutex
	partitions map[string][]*table.Item // in order of Sort, none empty
	expiring   expiries
}

var _ table.Table = (*Table)(nil)

// New returns an empty table. now tells which items have expired; nil is
// time.Now.
func New(now func() time.Time) *Table {
	if now == nil {
		now = time.Now
	}
	return &Table{now: now, partitions: make(map[string][]*table.Item)}
}

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if err := table.ValidateKeys(keys); err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	now := t.now()
	t.mu.RLock()
	defer t.mu.RUnlock()
	var items []table.Item
	for _, k := range keys {
		if it := t.live(k, now); it != nil {
			items = append(items, *it)
		}
	}
	return items, nil
}

// Query implements table.Table. More is exact: it is set only if the range
// holds another item now.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := q.Validate(); err != nil {
		return table.Page{}, fmt.Errorf("query: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return table.Page{}, fmt.Errorf("query: %w", err)
	}
	now := t.now()
	t.mu.RLock()
	defer t.mu.RUnlock()
	rows := within(t.partitions[q.Partition], q.From, q.To)
	var page table.Page
	for i, size := 0, 0; i < len(rows); i++ {
		it := rows[i]
		if q.Reverse {
			it = rows[len(rows)-1-i]
		}
		if it.ExpiredAt(now) {
			continue
		}
		if size >= table.MaxPage || q.Limit > 0 && len(page.Items) == q.Limit {
			page.More = true
			break
		}
		page.Items = append(page.Items, *it)
		size += it.Size()
	}
	return page, nil
}

// Write implements table.Table.
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := table.Validate(ops); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.judge(ops, now); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	for i := range ops {
		switch ops[i].Kind {
		case table.Put:
			t.put(ops[i].Item)
		case table.Delete:
			t.remove(ops[i].Item.Key)
		}
	}
	t.sweep(now)
	return nil
}

// judge returns a *table.ConditionError for the ops whose condition fails.
func (t *Table) judge(ops []table.Op, now time.Time) error {
	var failed []table.Failed
	for i := range ops {
		existing := t.live(ops[i].Item.Key, now)
		if ops[i].Holds(existing) {
			continue
		}
		f := table.Failed{Op: i}
		if existing != nil {
			it := *existing
			f.Existing = &it
		}
		failed = append(failed, f)
	}
	if failed == nil {
		return nil
	}
	return &table.ConditionError{Failed: failed}
}

// Len returns the number of items held, the expired ones that no write has
// dropped yet included.
func (t *Table) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := 0
	for _, rows := range t.partitions {
		n += len(rows)
	}
	return n
}

// live returns the item under k, nil if there is none or it has expired.
func (t *Table) live(k table.Key, now time.Time) *table.Item {
	rows := t.partitions[k.Partition]
	i, found := find(rows, k.Sort)
	if !found || rows[i].ExpiredAt(now) {
		return nil
	}
	return rows[i]
}

func (t *Table) put(it table.Item) {
	if it.Expires != 0 {
		heap.Push(&t.expiring, expiry{it.Expires, it.Key})
	}
	rows := t.partitions[it.Partition]
	i, found := find(rows, it.Sort)
	if found {
		rows[i] = &it
		return
	}
	rows = append(rows, nil)
	copy(rows[i+1:], rows[i:])
	rows[i] = &it
	t.partitions[it.Partition] = rows
}

func (t *Table) remove(k table.Key) {
	rows := t.partitions[k.Partition]
	i, found := find(rows, k.Sort)
	switch {
	case !found:
	case len(rows) == 1:
		delete(t.partitions, k.Partition)
	default:
		copy(rows[i:], rows[i+1:])
		rows[len(rows)-1] = nil
		t.partitions[k.Partition] = rows[:len(rows)-1]
	}
}

// sweep drops some of the items that have expired.
func (t *Table) sweep(now time.Time) {
	for n := 0; n < sweepPerWrite && len(t.expiring) > 0 && t.expiring[0].at <= now.Unix(); n++ {
		due := heap.Pop(&t.expiring).(expiry)
		rows := t.partitions[due.key.Partition]
		if i, found := find(rows, due.key.Sort); found && rows[i].ExpiredAt(now) {
			t.remove(due.key)
		}
	}
}

// find returns where sort is in rows, or belongs.
func find(rows []*table.Item, key string) (int, bool) {
	// A log grows at its end: look there first.
	if n := len(rows); n > 0 && rows[n-1].Sort < key {
		return n, false
	}
	i := sort.Search(len(rows), func(i int) bool { return rows[i].Sort >= key })
	return i, i < len(rows) && rows[i].Sort == key
}

// within returns the rows with from <= Sort < to; "" leaves an end open.
func within(rows []*table.Item, from, to string) []*table.Item {
	lo, _ := find(rows, from)
	hi := len(rows)
	if to != "" {
		hi, _ = find(rows, to)
	}
	if hi <= lo {
		return nil
	}
	return rows[lo:hi]
}
