package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"docket/shared/activity"
	"docket/shared/table"
	"docket/shared/table/faulty"
	"docket/shared/table/memory"
)

// spread is a batch that takes several items where one has 2 KiB.
func spread(name string, n int) Batch {
	b := batchOf(name, n)
	for i := range b.Records {
		b.Records[i].Details = []activity.Detail{{PropertyName: "p", After: noise(900 + i)}}
	}
	return b
}

// sixBatches fills a log: 3, 1, 6 in several items, 2, 1, 1 records.
func sixBatches(t *testing.T, tbl table.Table) *Ledger {
	t.Helper()
	l := open(t, tbl)
	l.maxItem = 2 << 10
	for i, n := range []int{3, 1, 6, 2, 1, 1} {
		b := batchOf(fmt.Sprint(i), n)
		if n == 6 {
			b = spread(fmt.Sprint(i), n)
		}
		mustAppend(t, l, b)
	}
	return l
}

const sixTotal = 14

// TestScanFromEverywhere reads from every position to every other, with and
// without a cache, with processes that know the log and that do not.
func TestScanFromEverywhere(t *testing.T) {
	tbl := newTable()
	all := whole(t, sixBatches(t, tbl), 0)
	if len(all) != sixTotal {
		t.Fatalf("log has %v", all)
	}
	warm := open(t, tbl, func(c *Config) { c.CacheBytes = 1 << 20 })
	for _, fresh := range []bool{true, false} {
		for from := Position(0); from <= sixTotal; from++ {
			for to := from; to <= sixTotal+2; to++ {
				for _, size := range []int{1, 2000, 1 << 20} {
					l := warm
					if fresh {
						l = open(t, tbl)
					}
					checkScan(t, l, all, from, to, size)
				}
			}
		}
	}
}

func checkScan(t *testing.T, l *Ledger, all []string, from, to Position, size int) {
	t.Helper()
	parts, err := l.Scan(context.Background(), 0, from, to, size)
	if err != nil {
		t.Fatalf("scan %d to %d, %d bytes: %v", from, to, size, err)
	}
	want := from < to && int(from) < len(all)
	if want != (len(parts) > 0) {
		t.Fatalf("scan %d to %d, %d bytes: %d parts", from, to, size, len(parts))
	}
	if !want {
		return
	}
	first, end := parts[0].First, parts[len(parts)-1].end()
	if first > from || parts[0].end() <= from || parts[len(parts)-1].First >= to {
		t.Fatalf("scan %d to %d, %d bytes: parts from %d to %d", from, to, size, first, end)
	}
	if got := names(t, parts); !slices.Equal(got, all[first:end]) {
		t.Fatalf("scan %d to %d, %d bytes: %v, want %v", from, to, size, got, all[first:end])
	}
	bytes := 0
	for _, p := range parts[:len(parts)-1] {
		bytes += p.Bytes
	}
	if batch := all[end-1][0]; end < to && bytes >= size && all[parts[len(parts)-1].First][0] != batch {
		t.Errorf("scan %d to %d: %d bytes before the last batch, asked for %d", from, to, bytes, size)
	}
	if end < to && end < sixTotal && all[end][0] == all[end-1][0] {
		t.Errorf("scan %d to %d, %d bytes: ends at %d, within a batch", from, to, size, end)
	}
}

func TestScanBehindTheEndIsAnError(t *testing.T) {
	tbl := newTable()
	l := sixBatches(t, tbl)
	fresh := open(t, tbl)
	for _, l := range []*Ledger{l, fresh} {
		if _, err := l.Scan(context.Background(), 0, sixTotal+1, End, 1<<20); !errors.Is(err, ErrBeyond) {
			t.Errorf("scan behind the end: %v, want ErrBeyond", err)
		}
		if parts, err := l.Scan(context.Background(), 0, sixTotal, End, 1<<20); err != nil || len(parts) > 0 {
			t.Errorf("scan at the end: %d parts, %v", len(parts), err)
		}
	}
}

