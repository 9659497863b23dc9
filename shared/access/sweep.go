package access

import (
	"context"

	"docket/shared/table"
)

// sweepAge is how old content that no index names must be to be removed, in
// seconds: far more than an edit takes, also by clocks that are a day apart.
const sweepAge = 48 * 3600

// sweep removes what the edit has replaced, and what edits that never ended have
// left. The edit is done by then and stays so whatever happens here: what cannot
// be removed now, the sweep of the next large edit finds.
func (c *commit) sweep(ctx context.Context) {
	garbage := c.removals()
	used := map[string]bool{indexName(c.next.Token): true}
	for _, l := range c.next.tree {
		used[l.name] = true
	}
	for _, l := range c.gone {
		used[l.name] = true // in garbage already
	}
	q := table.Query{Partition: contentPartition}
	for {
		page, err := c.table.Query(ctx, q)
		if err != nil {
			break
		}
		for _, it := range page.Items {
			if !used[it.Sort] && it.Version+sweepAge < uint64(max(c.now, 0)) {
				garbage = append(garbage, table.Op{Kind: table.Delete, Item: table.Item{Key: it.Key}})
			}
		}
		if !page.More {
			break
		}
		q.From = page.Items[len(page.Items)-1].Sort + "\x00"
	}
	for len(garbage) > 0 {
		n := min(len(garbage), commitOps)
		if c.send(ctx, garbage[:n]) != nil {
			return
		}
		garbage = garbage[n:]
	}
}
