package tabletest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"docket/shared/table"
)

func testReadYourWrites(s *suite) {
	k := key("read your writes", "k")
	s.holds([]table.Key{k})
	for v := range uint64(50) {
		it := item(k, v, fmt.Sprint("value ", v))
		s.must(put(it))
		s.holds([]table.Key{k}, it)
		got, _ := s.walk(table.Query{Partition: k.Partition})
		s.same("Query", got, []table.Item{it})
	}
	s.must(remove(k, table.Always, 0))
	s.holds([]table.Key{k})
	s.must(remove(k, table.Always, 0)) // absent is fine
	got, _ := s.walk(table.Query{Partition: k.Partition})
	s.same("Query after Delete", got, nil)
}

func testGetSelects(s *suite) {
	items := numbered("get", 60, 10)
	s.putAll(items)
	s.holds(nil)
	// In the order asked, those absent left out.
	s.holds([]table.Key{items[7].Key, key("get", "none"), items[3].Key, key("none", "000003"), items[59].Key},
		items[7], items[3], items[59])
	var all []table.Key
	for _, it := range reversed(items) {
		all = append(all, it.Key)
	}
	for i := len(all); i < table.MaxGet; i++ {
		all = append(all, key("get", fmt.Sprint("absent ", i)))
	}
	s.holds(all, reversed(items)...)
}

func testExactBytes(s *suite) {
	var every [512]byte
	for i := range every {
		every[i] = byte(i)
	}
	values := []string{"", "\x00", "\xff\xff", string(every[:]), "é\u2028\U0010ffff", strings.Repeat("\x00", 10_000)}
	for i, v := range values {
		it := item(key("bytes", fmt.Sprint(i)), uint64(i), v)
		it.Version = ^uint64(0) - uint64(i)
		it.Expires = s.clock.unix() + int64(time.Hour/time.Second)<<i
		s.must(put(it))
		s.holds([]table.Key{it.Key}, it)
	}
}

// nasty are strings that break an encoding which joins or cuts them.
var nasty = []string{
	"\x00", "\x00\x00", "\x00\x00\x01", "\x00\x01", "\x00\xff", "\x01", "\x01\x00", " ", "#", "/", "//", "0", "00", "1", "10",
	"a", "a\x00", "a\x00\x00", "a\x00a", "a\x00b", "a\x01", "a/", "a/b", "aa", "ab", "a\xff", "a\xff\xff", "b",
	"\n", "'", "\"", "%00", "\\x00", "null", "é", "e\u0301", "É", "ß", "\u2028", "\ufeff", "\U0001f600", "\U0010ffff",
	"\x7f", "\x80", "\xc3", "\xed\xa0\x80", "\xfe", "\xfe\xff", "\xff", "\xff\x00", "\xff\xff", "\xff\xff\xff",
	strings.Repeat("x", table.MaxSort), strings.Repeat("x", table.MaxSort-1), strings.Repeat("\xff", table.MaxSort),
	strings.Repeat("\x00", table.MaxSort), strings.Repeat("\U0001f600", table.MaxSort/4),
}

func testNastyKeys(s *suite) {
	partitions := append(slices.Clone(nasty), strings.Repeat("\xff", table.MaxPartition), strings.Repeat("p", table.MaxPartition))
	sorts := slices.Clone(nasty)
	slices.Sort(sorts)
	stored := make(map[string][]table.Item, len(partitions))
	for i, p := range partitions {
		for j, r := range sorts {
			stored[p] = append(stored[p], item(key(p, r), uint64(i), fmt.Sprint(i, " ", j)))
		}
		s.putAll(stored[p])
	}
	for _, p := range partitions {
		got, _ := s.walk(table.Query{Partition: p, Limit: 7})
		s.same(fmt.Sprintf("partition %.20q", p), got, stored[p])
		got, _ = s.walk(table.Query{Partition: p, Limit: 11, Reverse: true})
		s.same(fmt.Sprintf("partition %.20q in reverse", p), got, reversed(stored[p]))
		s.holds([]table.Key{stored[p][0].Key, stored[p][len(sorts)-1].Key}, stored[p][0], stored[p][len(sorts)-1])
	}
	// Deleting one key must take no neighbour along.
	for i, r := range sorts {
		s.must(remove(key("a", r), table.VersionIs, uint64(slices.Index(partitions, "a"))))
		got, _ := s.walk(table.Query{Partition: "a"})
		s.same(fmt.Sprintf("after Delete of %.20q", r), got, stored["a"][i+1:])
	}
	for _, p := range []string{"a\x00", "a\x00\x00", "aa", "\xff"} {
		got, _ := s.walk(table.Query{Partition: p})
		s.same(fmt.Sprintf("partition %q after Delete of its neighbour", p), got, stored[p])
	}
}

func testQueryRanges(s *suite) {
	const p = "ranges"
	sorts := slices.Clone(nasty)
	slices.Sort(sorts)
	var items []table.Item
	for i, r := range sorts {
		items = append(items, item(key(p, r), uint64(i), ""))
	}
	s.putAll(items)
	s.putAll(numbered("range", 3, 1)) // neighbours that must not show
	s.putAll(numbered("ranges\x00", 3, 1))
	bounds := []string{"", "\x00", "a", "a\x00", "a\x00b", "aa", "b\x00", "m", "x", "\xff", "\xff\xff\xff\xff",
		strings.Repeat("\xff", table.MaxSort) + "\x00"}
	for _, from := range bounds {
		for _, to := range bounds {
			var want []table.Item
			for _, it := range items {
				if it.Sort >= from && (to == "" || it.Sort < to) {
					want = append(want, it)
				}
			}
			got, _ := s.walk(table.Query{Partition: p, From: from, To: to})
			s.same(fmt.Sprintf("from %.10q to %.10q", from, to), got, want)
			got, _ = s.walk(table.Query{Partition: p, From: from, To: to, Reverse: true, Limit: 5})
			s.same(fmt.Sprintf("from %.10q to %.10q in reverse", from, to), got, reversed(want))
		}
	}
	for _, absent := range []string{"r", "rangesx", "range\x00", "s"} {
		got, pages := s.walk(table.Query{Partition: absent})
		s.same("absent partition", got, nil)
		if pages != 1 {
			s.Errorf("an absent partition has %d pages", pages)
		}
	}
}
