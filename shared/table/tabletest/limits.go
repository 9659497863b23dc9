package tabletest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"docket/shared/table"
)

func testSizes(s *suite) {
	k := key("sizes", "k")
	room := table.MaxItem - len(k.Partition) - len(k.Sort)
	largest := item(k, 1, strings.Repeat("v", room))
	s.must(put(largest))
	s.holds([]table.Key{k}, largest)

	for name, ops := range map[string][]table.Op{
		"an item one byte too large": {put(item(k, 2, strings.Repeat("w", room+1)))},
		"with small ones":            {put(item(key("sizes", "small"), 1, "x")), put(item(k, 2, strings.Repeat("w", room+1)))},
		"a transaction too large":    transaction("sizes", table.MaxWriteBytes+1),
	} {
		if err := s.write(ops...); !errors.Is(err, table.ErrTooLarge) {
			s.Errorf("%s: error %v, want %v", name, err, table.ErrTooLarge)
		}
	}
	got, _ := s.walk(table.Query{Partition: "sizes"})
	s.same("after what was too large", got, []table.Item{largest})

	ops := transaction("sizes whole", table.MaxWriteBytes)
	s.must(ops...)
	var keys []table.Key
	var want []table.Item
	for _, op := range ops {
		keys, want = append(keys, op.Item.Key), append(want, op.Item)
	}
	s.holds(keys, want...)

	// The value of a Delete or Check is not sent and may be anything.
	huge := item(key("sizes", "absent"), 1, strings.Repeat("v", table.MaxItem))
	s.must(table.Op{Kind: table.Delete, Item: huge}, table.Op{Kind: table.Check, Item: largest, If: table.Present})
}

// transaction returns puts of size bytes in all.
func transaction(partition string, size int) []table.Op {
	const n = 16
	var ops []table.Op
	for i := range n {
		k := key(partition, fmt.Sprintf("part %02d", i))
		bytes := size / n
		if i == 0 {
			bytes += size % n
		}
		ops = append(ops, put(item(k, 1, strings.Repeat("t", bytes-len(k.Partition)-len(k.Sort)))))
	}
	return ops
}

func testInvalid(s *suite) {
	good := item(key("invalid", "good"), 1, "x")
	long, longSort := strings.Repeat("p", table.MaxPartition+1), strings.Repeat("s", table.MaxSort+1)
	tooMany := make([]table.Op, table.MaxOps+1)
	keys := make([]table.Key, table.MaxGet+1)
	for i := range tooMany {
		tooMany[i] = put(item(key("invalid", fmt.Sprint("many ", i)), 1, "x"))
		keys[i] = tooMany[i].Item.Key
	}
	expired := item(key("invalid", "expired"), 1, "x")
	expired.Expires = -1
	for name, ops := range map[string][]table.Op{
		"no ops":                    {},
		"too many ops":              tooMany,
		"no partition":              {put(good), put(item(key("", "s"), 1, "x"))},
		"no sort":                   {put(good), put(item(key("p", ""), 1, "x"))},
		"long partition":            {put(good), put(item(key(long, "s"), 1, "x"))},
		"long sort":                 {put(good), remove(key("p", longSort), table.Always, 0)},
		"a key twice":               {put(good), remove(good.Key, table.Always, 0)},
		"unknown kind":              {put(good), {Kind: table.Check + 1, Item: expired}},
		"unknown condition":         {put(good), {If: table.Present + 1, Item: item(key("p", "s"), 1, "x")}},
		"a check without condition": {put(good), check(key("p", "s"), table.Always, 0)},
		"a negative expiry":         {put(good), put(expired)},
	} {
		if err := s.write(ops...); !errors.Is(err, table.ErrInvalid) {
			s.Errorf("Write, %s: error %v, want %v", name, err, table.ErrInvalid)
		}
	}
	for name, ks := range map[string][]table.Key{
		"too many keys": keys, "no partition": {key("", "s")}, "no sort": {good.Key, key("p", "")},
		"long partition": {key(long, "s")}, "long sort": {key("p", longSort)}, "a key twice": {good.Key, key("p", "s"), good.Key},
	} {
		if items, err := s.tbl.Get(s.ctx, ks...); !errors.Is(err, table.ErrInvalid) || len(items) > 0 {
			s.Errorf("Get, %s: %d items, error %v, want %v", name, len(items), err, table.ErrInvalid)
		}
	}
	for name, q := range map[string]table.Query{
		"no partition": {}, "long partition": {Partition: long}, "negative limit": {Partition: "p", Limit: -1},
		"long from": {Partition: "p", From: longSort + "x"}, "long to": {Partition: "p", To: longSort + "x"},
	} {
		if _, err := s.tbl.Query(s.ctx, q); !errors.Is(err, table.ErrInvalid) {
			s.Errorf("Query, %s: error %v, want %v", name, err, table.ErrInvalid)
		}
	}
	s.holds([]table.Key{good.Key, keys[0]})
}

// testContextDone asks with a context that is over: an error of a known kind,
// and reads later work as ever.
func testContextDone(s *suite) {
	it := item(key("context", "k"), 1, "x")
	s.must(put(it))
	done, cancel := context.WithCancel(s.ctx)
	cancel()
	known := func(what string, err error) {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, table.ErrUnavailable) {
			s.Errorf("%s: error %v, want the context's or %v", what, err, table.ErrUnavailable)
		}
	}
	_, err := s.tbl.Get(done, it.Key)
	known("Get", err)
	_, err = s.tbl.Query(done, table.Query{Partition: "context"})
	known("Query", err)
	known("Write", s.tbl.Write(done, put(item(key("context", "other"), 1, "x"))))
	s.holds([]table.Key{it.Key}, it)
}