// A hole is never the end, wherever it is, and what lies before it is given out.
func TestHoleIsNeverTheEnd(t *testing.T) {
	n := len(logOf(t).items)
	for i := range n {
		w := logOf(t)
		if i == n-1 {
			continue // a log without its last item is a log: see the next test
		}
		remove(t, w.tbl, w.items[i].Key)
		hole := positionOf(&w.items[i])
		end := w.readUntilError(t)
		if !errors.Is(w.err, ErrGap) {
			t.Errorf("without the item at %d: %v, want ErrGap", hole, w.err)
		}
		if start := batchStart(t, &w.items[i]); end != start {
			t.Errorf("without the item at %d: given out up to %d, want %d", hole, end, start)
		}
	}
}

// The last items of a log can be deleted unnoticed by the log itself, but not by
// whoever has been behind them, nor when a part of their batch remains.
func TestLostEndIsNoticedByMarks(t *testing.T) {
	w := logOf(t)
	remove(t, w.tbl, w.items[len(w.items)-1].Key)
	if _, err := open(t, w.tbl).Scan(context.Background(), 0, sixTotal, End, 1); !errors.Is(err, ErrBeyond) {
		t.Errorf("scan where the log had reached: %v, want ErrBeyond", err)
	}
	tbl := newTable()
	l := open(t, tbl)
	l.maxItem = 2 << 10
	mustAppend(t, l, spread("x", 4))
	stored := items(t, tbl, partition(0))
	remove(t, tbl, stored[len(stored)-1].Key)
	if _, err := open(t, tbl).Scan(context.Background(), 0, 0, End, 1<<20); !errors.Is(err, ErrGap) {
		t.Errorf("scan of a batch without its last item: %v, want ErrGap", err)
	}
}

// storedLog is the log of sixBatches and its items.
type storedLog struct {
	tbl   *memory.Table
	all   []string
	items []table.Item
	err   error
}

func logOf(t *testing.T) *storedLog {
	t.Helper()
	w := &storedLog{tbl: newTable()}
	w.all = whole(t, sixBatches(t, w.tbl), 0)
	w.items = items(t, w.tbl, partition(0))
	return w
}

// readUntilError reads with a new process from the beginning to the first error,
// checks all that is given out and returns where it ended.
func (w *storedLog) readUntilError(t *testing.T) Position {
	t.Helper()
	l := open(t, w.tbl)
	at := Position(0)
	for {
		parts, err := l.Scan(context.Background(), 0, at, End, 1<<20)
		if err != nil || len(parts) == 0 {
			w.err = err
			return at
		}
		end := parts[len(parts)-1].end()
		if got := names(t, parts); parts[0].First != at || !slices.Equal(got, w.all[at:end]) {
			t.Fatalf("given out at %d: %v", at, got)
		}
		at = end
	}
}

func batchStart(t *testing.T, it *table.Item) Position {
	t.Helper()
	p, _, err := readItem(it)
	if err != nil {
		t.Fatal(err)
	}
	return p.batch
}

// TestEveryDamageIsNoticed changes every byte of every item, cuts items at every
// length and swaps each two: what is damaged is named and never given out, and all
// before it is.
func TestEveryDamageIsNoticed(t *testing.T) {
	w := logOf(t)
	broken := func(what string, i int, value []byte) {
		t.Helper()
		it := w.items[i]
		it.Value = value
		replace(t, w.tbl, it)
		want := batchStart(t, &w.items[i])
		end := w.readUntilError(t)
		var damage *DamageError
		if !errors.As(w.err, &damage) || damage.Position != positionOf(&it) || damage.Shard != 0 {
			t.Fatalf("item at %d %s: %v", positionOf(&it), what, w.err)
		}
		if end != want {
			t.Fatalf("item at %d %s: given out up to %d, want %d", positionOf(&it), what, end, want)
		}
		replace(t, w.tbl, w.items[i])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range w.items {
		value := w.items[i].Value
		for at := range value {
			if at >= headerSize+8 && random.IntN(16) > 0 {
				continue // the segment has a test of its own for all its bytes
			}
			flipped := slices.Clone(value)
			flipped[at] ^= 1 << random.IntN(8)
			broken(fmt.Sprintf("with byte %d flipped", at), i, flipped)
		}
		for n := 0; n < len(value); n += 1 + n/4 {
			broken(fmt.Sprintf("cut to %d bytes", n), i, value[:n])
		}
		broken("with a byte more", i, append(slices.Clone(value), 0))
		for j := range w.items {
			if i != j {
				broken(fmt.Sprintf("holding that of %d", positionOf(&w.items[j])), i, w.items[j].Value)
			}
		}
	}
	if end := w.readUntilError(t); w.err != nil || end != sixTotal {
		t.Errorf("after all repairs: read to %d, %v", end, w.err)
	}
}

// An item of another shard at the same position has the same sort key and other
// content.
func TestItemOfAnotherShardIsDamage(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl, func(c *Config) { c.Shards = 2 })
	for i := range 20 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	it := items(t, tbl, partition(1))[0]
	it.Key = logKey(0, 0)
	replace(t, tbl, it)
	_, err := l.Scan(context.Background(), 0, 0, End, 1)
	var damage *DamageError
	if !errors.As(err, &damage) {
		t.Errorf("scan: %v", err)
	}
	if whole(t, l, 1) == nil {
		t.Error("the damage of one shard hides another")
	}
}

