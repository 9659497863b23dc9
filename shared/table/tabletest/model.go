package tabletest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"docket/shared/table"
	"docket/shared/table/memory"
)

// testModel does random operations on the table under test and on a plain one:
// every answer must be the same.
func testModel(s *suite) {
	var world atomic.Int64 // each run has partitions of its own
	rapid.Check(s.T, func(t *rapid.T) {
		m := &model{
			T: t, suite: s, plain: memory.New(s.clock.Now),
			prefix: fmt.Sprintf("model %d/", world.Add(1)),
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": m.write,
			"get":   m.get,
			"query": m.query,
			"wait":  func(t *rapid.T) { s.clock.advance(time.Duration(rapid.IntRange(1, 5).Draw(t, "s")) * time.Second) },
		})
		for _, p := range modelPartitions {
			m.walkBoth(t, table.Query{Partition: m.prefix + p})
		}
	})
}

// The keys are few, so that operations meet, and each is near another.
var (
	modelPartitions = []string{"a", "a\x00", "\xff"}
	modelSorts      = []string{"\x00", "a", "a\x00", "a\x00\x00", "ab", "b", "\xff", "\xff\xff"}
)

type model struct {
	*rapid.T
	suite  *suite
	plain  *memory.Table
	prefix string
}

func (m *model) drawKey(t *rapid.T) table.Key {
	return key(m.prefix+rapid.SampledFrom(modelPartitions).Draw(t, "partition"), rapid.SampledFrom(modelSorts).Draw(t, "sort"))
}

func (m *model) drawKeys(t *rapid.T, most int) []table.Key {
	var keys []table.Key
	seen := make(map[table.Key]bool)
	for range rapid.IntRange(1, most).Draw(t, "keys") {
		if k := m.drawKey(t); !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

func (m *model) drawOp(t *rapid.T, k table.Key) table.Op {
	op := table.Op{
		Kind:      rapid.SampledFrom([]table.Kind{table.Put, table.Put, table.Put, table.Delete, table.Check}).Draw(t, "kind"),
		If:        table.Condition(rapid.IntRange(0, int(table.Present)).Draw(t, "if")),
		IfVersion: uint64(rapid.IntRange(0, 2).Draw(t, "if version")),
		Item:      item(k, uint64(rapid.IntRange(0, 2).Draw(t, "version")), rapid.StringN(0, 8, -1).Draw(t, "value")),
	}
	if rapid.IntRange(0, 2).Draw(t, "expires?") == 0 {
		op.Item.Expires = m.suite.clock.unix() + int64(rapid.IntRange(-1, 6).Draw(t, "expires in"))
	}
	if op.Kind == table.Check && op.If == table.Always {
		op.If = table.Absent
	}
	return op
}

func (m *model) write(t *rapid.T) {
	var ops []table.Op
	for _, k := range m.drawKeys(t, 4) {
		ops = append(ops, m.drawOp(t, k))
	}
	got, want := m.suite.write(ops...), m.plain.Write(m.suite.ctx, ops...)
	var gotCE, wantCE *table.ConditionError
	errors.As(want, &wantCE)
	if !errors.As(got, &gotCE) {
		if got != nil || wantCE != nil {
			t.Fatalf("Write: error %v, want %v", got, want)
		}
		return
	}
	if wantCE == nil || len(gotCE.Failed) != len(wantCE.Failed) {
		t.Fatalf("Write: error %v, want %v", got, want)
	}
	for i, f := range gotCE.Failed {
		w := wantCE.Failed[i]
		same := f.Op == w.Op && (f.Existing == nil) == (w.Existing == nil)
		if !same || f.Existing != nil && !equal(*f.Existing, *w.Existing) {
			t.Fatalf("Write: failed %d is %+v, want %+v", i, f, w)
		}
	}
}

func (m *model) get(t *rapid.T) {
	keys := m.drawKeys(t, 6)
	got, err := m.suite.tbl.Get(m.suite.ctx, keys...)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	want, err := m.plain.Get(m.suite.ctx, keys...)
	if err != nil {
		t.Fatalf("Get of the model: %v", err)
	}
	compareItems(t, got, want)
}

func (m *model) query(t *rapid.T) {
	bounds := append([]string{""}, modelSorts...)
	m.walkBoth(t, table.Query{
		Partition: m.prefix + rapid.SampledFrom(modelPartitions).Draw(t, "partition"),
		From:      rapid.SampledFrom(bounds).Draw(t, "from"),
		To:        rapid.SampledFrom(bounds).Draw(t, "to"),
		Reverse:   rapid.Bool().Draw(t, "reverse"),
		Limit:     rapid.IntRange(0, 4).Draw(t, "limit"),
	})
}

// walkBoth compares q to its end: the items, not the page boundaries.
func (m *model) walkBoth(t *rapid.T, q table.Query) {
	compareItems(t, m.walkTable(t, m.suite.tbl, q), m.walkTable(t, m.plain, q))
}

func (m *model) walkTable(t *rapid.T, tbl table.Table, q table.Query) []table.Item {
	var items []table.Item
	for {
		page, err := tbl.Query(m.suite.ctx, q)
		if err == nil {
			err = pageError(q, page)
		}
		if err != nil {
			t.Fatalf("Query %+v: %v", q, err)
		}
		items = append(items, page.Items...)
		if !page.More {
			return items
		}
		q = next(q, page)
	}
}

func compareItems(t *rapid.T, got, want []table.Item) {
	if len(got) != len(want) {
		t.Fatalf("%d items %s, want %d items %s", len(got), shown(got), len(want), shown(want))
	}
	for i := range got {
		if !equal(got[i], want[i]) {
			t.Fatalf("item %d is %s, want %s", i, shown(got[i:i+1]), shown(want[i:i+1]))
		}
	}
}
