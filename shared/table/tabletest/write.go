package tabletest

import (
	"errors"
	"fmt"
	"time"

	"docket/shared/table"
)

func testConditions(s *suite) {
	tests := []struct {
		name    string
		stored  *uint64 // the version there, nil if none
		c       table.Condition
		version uint64
		holds   bool
	}{
		{"always on nothing", nil, table.Always, 0, true},
		{"always on an item", ref(3), table.Always, 9, true},
		{"absent on nothing", nil, table.Absent, 0, true},
		{"absent on an item", ref(0), table.Absent, 0, false},
		{"present on nothing", nil, table.Present, 0, false},
		{"present on an item", ref(0), table.Present, 0, true},
		{"version on nothing", nil, table.VersionIs, 0, false},
		{"version 0 on 0", ref(0), table.VersionIs, 0, true},
		{"version on equal", ref(7), table.VersionIs, 7, true},
		{"version on greater", ref(8), table.VersionIs, 7, false},
		{"version on less", ref(6), table.VersionIs, 7, false},
		{"greatest version", ref(^uint64(0)), table.VersionIs, ^uint64(0), true},
		{"versions that differ above 53 bits", ref(1<<60 + 1), table.VersionIs, 1 << 60, false},
	}
	for i, tt := range tests {
		for _, kind := range []table.Kind{table.Put, table.Delete, table.Check} {
			if kind == table.Check && tt.c == table.Always {
				continue
			}
			k := key("conditions", fmt.Sprint(i, " ", kind))
			var before []table.Item
			if tt.stored != nil {
				before = []table.Item{item(k, *tt.stored, "before")}
				s.must(put(before[0]))
			}
			after := item(k, 99, "after")
			err := s.write(table.Op{Kind: kind, Item: after, If: tt.c, IfVersion: tt.version})
			want := before
			switch {
			case !tt.holds:
				s.failed(err, map[int][]table.Item{0: before})
			case err != nil:
				s.Errorf("%s, kind %d: %v", tt.name, kind, err)
			case kind == table.Put:
				want = []table.Item{after}
			case kind == table.Delete:
				want = nil
			}
			s.holds([]table.Key{k}, want...)
		}
	}
}

func ref(v uint64) *uint64 { return &v }

// failed checks that err is a ConditionError for exactly the ops of want, with
// the item there, if any, as Existing.
func (s *suite) failed(err error, want map[int][]table.Item) {
	s.Helper()
	var ce *table.ConditionError
	if !errors.As(err, &ce) {
		s.Fatalf("error %v, want a failed condition", err)
	}
	if len(ce.Failed) != len(want) {
		s.Fatalf("%d failed ops %+v, want %d", len(ce.Failed), ce.Failed, len(want))
	}
	last := -1
	for _, f := range ce.Failed {
		existing, ok := want[f.Op]
		if !ok || f.Op <= last {
			s.Fatalf("failed op %d is not expected here", f.Op)
		}
		last = f.Op
		var got []table.Item
		if f.Existing != nil {
			got = []table.Item{*f.Existing}
		}
		s.same(fmt.Sprintf("existing item of op %d", f.Op), got, existing)
	}
}

func testTransactions(s *suite) {
	a, b, c := key("tx one", "a"), key("tx two", "b"), key("tx one", "c")
	s.must(put(item(a, 1, "a1")), put(item(b, 1, "b1")), putIf(item(c, 1, "c1"), table.Absent, 0))
	all := []table.Key{a, b, c}
	s.holds(all, item(a, 1, "a1"), item(b, 1, "b1"), item(c, 1, "c1"))

	// One failing condition, wherever it stands and whatever op bears it, and
	// nothing happens.
	good := []table.Op{put(item(a, 2, "a2")), remove(b, table.VersionIs, 1), putIf(item(c, 2, "c2"), table.Present, 0)}
	for at := range good {
		for _, bad := range []table.Op{
			putIf(good[at].Item, table.Absent, 0), remove(good[at].Item.Key, table.VersionIs, 5), check(good[at].Item.Key, table.Absent, 0),
		} {
			ops := append([]table.Op(nil), good...)
			ops[at] = bad
			err := s.write(ops...)
			s.failed(err, map[int][]table.Item{at: s.get(all[at])})
			s.holds(all, item(a, 1, "a1"), item(b, 1, "b1"), item(c, 1, "c1"))
		}
	}
	s.must(good...)
	s.holds(all, item(a, 2, "a2"), item(c, 2, "c2"))

	// A check holds others to a state that it leaves alone.
	s.must(check(a, table.VersionIs, 2), check(b, table.Absent, 0), put(item(c, 3, "c3")))
	s.holds(all, item(a, 2, "a2"), item(c, 3, "c3"))

	// As many ops as there may be, in many partitions.
	var ops []table.Op
	for i := range table.MaxOps {
		ops = append(ops, putIf(item(key(fmt.Sprint("tx many ", i%10), fmt.Sprint(i)), uint64(i), "x"), table.Absent, 0))
	}
	s.must(ops...)
	for i := range ops {
		s.holds([]table.Key{ops[i].Item.Key}, ops[i].Item)
	}
}