// A batch that is really in place but is described as another's continuation is
// damage too: its checksum is right, its neighbours are not.
func TestImpossibleNeighboursAreDamage(t *testing.T) {
	w := logOf(t)
	for i := range w.items[1:] {
		it := w.items[i+1]
		p, _, err := readItem(&it)
		if err != nil {
			t.Fatal(err)
		}
		if p.parts > 1 {
			p.part, p.batch, p.parts = 0, p.first, 1
		} else {
			p.part, p.parts, p.batch = 1, 2, p.first-1
		}
		forged := slices.Clone(it.Value)
		p.stamp(forged)
		it.Value = forged
		replace(t, w.tbl, it)
		w.readUntilError(t)
		var damage *DamageError
		// A first item without the second is a batch that is not all there.
		if !errors.As(w.err, &damage) && !errors.Is(w.err, ErrGap) {
			t.Errorf("item at %d as %+v: %v", p.first, p, w.err)
		}
		replace(t, w.tbl, w.items[i+1])
	}
}

// TestFailEveryCallOfScan fails the n-th call of a walk for every n and fault: the
// walk repeats what failed and sees every record once.
func TestFailEveryCallOfScan(t *testing.T) {
	inner := newTable()
	all := whole(t, sixBatches(t, inner), 0)
	for _, f := range faulty.Faults() {
		for n := 1; ; n++ {
			ft := faulty.New(inner, faulty.Options{Now: start, Seed: uint64(n), Hook: faulty.NthCall(n+1, f)}) // Open is the first
			got, failed := walkOver(t, open(t, ft), ft)
			if !slices.Equal(got, all) {
				t.Fatalf("%v at call %d: walk saw %v", f, n, got)
			}
			if failed > 1 {
				t.Errorf("%v at call %d: %d scans failed", f, n, failed)
			}
			if ft.Calls() < n+1 {
				break
			}
		}
	}
}

func walkOver(t *testing.T, l *Ledger, ft *faulty.Table) (got []string, failed int) {
	t.Helper()
	for at := Position(0); ; {
		parts, err := l.Scan(context.Background(), 0, at, End, 1000)
		if err != nil {
			if !transient(err) {
				t.Fatalf("scan at %d: %v", at, err)
			}
			failed++
			ft.Restore()
			continue
		}
		if len(parts) == 0 {
			return got, failed
		}
		got = append(got, names(t, parts)...)
		at = parts[len(parts)-1].end()
	}
}

