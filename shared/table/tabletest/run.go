package tabletest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/table"
)

// Open makes the table under test, closed by t.Cleanup. now tells it which
// items have expired.
type Open func(t *testing.T, now func() time.Time) table.Table

// Run runs the suite on the tables that open makes.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) table.Table) {
	parts := []struct {
		name string
		test func(*suite)
	}{
		{"ReadYourWrites", testReadYourWrites},
		{"GetSelects", testGetSelects},
		{"ExactBytes", testExactBytes},
		{"NastyKeys", testNastyKeys},
		{"QueryRanges", testQueryRanges},
		{"QueryPages", testQueryPages},
		{"QueryBytes", testQueryBytes},
		{"QueryUnderChange", testQueryUnderChange},
		{"Conditions", testConditions},
		{"Transactions", testTransactions},
		{"AllFailuresReported", testAllFailuresReported},
		{"Expiry", testExpiry},
		{"ExpiredInQueries", testExpiredInQueries},
		{"Sizes", testSizes},
		{"Invalid", testInvalid},
		{"ContextDone", testContextDone},
		{"Increments", testIncrements},
		{"OneWinner", testOneWinner},
		{"Transfers", testTransfers},
		{"ReadersAndWriters", testReadersAndWriters},
		{"Model", testModel},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			c := newClock()
			p.test(&suite{T: t, tbl: open(t, c.Now), clock: c, ctx: t.Context()})
		})
	}
}

// suite is what a part of the suite works with.
type suite struct {
	*testing.T
	tbl   table.Table
	clock *clock
	ctx   context.Context
}

// clock is the time of the tables under test; only tests move it.
type clock struct{ seconds atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	// Not before the real time: a store may refuse or drop what expired years ago.
	c.seconds.Store(time.Now().Unix())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(c.seconds.Load(), 0) }
func (c *clock) unix() int64             { return c.seconds.Load() }
func (c *clock) advance(d time.Duration) { c.seconds.Add(int64(d / time.Second)) }

// write writes ops, again while the table is busy.
func (s *suite) write(ops ...table.Op) error {
	return writeTo(s.ctx, s.tbl, ops...)
}

func writeTo(ctx context.Context, tbl table.Table, ops ...table.Op) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := tbl.Write(ctx, ops...)
		if !errors.Is(err, table.ErrBusy) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// must writes ops that have to succeed.
func (s *suite) must(ops ...table.Op) {
	s.Helper()
	if err := s.write(ops...); err != nil {
		s.Fatalf("Write of %s and %d more: %v", ops[0].Item.Key, len(ops)-1, err)
	}
}

// get returns the items under keys.
func (s *suite) get(keys ...table.Key) []table.Item {
	s.Helper()
	items, err := s.tbl.Get(s.ctx, keys...)
	if err != nil {
		s.Fatalf("Get of %d keys: %v", len(keys), err)
	}
	return items
}

// holds checks that the items under keys are want, those that exist.
func (s *suite) holds(keys []table.Key, want ...table.Item) {
	s.Helper()
	s.same("Get", s.get(keys...), want)
}

// same checks that got is want, in this order.
func (s *suite) same(what string, got, want []table.Item) {
	s.Helper()
	if len(got) != len(want) {
		s.Fatalf("%s: %d items %s, want %d items %s", what, len(got), shown(got), len(want), shown(want))
	}
	for i := range got {
		if !equal(got[i], want[i]) {
			s.Fatalf("%s: item %d is %s, want %s", what, i, shown(got[i:i+1]), shown(want[i:i+1]))
		}
	}
}

// walk asks q to its end and returns all items and the number of pages. It
// fails if a page breaks a rule of table.Page.
func (s *suite) walk(q table.Query) (items []table.Item, pages int) {
	s.Helper()
	for {
		page, err := s.tbl.Query(s.ctx, q)
		if err != nil {
			s.Fatalf("Query %+v: %v", q, err)
		}
		if err := pageError(q, page); err != nil {
			s.Fatalf("Query %+v: %v", q, err)
		}
		pages++
		items = append(items, page.Items...)
		if !page.More {
			return items, pages
		}
		q = next(q, page)
	}
}

// next is the query after page, an answer to q.
func next(q table.Query, page table.Page) table.Query {
	last := page.Items[len(page.Items)-1].Sort
	if q.Reverse {
		q.To = last
	} else {
		q.From = last + "\x00"
	}
	return q
}

// pageError says which rule of table.Page an answer to q breaks.
func pageError(q table.Query, page table.Page) error {
	if page.More && len(page.Items) == 0 {
		return errors.New("an empty page that says there is more")
	}
	if q.Limit > 0 && len(page.Items) > q.Limit {
		return fmt.Errorf("%d items, limit %d", len(page.Items), q.Limit)
	}
	size := 0
	for i := range page.Items {
		it := &page.Items[i]
		switch {
		case it.Partition != q.Partition:
			return fmt.Errorf("item %s of another partition", it.Key)
		case it.Sort < q.From || q.To != "" && it.Sort >= q.To:
			return fmt.Errorf("item %s out of range", it.Key)
		case size >= table.MaxPage:
			return fmt.Errorf("the page goes on after %d bytes", size)
		case i > 0 && (it.Sort > page.Items[i-1].Sort) == q.Reverse, i > 0 && it.Sort == page.Items[i-1].Sort:
			return fmt.Errorf("item %s after %s", it.Key, page.Items[i-1].Key)
		}
		size += it.Size()
	}
	return nil
}