func testAllFailuresReported(s *suite) {
	there := numbered("failures", 5, 10)
	s.putAll(there)
	none := key("failures", "none")
	fresh := key("failures", "fresh")
	err := s.write(
		putIf(item(there[0].Key, 9, "new"), table.Absent, 0), // fails
		put(item(fresh, 1, "fresh")),
		putIf(item(there[1].Key, 9, "new"), table.VersionIs, 1), // holds
		check(there[2].Key, table.VersionIs, 77),                // fails
		remove(none, table.Present, 0),                          // fails, nothing there
		check(there[3].Key, table.Present, 0),                   // holds
		remove(there[4].Key, table.VersionIs, 0),                // fails
	)
	s.failed(err, map[int][]table.Item{0: there[0:1], 3: there[2:3], 4: nil, 6: there[4:5]})
	got, _ := s.walk(table.Query{Partition: "failures"})
	s.same("after the failure", got, there)
}

func testExpiry(s *suite) {
	k := key("expiry", "k")
	it := item(k, 4, "soon gone")
	it.Expires = s.clock.unix() + 10
	s.must(put(it))
	s.holds([]table.Key{k}, it)
	s.clock.advance(9 * time.Second)
	s.holds([]table.Key{k}, it)
	s.failed(s.write(putIf(it, table.Absent, 0)), map[int][]table.Item{0: {it}})
	s.clock.advance(time.Second) // Expires is the first second of its absence
	s.holds([]table.Key{k})
	got, _ := s.walk(table.Query{Partition: "expiry"})
	s.same("Query", got, nil)
	for _, op := range []table.Op{
		check(k, table.Present, 0), check(k, table.VersionIs, 4), remove(k, table.Present, 0), putIf(it, table.VersionIs, 4),
	} {
		s.failed(s.write(op), map[int][]table.Item{0: nil})
	}
	s.must(check(k, table.Absent, 0))
	s.must(remove(k, table.Absent, 0)) // deleting what has expired is fine
	again := item(k, 5, "back")
	s.must(putIf(again, table.Absent, 0))
	s.holds([]table.Key{k}, again)
	s.clock.advance(1000 * time.Hour)
	s.holds([]table.Key{k}, again)

	// An item may be born expired, and an expiry may be put off or taken away.
	dead := item(key("expiry", "dead"), 1, "x")
	dead.Expires = s.clock.unix()
	s.must(put(dead))
	s.holds([]table.Key{dead.Key})
	later := item(key("expiry", "later"), 1, "x")
	later.Expires = s.clock.unix() + 5
	s.must(put(later))
	later.Expires += 10
	s.must(put(later))
	s.clock.advance(12 * time.Second)
	s.must(put(item(key("expiry", "other"), 1, "x")))
	s.holds([]table.Key{later.Key}, later)
	later.Expires = 0
	s.must(put(later))
	s.clock.advance(1000 * time.Hour)
	s.must(put(item(key("expiry", "other"), 2, "x")))
	s.holds([]table.Key{later.Key}, later)
}

// testExpiredInQueries has far more expired items than live ones: pages must
// neither be empty nor short because of them.
func testExpiredInQueries(s *suite) {
	const p = "expired in queries"
	items := numbered(p, 500, 5)
	var live []table.Item
	for i := range items {
		if i%100 == 50 {
			live = append(live, items[i])
		} else {
			items[i].Expires = s.clock.unix() + 1 + int64(i%3)
		}
	}
	s.putAll(items)
	s.clock.advance(5 * time.Second)
	for _, reverse := range []bool{false, true} {
		want := live
		if reverse {
			want = reversed(live)
		}
		for _, limit := range []int{0, 1, 2, 5, 6} {
			got, pages := s.walk(table.Query{Partition: p, Limit: limit, Reverse: reverse})
			s.same(fmt.Sprintf("limit %d reverse %t", limit, reverse), got, want)
			if limit > 0 && pages > (len(live)+limit-1)/limit+1 {
				s.Errorf("%d pages of limit %d for %d items", pages, limit, len(live))
			}
		}
	}
}