// While a transaction is applied, readers see some of its items. They stop before
// it or, if there is nothing else, wait.
func TestPartOfATransactionIsNotShown(t *testing.T) {
	for seed := range uint64(20) {
		inner := newTable()
		writes := 0
		ft := faulty.New(inner, faulty.Options{Now: start, Seed: seed, MaxLate: 12, Hook: func(c *faulty.Call) faulty.Fault {
			if c.Method == faulty.Write {
				writes++
			}
			if c.Method == faulty.Write && writes == 2 {
				return faulty.TornAfter
			}
			return faulty.None
		}})
		l := open(t, ft)
		l.maxItem = 2 << 10
		mustAppend(t, open(t, inner), batchOf("a", 2))
		w, err := l.prepare(spread("b", 6))
		if err != nil {
			t.Fatal(err)
		}
		if err := ft.Write(context.Background(), w.ops(2)...); err == nil {
			t.Fatal("the write was to be torn")
		}
		reader := open(t, ft)
		tails, err := reader.Tails(context.Background())
		if err != nil || tails[0] != 2 && tails[0] != 8 {
			t.Fatalf("tails %v, %v", tails, err)
		}
		if got := whole(t, reader, 0); !slices.Equal(got, expect("a", 2)) && !slices.Equal(got, expect("a", 2, "b", 6)) {
			t.Errorf("seed %d: a reader saw %v", seed, got)
		}
		if err := ft.Settle(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := whole(t, reader, 0); !slices.Equal(got, expect("a", 2, "b", 6)) {
			t.Errorf("seed %d: in the end a reader saw %v", seed, got)
		}
	}
}

func TestLoad(t *testing.T) {
	ctx := context.Background()
	tbl := newTable()
	sixBatches(t, tbl)
	for _, bytes := range []int64{-1, 1 << 20} {
		l := open(t, tbl, func(c *Config) { c.CacheBytes = bytes })
		for range 2 {
			p, err := l.Load(ctx, 0, 3)
			if err != nil || p.First != 3 || !slices.Equal(names(t, []Part{p}), []string{"1/0"}) {
				t.Errorf("load: %+v, %v", p, err)
			}
		}
		if p, err := l.Load(ctx, 0, 2); err != nil || p.First != 0 {
			t.Errorf("load within a segment: %+v, %v", p, err)
		}
		if _, err := l.Load(ctx, 0, sixTotal); !errors.Is(err, ErrGap) {
			t.Errorf("load behind the end: %v", err)
		}
		if _, err := l.Load(ctx, MaxShards, 0); !errors.Is(err, ErrInvalid) {
			t.Errorf("load of no shard: %v", err)
		}
	}
}

// calls counts what the table is asked.
func calls(ft *faulty.Table, f func()) int {
	before := ft.Calls()
	f()
	return ft.Calls() - before
}

// TestWhatCallsCost holds the package comment to its word.
func TestWhatCallsCost(t *testing.T) {
	ctx := context.Background()
	ft := faulty.New(newTable(), faulty.Options{Now: start})
	l := open(t, ft)
	mustAppend(t, l, batchOf("a", 5))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	scan := func(from Position) func() {
		return func() { _, err := l.Scan(ctx, 0, from, End, 1<<20); must(err) }
	}
	for _, c := range []struct {
		what string
		want int
		call func()
	}{
		{"append", 1, func() { mustAppend(t, l, batchOf("b", 1)) }},
		{"append with a key", 1, func() { mustAppend(t, l, keyed("c", 1, "k")) }},
		{"repetition", 2, func() { mustAppend(t, l, keyed("c", 1, "k")) }},
		{"shards", 1, func() { _, err := l.Shards(ctx); must(err) }},
		{"tails", 1, func() { _, err := l.Tails(ctx); must(err) }},
		{"empty poll", 1, scan(7)},
		{"walk from the beginning", 1, scan(0)},
		{"from within a segment", 2, scan(3)},
	} {
		if got := calls(ft, c.call); got != c.want {
			t.Errorf("%s: %d calls, want %d", c.what, got, c.want)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl, func(c *Config) { c.CacheBytes = 20 << 10 })
	for i := range 100 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 10))
	}
	if got := whole(t, l, 0); len(got) != 1000 {
		t.Fatalf("%d records", len(got))
	}
	c := l.cache
	if c.bytes > c.max || len(c.entries) == 0 || len(c.entries) != c.recent.Len() {
		t.Errorf("cache holds %d bytes in %d entries, limit %d", c.bytes, len(c.entries), c.max)
	}
	ft := faulty.New(tbl, faulty.Options{Now: start})
	l.table = ft
	last := c.recent.Front().Value.(*cached).First
	if n := calls(ft, func() {
		if _, err := l.Load(context.Background(), 0, last); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a cached segment was read again")
	}
}
