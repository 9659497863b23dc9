package tabletest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"docket/shared/table"
)

func key(partition, sort string) table.Key { return table.Key{Partition: partition, Sort: sort} }

func item(k table.Key, version uint64, value string) table.Item {
	return table.Item{Key: k, Version: version, Value: []byte(value)}
}

func put(it table.Item) table.Op { return table.Op{Item: it} }

func putIf(it table.Item, c table.Condition, version uint64) table.Op {
	return table.Op{Item: it, If: c, IfVersion: version}
}

func remove(k table.Key, c table.Condition, version uint64) table.Op {
	return table.Op{Kind: table.Delete, Item: table.Item{Key: k}, If: c, IfVersion: version}
}

func check(k table.Key, c table.Condition, version uint64) table.Op {
	return table.Op{Kind: table.Check, Item: table.Item{Key: k}, If: c, IfVersion: version}
}

// numbered returns n items of partition in order, size bytes of value each.
func numbered(partition string, n, size int) []table.Item {
	items := make([]table.Item, n)
	for i := range items {
		items[i] = item(key(partition, fmt.Sprintf("%06d", i)), uint64(i), strings.Repeat(string(rune('a'+i%26)), size))
	}
	return items
}

// putAll stores items in transactions as large as they may be.
func (s *suite) putAll(items []table.Item) {
	s.Helper()
	var ops []table.Op
	size := 0
	for _, it := range items {
		if len(ops) == table.MaxOps || size+it.Size() > table.MaxWriteBytes {
			s.must(ops...)
			ops, size = nil, 0
		}
		ops, size = append(ops, put(it)), size+it.Size()
	}
	s.must(ops...)
}

// equal compares items; no value and an empty one are the same.
func equal(a, b table.Item) bool {
	return a.Key == b.Key && a.Version == b.Version && a.Expires == b.Expires && bytes.Equal(a.Value, b.Value)
}

func reversed(items []table.Item) []table.Item {
	out := slices.Clone(items)
	slices.Reverse(out)
	return out
}

// shown is items for a failure message, cut to what a person can read.
func shown(items []table.Item) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range items {
		if i == 10 {
			b.WriteString(" …")
			break
		}
		it := &items[i]
		fmt.Fprintf(&b, " %s v%d expires %d %d bytes %.20q", it.Key, it.Version, it.Expires, len(it.Value), it.Value)
	}
	b.WriteString(" ]")
	return b.String()
}
