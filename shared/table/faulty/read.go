package faulty

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"docket/shared/table"
)

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if err := table.ValidateKeys(keys); err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.begin(&Call{Method: Get, Keys: keys})
	if err := t.failRead(ctx, f); err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	items, err := t.inner.Get(ctx, keys...)
	if err != nil || len(t.torn) == 0 {
		return items, err
	}
	return overlayGet(items, keys, t.hidden()), nil
}

// overlayGet returns the items under keys as they are in p, else as in items.
func overlayGet(items []table.Item, keys []table.Key, p past) []table.Item {
	var out []table.Item
	for _, k := range keys {
		if was, ok := p[k]; ok {
			if was != nil {
				out = append(out, *was)
			}
			continue
		}
		if at := slices.IndexFunc(items, func(it table.Item) bool { return it.Key == k }); at >= 0 {
			out = append(out, items[at])
		}
	}
	return out
}

// failRead is fail; a read whose answer is lost is one that was not done.
func (t *Table) failRead(ctx context.Context, f Fault) error {
	switch f {
	case After:
		return fmt.Errorf("%w: injected: %s", table.ErrUnavailable, f)
	case Timeout:
		return t.timedOut(ctx)
	default:
		return t.fail(ctx, f)
	}
}

// Query implements table.Table.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := q.Validate(); err != nil {
		return table.Page{}, fmt.Errorf("query: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.begin(&Call{Method: Query, Query: q})
	if err := t.failRead(ctx, f); err != nil {
		return table.Page{}, fmt.Errorf("query: %w", err)
	}
	p := t.hidden()
	if f == Stale && len(t.history) > 0 {
		p = t.ago(1 + t.rand.IntN(len(t.history)))
	}
	page, err := t.queryPast(ctx, q, p)
	if err == nil && f == Short {
		page = t.cut(page)
	}
	return page, err
}

// cut returns the beginning of page, which says that there is more.
func (t *Table) cut(page table.Page) table.Page {
	if len(page.Items) > 0 {
		page.Items, page.More = page.Items[:1+t.rand.IntN(len(page.Items))], true
	}
	return page
}

// queryPast answers q with p in place of the present.
func (t *Table) queryPast(ctx context.Context, q table.Query, p past) (table.Page, error) {
	var shown []table.Item
	touched := false
	for k, was := range p {
		if k.Partition != q.Partition || k.Sort < q.From || q.To != "" && k.Sort >= q.To {
			continue
		}
		touched = true
		if was != nil {
			shown = append(shown, *was)
		}
	}
	if !touched {
		return t.inner.Query(ctx, q)
	}
	present, err := t.wholeRange(ctx, q)
	if err != nil {
		return table.Page{}, err
	}
	for _, it := range present {
		if _, gone := p[it.Key]; !gone {
			shown = append(shown, it)
		}
	}
	slices.SortFunc(shown, func(a, b table.Item) int {
		if q.Reverse {
			a, b = b, a
		}
		return strings.Compare(a.Sort, b.Sort)
	})
	return pageOf(shown, q.Limit), nil
}

// wholeRange returns all items of q's range.
func (t *Table) wholeRange(ctx context.Context, q table.Query) ([]table.Item, error) {
	q.Reverse, q.Limit = false, 0
	var all []table.Item
	for {
		page, err := t.inner.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if !page.More {
			return all, nil
		}
		q.From = all[len(all)-1].Sort + "\x00"
	}
}

// pageOf returns the first page of items, which are in the order asked for.
func pageOf(items []table.Item, limit int) table.Page {
	size := 0
	for i := range items {
		if size >= table.MaxPage || limit > 0 && i == limit {
			return table.Page{Items: items[:i], More: true}
		}
		size += items[i].Size()
	}
	return table.Page{Items: items}
}
