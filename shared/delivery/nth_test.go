package delivery

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/table"
)

// cutter counts every call that leaves the package – of the table, for objects, for
// letters – and lets the n-th fail, before it did anything or after.
type cutter struct {
	w     *world
	inner table.Table
	n     int
	after bool
	dies  context.CancelFunc // not nil: the process ends there, too
	calls int
}

// call makes a call, or fails. An error after the call says nothing of its result.
func (c *cutter) call(do func() error) error {
	c.calls++
	if c.calls != c.n {
		return do()
	}
	err := table.ErrUnavailable
	if c.after {
		_ = do() // what it did is done, and nobody is told
	}
	if c.dies != nil {
		c.dies()
	}
	return err
}

func (c *cutter) Get(ctx context.Context, keys ...table.Key) (items []table.Item, err error) {
	err = c.call(func() (err error) { items, err = c.inner.Get(ctx, keys...); return err })
	return items, err
}

func (c *cutter) Query(ctx context.Context, q table.Query) (p table.Page, err error) {
	err = c.call(func() (err error) { p, err = c.inner.Query(ctx, q); return err })
	return p, err
}

func (c *cutter) Write(ctx context.Context, ops ...table.Op) error {
	return c.call(func() error { return c.inner.Write(ctx, ops...) })
}

func (c *cutter) Open(ctx context.Context, o Object) (r io.ReadCloser, err error) {
	err = c.call(func() (err error) { r, err = c.w.Open(ctx, o); return err })
	return r, err
}

func (c *cutter) Send(ctx context.Context, to Address, l Letter) error {
	return c.call(func() error { return c.w.Send(ctx, to, l) })
}

// TestFailTheNth: every call of a delivery fails once, before and after it has
// done its work, with the process going on and with it ending there. What is left to
// the queue then comes again. In the end all is as if nothing had failed.
func TestFailTheNth(t *testing.T) {
	for _, after := range []bool{false, true} {
		for _, dies := range []bool{false, true} {
			t.Run(fmt.Sprintf("after=%v dies=%v", after, dies), func(t *testing.T) {
				n := 1
				for ; failTheNth(t, n, after, dies); n++ {
				}
				if n < 10 {
					t.Errorf("%d calls: the scenario is too small", n)
				}
			})
		}
	}
}

// failTheNth says whether there is an n-th call.
func failTheNth(t *testing.T, n int, after, dies bool) bool {
	w := newWorld(t)
	reliable := w.Table
	c := &cutter{w: w, inner: reliable, n: n, after: after}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if dies {
		c.dies = cancel
	}
	w.Table = c
	w.Restart() // its call counts too
	opened := c.calls

	batches := map[Queue][]Message{
		Records: {
			{ID: "r1", Body: record(1)}, {ID: "r2", Body: halfBad}, {ID: "r3", Body: "poison"}, {ID: "r4", Body: record(1)},
		},
		Files:  {{ID: "f1", Body: w.put("f", "1", ndjson(100, 1500))}, {ID: "f2", Body: notice(Object{testBucket, "gone", "1", "e"})}},
		Events: {{ID: "e1", Body: event("e1", "own", "t", record(50))}, {ID: "e2", Body: event("e2", "aws.iam", "AWS API Call via CloudTrail", trail("t"))}},
	}
	config := w.config()
	config.Objects, config.Letters = c, c
	d := New(config)
	for _, q := range []Queue{Records, Files, Events} {
		s := d.Take(ctx, q, batches[q], never, "")
		if ctx.Err() != nil {
			break // its answer is lost: all of it comes again
		}
		batches[q] = slices.DeleteFunc(batches[q], func(m Message) bool { return !slices.Contains(s.Retry, m.ID) })
	}
	hit := c.calls >= n

	w.Table = reliable
	w.Restart()
	for q, left := range batches {
		if s := New(w.config()).Take(context.Background(), q, left, never, ""); len(s.Retry) > 0 {
			t.Errorf("call %d: left to the queue again: %+v", n, s)
		}
	}
	want := []string{"ann bob Default t", "w x1 Default", "w x1 Default", "w x2 Default", "w x50 Default"}
	for i := 100; i < 1500; i++ {
		want = append(want, fmt.Sprintf("w x%d Default", i))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, w.stored()); diff != "" {
		t.Errorf("call %d (%d to open the ledger): %s", n, opened, diff)
	}
	for q, bodies := range map[Queue][]string{Records: {halfBad, "poison"}, Files: {notice(Object{testBucket, "gone", "1", "e"})}, Events: nil} {
		var dead []string
		for _, l := range w.letters[Address{q, true}] {
			dead = append(dead, l.Body)
		}
		slices.Sort(dead)
		dead = slices.Compact(dead) // a letter that was sent and not told of is sent again
		slices.Sort(bodies)
		if !slices.Equal(dead, bodies) {
			t.Errorf("call %d: dead letters of %v: %q", n, q, dead)
		}
	}
	return hit
}

// halfBad is the message of which one record is refused.
var halfBad = "[" + record(2) + "," + planned(3, "unknown") + "]"
