package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/segment"
	"docket/shared/table"
	"docket/shared/table/faulty"
	"docket/shared/table/memory"
)

func TestBatchesLieBehindEachOther(t *testing.T) {
	l := open(t, newTable())
	for i, n := range []int{3, 1, 1000} {
		r := mustAppend(t, l, batchOf(fmt.Sprint(i), n))
		want := Receipt{First: Position([]int{0, 3, 4}[i]), N: n}
		if r != want {
			t.Errorf("batch %d: receipt %+v, want %+v", i, r, want)
		}
	}
	if got, want := whole(t, l, 0), expect("0", 3, "1", 1, "2", 1000); !slices.Equal(got, want) {
		t.Errorf("log holds %d records, want %d in order", len(got), len(want))
	}
}

func TestRunsSayWhoWroteAndWhen(t *testing.T) {
	l := open(t, newTable())
	mustAppend(t, l, batchOf("a", 2))
	mustAppend(t, l, batchOf("b", 1))
	parts, err := l.Scan(context.Background(), 0, 0, End, 1<<20)
	if err != nil || len(parts) != 2 {
		t.Fatal(len(parts), err)
	}
	a, b := runOf(t, parts[0]), runOf(t, parts[1])
	if a.N != 2 || a.Principal != `Enterprise\Writer` || a.RequestID != "req-a" || a.Committed != start().UnixMicro() {
		t.Errorf("run of a is %+v", a)
	}
	if b.Committed != a.Committed+1 {
		t.Errorf("commit times %d and %d under a clock that stands still: the later must be greater by one", a.Committed, b.Committed)
	}
	if a.Token == b.Token || a.Token == (Token{}) {
		t.Errorf("tokens %x and %x", a.Token, b.Token)
	}
}

func TestBadBatchesChangeNothing(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	before := tbl.Len()
	huge := batchOf("huge", 1)
	huge.Records[0].What = noise(600 << 10)
	wide := batchOf("wide", 16)
	for i := range wide.Records {
		wide.Records[i].What = noise(300<<10 + i)
	}
	noText := keyed("x", 1, "")
	for name, c := range map[string]struct {
		batch Batch
		want  error
	}{
		"no records":                        {Batch{}, ErrInvalid},
		"empty key":                         {noText, ErrInvalid},
		"record over an item":               {huge, ErrTooLarge},
		"batch over a transaction":          {wide, ErrTooLarge},
		"batch over a transaction with key": {Batch{Records: wide.Records, Key: &Key{Text: "k"}}, ErrTooLarge},
	} {
		if _, err := l.Append(context.Background(), c.batch); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if tbl.Len() != before {
		t.Errorf("%d items, %d before", tbl.Len(), before)
	}
}

// noise is text that cannot be packed.
func noise(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[r.IntN(64)]
	}
	return string(b)
}

func TestLargeBatchIsOneTransaction(t *testing.T) {
	for _, withKey := range []bool{false, true} {
		tbl := newTable()
		l := open(t, tbl)
		mustAppend(t, l, batchOf("before", 5))
		b := batchOf("large", 12)
		for i := range b.Records {
			b.Records[i].Details = []activity.Detail{{PropertyName: "p", After: noise(100<<10 + i)}}
		}
		if withKey {
			b.Key = &Key{Owner: "o", Text: "k"}
		}
		if r := mustAppend(t, l, b); r != (Receipt{First: 5, N: 12}) {
			t.Errorf("receipt %+v", r)
		}
		mustAppend(t, l, batchOf("after", 1))
		stored := items(t, tbl, partition(0))
		if len(stored) < 4 {
			t.Fatalf("1.2 MB of noise in %d items", len(stored))
		}
		for i, it := range stored[1 : len(stored)-1] {
			p, _, err := readItem(&it)
			if err != nil || int(p.part) != i || int(p.parts) != len(stored)-2 || p.batch != 5 {
				t.Errorf("item %d is %+v, %v", i, p, err)
			}
		}
		if got := whole(t, l, 0); !slices.Equal(got, expect("before", 5, "large", 12, "after", 1)) {
			t.Errorf("log holds %v", got)
		}
	}
}

