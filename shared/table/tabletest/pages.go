package tabletest

import (
	"fmt"
	"slices"
	"sync"

	"docket/shared/table"
)

func testQueryPages(s *suite) {
	const n = 120
	items := numbered("pages", n, 20)
	s.putAll(items)
	for _, limit := range []int{0, 1, 2, 3, 7, n - 1, n, n + 1, 10 * n} {
		for _, reverse := range []bool{false, true} {
			q := table.Query{Partition: "pages", Limit: limit, Reverse: reverse}
			want := items
			if reverse {
				want = reversed(items)
			}
			got, pages := s.walk(q)
			s.same(fmt.Sprintf("limit %d reverse %t", limit, reverse), got, want)
			// The longest run that fits: full pages, and perhaps an empty one
			// to learn that the last was the last.
			if limit > 0 && pages > (n+limit-1)/limit+1 {
				s.Errorf("%d pages of limit %d for %d items", pages, limit, n)
			}
		}
	}
	// Values may share memory, but not so that an append to one reaches another.
	all, _ := s.walk(table.Query{Partition: "pages"})
	for i := range all {
		_ = append(all[i].Value, "overflow"...)
	}
	s.same("after appends to the values", all, items)

	last, err := s.tbl.Query(s.ctx, table.Query{Partition: "pages", Reverse: true, Limit: 1})
	if err != nil {
		s.Fatal(err)
	}
	s.same("last item", last.Items, items[n-1:])
}

func testQueryBytes(s *suite) {
	for _, size := range []int{100 << 10, 380 << 10, 3000} {
		n := 5 * table.MaxPage / 2 / size
		partition := fmt.Sprint("bytes ", size)
		items := numbered(partition, n, size)
		s.putAll(items)
		for _, reverse := range []bool{false, true} {
			want := items
			if reverse {
				want = reversed(items)
			}
			got, pages := s.walk(table.Query{Partition: partition, Reverse: reverse})
			s.same(fmt.Sprintf("%d items of %d bytes", n, size), got, want)
			if pages < 2 {
				s.Errorf("%d items of %d bytes came in %d page", n, size, pages)
			}
		}
	}
}

// testQueryUnderChange walks a partition while other items come and go in it:
// a walk must show every item that is there all the time, once and in order.
func testQueryUnderChange(s *suite) {
	const p = "under change"
	var fixed []table.Item
	for i := range 150 {
		fixed = append(fixed, item(key(p, fmt.Sprintf("%04d fixed", i)), 1, "fixed"))
	}
	s.putAll(fixed)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	for w := range 2 {
		wg.Go(func() { s.churn(p, w, stop) })
	}
	for round := range 40 {
		q := table.Query{Partition: p, Limit: 1 + round%17, Reverse: round%2 == 1}
		got, _ := s.walk(q)
		if !slices.IsSortedFunc(got, func(a, b table.Item) int { return compare(a, b, q.Reverse) }) {
			s.Fatalf("round %d: pages overlap or are out of order", round)
		}
		got = slices.DeleteFunc(got, func(it table.Item) bool { return it.Version != 1 })
		want := fixed
		if q.Reverse {
			want = reversed(fixed)
		}
		s.same(fmt.Sprintf("round %d", round), got, want)
	}
}

func compare(a, b table.Item, reverse bool) int {
	switch {
	case a.Sort == b.Sort:
		return 1 // an item twice is not in order
	case (a.Sort < b.Sort) != reverse:
		return -1
	default:
		return 1
	}
}

// churn puts and deletes items between the fixed ones until stop is closed.
func (s *suite) churn(p string, w int, stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		k := key(p, fmt.Sprintf("%04d moving %d", i*7%150, w))
		if err := s.write(put(item(k, 2, "moving"))); err != nil {
			s.Errorf("put: %v", err)
			return
		}
		if i%3 == 0 {
			continue
		}
		if err := s.write(remove(k, table.Always, 0)); err != nil {
			s.Errorf("delete: %v", err)
			return
		}
	}
}
