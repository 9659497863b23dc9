package ledger

import (
	"bytes"
	"testing"

	"docket/shared/activity"
	"docket/shared/table"
)

// FuzzItem: what reads as a log item is what stamp writes for it.
func FuzzItem(f *testing.F) {
	tbl := newTable()
	l := open(f, tbl)
	l.maxItem = 2 << 10
	mustAppend(f, l, batchOf("a", 3))
	mustAppend(f, l, spread("b", 4))
	for _, it := range items(f, tbl, partition(0)) {
		f.Add([]byte(it.Sort), it.Value)
	}
	f.Fuzz(func(t *testing.T, sort, value []byte) {
		it := table.Item{Key: table.Key{Partition: partition(0), Sort: string(sort)}, Value: value}
		p, _, err := readItem(&it)
		if err != nil {
			return
		}
		again := bytes.Clone(value)
		p.stamp(again)
		if !bytes.Equal(again, value) || logKey(p.shard, p.first) != it.Key || p.n == 0 {
			t.Errorf("%+v is read of other bytes", p)
		}
	})
}

// FuzzRoot: what reads as a root is what item writes for it.
func FuzzRoot(f *testing.F) {
	seeds := []*root{
		{epoch: 1, shards: 1, ridKey: 1},
		{epoch: 1 << 63, shards: 64, ridKey: 9, past: []past{{7, Vector{1, 2, 3}}, {8, nil}}},
	}
	for _, r := range seeds {
		f.Add(r.item().Value)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		it := table.Item{Key: rootKey(), Value: value}
		if r, err := readRoot(&it); err == nil && !bytes.Equal(r.item().Value, value) {
			t.Errorf("%+v is read of other bytes", r)
		}
	})
}

// FuzzLocate: no text is located but the RIDs of positions.
func FuzzLocate(f *testing.F) {
	tbl := newTable()
	l := open(f, tbl)
	mustAppend(f, l, batchOf("a", 3))
	p, err := l.Load(f.Context(), 0, 0)
	if err != nil {
		f.Fatal(err)
	}
	for row := range 3 {
		rid := l.RID(p, row)
		f.Add(rid[:])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) != activity.RIDLen {
			return
		}
		s, at, ok := l.Locate(activity.RID(text))
		if !ok {
			return
		}
		p.Shard, p.First = s, at
		if want := l.RID(p, 0); !bytes.EqualFold(want[ridTime:], text[ridTime:]) {
			t.Errorf("%q is located at %d/%d, which is %s", text, s, at, want)
		}
	})
}
