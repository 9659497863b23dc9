package access

import (
	"context"
	"encoding/json"
	"fmt"

	"docket/shared/table"
)

// LogEntry is an edit in the change log.
type LogEntry struct {
	Version uint64   `json:"version"` // of the directory after it
	When    int64    `json:"when"`    // Unix seconds by the editor's clock
	By      string   `json:"by"`
	Changes []Change `json:"changes"`
}

const (
	// MaxLogBytes bounds the changes of one edit as the log has them: some 30,000
	// accounts. It keeps the last transaction of an edit within a table's limits.
	MaxLogBytes = 3 << 20
	// logPartBytes is where an entry is cut into several items.
	logPartBytes = 256 << 10
	// MaxLogPage is the most entries of one call of Log.
	MaxLogPage = 1000
)

// logItem is the stored form of an entry, or of a part of it.
type logItem struct {
	Token string `json:"token"`
	LogEntry
}

func logKey(version uint64, part int) table.Key {
	return table.Key{Partition: logPartition, Sort: fmt.Sprintf("%016x.%04x", version, part)}
}

// logItems cuts an entry into items.
func logItems(e LogEntry, token string) ([]table.Item, error) {
	var items []table.Item
	total, bytes := 0, 0
	part := logItem{Token: token, LogEntry: e}
	part.Changes = nil
	flush := func() error {
		value, err := json.Marshal(part)
		if err != nil {
			return fmt.Errorf("encode log entry: %w", err)
		}
		items = append(items, table.Item{Key: logKey(e.Version, len(items)), Value: value, Version: e.Version})
		part.Changes, bytes = nil, 0
		return nil
	}
	for _, c := range splitChanges(e.Changes) {
		raw, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("encode change: %w", err)
		}
		n := len(raw) + 1
		if total += n; total > MaxLogBytes {
			return nil, &refusal{ErrTooMuch, fmt.Sprintf("%d changes are too many to be made and recorded at a time: do it in parts", len(e.Changes))}
		}
		if bytes+n > logPartBytes && len(part.Changes) > 0 {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		part.Changes = append(part.Changes, c)
		bytes += n
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return items, nil
}

// splitChanges cuts changes with very many details, so that each fits a part.
func splitChanges(list []Change) []Change {
	const enough = 500 // details, of at most some hundred bytes
	var split []Change
	for _, c := range list {
		for len(c.Details) > enough {
			head := c
			head.Details = c.Details[:enough]
			split = append(split, head)
			c.Details = c.Details[enough:]
		}
		split = append(split, c)
	}
	return split
}

func parseLogItem(it *table.Item) (logItem, error) {
	var l logItem
	if err := json.Unmarshal(it.Value, &l); err != nil || l.Version == 0 {
		return logItem{}, fmt.Errorf("%w: log item %s", ErrDamaged, it.Sort)
	}
	return l, nil
}

// Log returns up to limit entries of the change log, the newest first, of
// versions below before; 0 is from the newest on. limit is 1 to MaxLogPage.
func (d *Directory) Log(ctx context.Context, before uint64, limit int) ([]LogEntry, error) {
	limit = min(max(limit, 1), MaxLogPage)
	q := table.Query{Partition: logPartition, Reverse: true}
	if before > 0 {
		q.To = logKey(before, 0).Sort
	}
	var list []LogEntry
	for {
		page, err := d.table.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read change log: %w", err)
		}
		for i := range page.Items {
			l, err := parseLogItem(&page.Items[i])
			if err != nil {
				return nil, err
			}
			if n := len(list); n > 0 && list[n-1].Version == l.Version { // an earlier part
				list[n-1].Changes = append(l.Changes, list[n-1].Changes...)
				continue
			}
			if len(list) == limit {
				return list, nil
			}
			list = append(list, l.LogEntry)
		}
		if !page.More {
			return list, nil
		}
		q.To = page.Items[len(page.Items)-1].Sort
	}
}