func TestKeyMakesARepetitionSafe(t *testing.T) {
	ctx := context.Background()
	tbl := newTable()
	one, other := open(t, tbl), open(t, tbl, func(c *Config) { c.Rand = chacha(2) })
	first := mustAppend(t, one, keyed("a", 3, "k"))
	mustAppend(t, one, batchOf("between", 2))
	want := first
	want.Duplicate = true
	for _, l := range []*Ledger{one, other} {
		if r := mustAppend(t, l, keyed("a", 3, "k")); r != want {
			t.Errorf("repetition: %+v, want %+v", r, want)
		}
		if _, err := l.Append(ctx, keyed("b", 3, "k")); !errors.Is(err, ErrKeyReused) {
			t.Errorf("another body: %v, want ErrKeyReused", err)
		}
	}
	foreign := keyed("c", 1, "k")
	foreign.Key.Owner = "somebody else"
	if r := mustAppend(t, other, foreign); r.Duplicate {
		t.Error("the key of another owner is the same key")
	}
	if got := whole(t, one, 0); !slices.Equal(got, expect("a", 3, "between", 2, "c", 1)) {
		t.Errorf("log holds %v", got)
	}
}

func TestOwnerAndTextOfAKeyDoNotRunTogether(t *testing.T) {
	a, b := Key{Owner: "ab", Text: "c"}, Key{Owner: "a", Text: "bc"}
	if a.name() == b.name() {
		t.Error("two keys have one name")
	}
}

// A key that has expired is a new key, also for a process that slept meanwhile
// and tries first where the old batch lies.
func TestExpiredKeyStoresAgain(t *testing.T) {
	c := &clock{start()}
	tbl := memory.New(c.now)
	frozen := open(t, tbl, func(cfg *Config) { cfg.Now = c.now })
	mustAppend(t, frozen, batchOf("first", 1)) // it knows the tail, 1
	awake := open(t, tbl, func(cfg *Config) { cfg.Now = c.now; cfg.Rand = chacha(9) })
	mustAppend(t, awake, keyed("a", 2, "k"))
	c.at = c.at.Add(MinKeyLife + clockSlack - time.Second)
	if r := mustAppend(t, awake, keyed("a", 2, "k")); !r.Duplicate {
		t.Error("the key is forgotten before its time")
	}
	c.at = c.at.Add(time.Hour)
	if r := mustAppend(t, frozen, keyed("a", 2, "k")); r.Duplicate || r.First != 3 {
		t.Errorf("receipt after expiry: %+v, want a batch at 3", r)
	}
	if got := whole(t, awake, 0); !slices.Equal(got, expect("first", 1, "a", 2, "a", 2)) {
		t.Errorf("log holds %v", got)
	}
}

func TestDamagedTokenIsNoPermission(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	b := keyed("a", 1, "k")
	mustAppend(t, l, b)
	key := tokenKey(b.Key.name())
	it := items(t, tbl, key.Partition)[0]
	for i := range it.Value {
		flipped := it
		flipped.Value = slices.Clone(it.Value)
		flipped.Value[i] ^= 1
		replace(t, tbl, flipped)
		if _, err := l.Append(context.Background(), b); !errors.Is(err, errToken) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
}

// failing lists appends in situations that take different calls.
func failing() map[string]Batch {
	large := batchOf("x", 6)
	for i := range large.Records {
		large.Records[i].Details = []activity.Detail{{PropertyName: "p", After: noise(900 + i)}}
	}
	largeKey := keyed("x", 6, "k")
	largeKey.Records = large.Records
	return map[string]Batch{"plain": batchOf("x", 3), "key": keyed("x", 3, "k"), "large": large, "large with key": largeKey}
}

// TestFailEveryCallOfAppend fails the n-th call of an Append, for every n and
// every fault, then repeats as a client does. Whatever was acknowledged is there
// once, whatever was not is there at most once, and another writer is not harmed.
func TestFailEveryCallOfAppend(t *testing.T) {
	for name, b := range failing() {
		for _, warm := range []bool{false, true} {
			for _, f := range faulty.Faults() {
				for n := 1; failCall(t, name, b, warm, f, n); n++ {
				}
			}
		}
	}
}

func failCall(t *testing.T, name string, b Batch, warm bool, f faulty.Fault, n int) bool {
	t.Helper()
	where := fmt.Sprintf("%s, warm %v, %v at call %d", name, warm, f, n)
	ctx := context.Background()
	inner := newTable()
	rival := open(t, inner, func(c *Config) { c.Rand = chacha(3) })
	mustAppend(t, rival, batchOf("old", 1))
	armed := false
	calls, from := 0, 0
	ft := faulty.New(inner, faulty.Options{Now: start, MaxLate: 3, Seed: uint64(n), Hook: func(c *faulty.Call) faulty.Fault {
		if calls = c.N; armed && c.N == from+n {
			return f
		}
		return faulty.None
	}})
	l := open(t, ft)
	l.maxItem = 2 << 10
	if warm {
		mustAppend(t, l, batchOf("warm", 1))
	}
	mustAppend(t, rival, batchOf("rival", 2)) // behind l's back: its tail is wrong
	armed, from = true, calls
	r, err := l.Append(ctx, b)
	reached := calls >= from+n
	if err != nil && f != faulty.Down {
		t.Errorf("%s: %v: one fault must not be too many", where, err)
	}
	ft.Restore()
	mustAppend(t, rival, batchOf("later", 1))
	if err := ft.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	got := count(whole(t, open(t, inner), 0), "x/0")
	switch {
	case err == nil && got != 1:
		t.Errorf("%s: acknowledged and there %d times", where, got)
	case got > 1:
		t.Errorf("%s: there %d times", where, got)
	}
	if b.Key != nil {
		if again := mustAppend(t, rival, b); err == nil && (again.First != r.First || !again.Duplicate) {
			t.Errorf("%s: stored at %d, repetition says %+v", where, r.First, again)
		}
		if got := count(whole(t, rival, 0), "x/0"); got != 1 {
			t.Errorf("%s: after the repetition there %d times", where, got)
		}
	}
	return reached
}

func count(list []string, want string) int {
	n := 0
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}

func TestTableGoneIsSaidSoon(t *testing.T) {
	ft := faulty.New(newTable(), faulty.Options{Now: start})
	var slept time.Duration
	l := open(t, ft, func(c *Config) {
		c.Sleep = func(ctx context.Context, d time.Duration) error { slept += d; return ctx.Err() }
	})
	mustAppend(t, l, batchOf("a", 1))
	for _, f := range []faulty.Fault{faulty.Before, faulty.Busy, faulty.After} {
		slept = 0
		down := faulty.New(l.table, faulty.Options{Now: start, Rates: faulty.Rates{f: 1}})
		gone := open(t, newTable(), func(c *Config) { c.Sleep = func(_ context.Context, d time.Duration) error { slept += d; return nil } })
		gone.table = down
		_, err := gone.Append(context.Background(), batchOf("b", 1))
		if !errors.Is(err, table.ErrUnavailable) && !errors.Is(err, table.ErrBusy) {
			t.Errorf("%v: %v, want the table's error", f, err)
		}
		if slept > 5*time.Second || down.Calls() > 2*maxTries {
			t.Errorf("%v: %d calls and %v of waiting before an answer", f, down.Calls(), slept)
		}
	}
}

func TestAppendEndsWithItsContext(t *testing.T) {
	l := open(t, newTable())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Append(ctx, batchOf("a", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	l.lanes[0] <- struct{}{} // a writer that does not come to an end
	if _, err := l.Append(ctx, batchOf("a", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append behind another: %v", err)
	}
}

// TestWritersShareAShard lets 64 writers, in one process and in as many, write to
// one shard: each batch lands once, and in each writer's own order.
func TestWritersShareAShard(t *testing.T) {
	const writers, each = 64, 8
	for name, processes := range map[string]int{"one process": 1, "64 processes": writers} {
		t.Run(name, func(t *testing.T) {
			tbl := newTable()
			var ledgers []*Ledger
			for i := range processes {
				ledgers = append(ledgers, open(t, tbl, func(c *Config) { c.Rand = chacha(byte(i)); c.Sleep = nil }))
			}
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					l := ledgers[w%processes]
					for i := range each {
						if _, err := l.Append(context.Background(), batchOf(fmt.Sprintf("%d.%d", w, i), 1+i%3)); err != nil {
							t.Errorf("writer %d, batch %d: %v", w, i, err)
						}
					}
				})
			}
			group.Wait()
			seen, next := map[string]int{}, map[int]int{}
			for _, name := range whole(t, ledgers[0], 0) {
				seen[name]++
				var w, i, row int
				if _, err := fmt.Sscanf(name, "%d.%d/%d", &w, &i, &row); err != nil {
					t.Fatal(err)
				}
				if row == 0 && next[w] != i {
					t.Errorf("writer %d: batch %d where %d must be", w, i, next[w])
				}
				next[w] = i + 1
			}
			for w := range writers {
				for i := range each {
					for row := range 1 + i%3 {
						if n := seen[fmt.Sprintf("%d.%d/%d", w, i, row)]; n != 1 {
							t.Errorf("record %d of batch %d.%d is there %d times", row, w, i, n)
						}
					}
				}
			}
		})
	}
}

// runOf is the one run of a part.
func runOf(t *testing.T, p Part) segment.Run {
	t.Helper()
	runs, err := p.Segment.Runs()
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	return runs[0]
}
