package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"docket/shared/table"
)

// eager compacts small logs: two pieces are enough, nothing waits.
var eager = Compaction{Fan: 2, AdoptBytes: 1 << 20, MaxRecords: 12, Retain: -1, Busy: -1}

// settle compacts a shard until a round finds nothing to do.
func settle(t testing.TB, l *Ledger, s Shard, c Compaction) (sum Round) {
	t.Helper()
	for range 200 {
		r, err := l.Compact(context.Background(), s, c)
		if err != nil {
			t.Fatalf("compact: %v", err)
		}
		sum.Merged += r.Merged
		sum.Segments += r.Segments
		sum.Adopted += r.Adopted
		sum.Swept += r.Swept
		sum.Removed += r.Removed
		sum.High, sum.Debt = r.High, r.Debt
		if !r.More {
			return sum
		}
	}
	t.Fatal("compaction finds no end")
	return sum
}

// fill appends batches of random sizes, some of several items, and returns how
// many records.
func fill(t testing.TB, l *Ledger, r *rand.Rand, batches int) int {
	t.Helper()
	n := 0
	for i := range batches {
		b := batchOf(fmt.Sprintf("%d.%d", i, r.Uint32()), 1+r.IntN(3))
		if r.IntN(8) == 0 {
			b = spread(fmt.Sprintf("%d.%d", i, r.Uint32()), 2+r.IntN(4))
		}
		mustAppend(t, l, b)
		n += len(b.Records)
	}
	return n
}

// TestCompactionChangesNothing compacts random logs again and again, and compares
// all that is read from every position, by readers that know the log from before
// and by new ones, with what was read at first.
func TestCompactionChangesNothing(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		tbl := newTable()
		l := open(t, tbl)
		l.maxItem = 3 << 10
		warm := open(t, tbl, func(c *Config) { c.CacheBytes = 1 << 20 })
		c := eager
		c.Fan = 2 + r.IntN(3)
		c.TombstonesPerWrite = 1 + r.IntN(5)
		c.All = r.IntN(2) == 0
		total := 0
		for range 6 {
			total += fill(t, l, r, r.IntN(30))
			before := whole(t, open(t, tbl), 0)
			rids := ridsOf(t, open(t, tbl))
			if len(before) != total {
				t.Fatalf("seed %d: %d records before, want %d", seed, len(before), total)
			}
			settle(t, l, 0, c)
			for _, reader := range []*Ledger{l, warm, open(t, tbl)} {
				if got := whole(t, reader, 0); !slices.Equal(got, before) {
					t.Fatalf("seed %d: compaction changed the log:\n%v\n%v", seed, before, got)
				}
				if got := ridsOf(t, reader); !slices.Equal(got, rids) {
					t.Fatalf("seed %d: compaction changed RIDs", seed)
				}
				for range 20 {
					from := Position(r.IntN(total + 1))
					checkScan(t, reader, before, from, from+Position(r.IntN(total+2)), 1+r.IntN(4000))
				}
			}
			checkManifest(t, l, tbl)
		}
	}
}

// ridsOf reads the RIDs of shard 0.
func ridsOf(t testing.TB, l *Ledger) []string {
	t.Helper()
	var list []string
	for at := Position(0); ; {
		parts, err := l.Scan(context.Background(), 0, at, End, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(parts) == 0 {
			return list
		}
		for _, p := range parts {
			for row := range p.Segment.Len() {
				rid := l.RID(p, row)
				if s, at, ok := l.Locate(rid); !ok || s != 0 || at != p.First+Position(row) {
					t.Fatalf("RID %s leads to shard %d, %d", rid, s, at)
				}
				list = append(list, rid.String())
			}
			at = p.end()
		}
	}
}

// checkManifest holds the manifest against the log (invariant C2) and against the
// segments it names.
func checkManifest(t testing.TB, l *Ledger, tbl table.Table) *Manifest {
	t.Helper()
	m, err := l.Manifest(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	next := Position(0)
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.First != next {
			t.Fatalf("entry %d begins at %d, want %d", i, e.First, next)
		}
		p, err := l.LoadEntry(context.Background(), 0, e)
		if err != nil {
			t.Fatalf("load entry %d: %v", i, err)
		}
		if p.First != e.First || p.Segment.Len() != e.N || p.Bytes != e.Bytes {
			t.Fatalf("entry %d is %+v, its part %d records at %d of %d bytes", i, e, p.Segment.Len(), p.First, p.Bytes)
		}
		next = e.End()
	}
	if next != m.High {
		t.Fatalf("entries end at %d, high is %d", next, m.High)
	}
	return m
}

// TestCompactionSettles: what is left behind is bounded and does not depend on how
// much was written.
func TestCompactionSettles(t *testing.T) {
	l := open(t, newTable())
	for i := range 300 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
		if i%10 == 0 {
			settle(t, l, 0, Compaction{Fan: 4, MaxRecords: 40, Retain: -1, Busy: -1})
		}
	}
	sum := settle(t, l, 0, Compaction{Fan: 4, MaxRecords: 40, Retain: -1, Busy: -1})
	if sum.Debt.Items >= 4 {
		t.Errorf("debt is %+v, want fewer items than make a merge", sum.Debt)
	}
	if m := checkManifest(t, l, nil); len(m.Entries) > 300/16+12 {
		t.Errorf("%d entries of 300 records", len(m.Entries))
	}
	settle(t, l, 0, Compaction{All: true, MaxRecords: 1000, Retain: -1, Busy: -1})
	m := checkManifest(t, l, nil)
	if m.High != 300 {
		t.Errorf("all is compacted up to %d, want 300", m.High)
	}
}

// TestManyChunks: closed chunks are never written again, and the manifest is read
// whole by a process that has seen none of it and by one that has seen most.
func TestManyChunks(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	c := Compaction{Fan: 2, AdoptBytes: 1, Retain: -1, Busy: -1}
	for i := range 3*chunkEntries + 20 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
		if i%100 == 99 {
			settle(t, l, 0, c)
			checkManifest(t, l, tbl)
		}
	}
	c.All = true
	settle(t, l, 0, c)
	if m := checkManifest(t, open(t, tbl), tbl); len(m.Entries) != 3*chunkEntries+20 {
		t.Errorf("%d entries", len(m.Entries))
	}
	page, err := tbl.Query(context.Background(), table.Query{Partition: manifestKey(0).Partition})
	if err != nil || len(page.Items) > 6 {
		t.Errorf("%d items of the manifest, want a root, four chunks and one that was replaced; %v", len(page.Items), err)
	}
}

// TestLateWriterAfterCompaction: the place where a writer last saw the end of the
// log was compacted since. What it writes there must not be acknowledged and lost
// (invariant L3).
func TestLateWriterAfterCompaction(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	for i := range 3 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	late := open(t, tbl)
	mustAppend(t, late, batchOf("late", 1)) // it goes by position 4 now
	for i := range 9 {
		mustAppend(t, l, batchOf(fmt.Sprint(3+i), 1))
	}
	c := eager
	c.All = true
	settle(t, l, 0, c)
	mustAppend(t, late, batchOf("later", 2))
	if got := whole(t, open(t, tbl), 0); len(got) != 15 || got[13] != "later/0" {
		t.Errorf("log is %v", got)
	}
}

// TestForgottenEnd: after the tombstones have expired, a writer and a reader that
// still know a place within the compacted range read the log anew.
func TestForgottenEnd(t *testing.T) {
	now := start()
	clock := func() time.Time { return now }
	tbl := newTableAt(clock)
	timed := func(c *Config) { c.Now = clock }
	l, late, reader := open(t, tbl, timed), open(t, tbl, timed), open(t, tbl, timed)
	mustAppend(t, l, batchOf("a", 3))
	mustAppend(t, late, batchOf("b", 1))
	if got := whole(t, reader, 0); len(got) != 4 {
		t.Fatal(got)
	}
	for i := range 6 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	c := eager
	c.All, c.MaxRecords = true, 100
	settle(t, l, 0, c)
	now = now.Add(40 * 24 * time.Hour)
	if items := stones(t, tbl); items != 0 {
		t.Fatalf("%d tombstones after 40 days", items)
	}
	parts, err := reader.Scan(context.Background(), 0, 4, End, 1<<20)
	if err != nil || len(parts) != 1 || parts[0].First != 0 {
		t.Errorf("a reader that knew the log to 4 reads %d parts, %v", len(parts), err)
	}
	if tails, err := late.Tails(context.Background()); err != nil || tails[0] != 10 {
		t.Errorf("tails %v, %v", tails, err)
	}
	mustAppend(t, late, batchOf("late", 1))
	if got := whole(t, open(t, tbl, timed), 0); len(got) != 11 || got[10] != "late/0" {
		t.Errorf("log is %v", got)
	}
}

// stones counts the tombstones of shard 0.
func stones(t *testing.T, tbl table.Table) int {
	t.Helper()
	page, err := tbl.Query(context.Background(), table.Query{Partition: partition(0)})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range page.Items {
		it, err := read(&page.Items[i])
		if err != nil {
			t.Fatal(err)
		}
		if it.form == tombstone {
			n++
		}
	}
	return n
}

// TestRoundsThatFail fails the n-th call of a round, for every n, with each
// outcome, and lets another compactor go on (issue: the round may end anywhere).
func TestRoundsThatFail(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := 0; ; n++ {
			tbl := newTable()
			l := open(t, tbl)
			l.maxItem = 3 << 10
			fill(t, l, rand.New(rand.NewPCG(7, 7)), 25)
			settle(t, l, 0, eager)
			fill(t, l, rand.New(rand.NewPCG(8, 8)), 25)
			before := whole(t, open(t, tbl), 0)

			cut := &cutTable{Table: tbl, left: n, applied: applied}
			dying := open(t, cut)
			dying.maxItem = 3 << 10
			cut.armed = true
			_, err := dying.Compact(context.Background(), 0, eager)
			if err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			if got := whole(t, open(t, tbl), 0); !slices.Equal(got, before) {
				t.Fatalf("call %d, applied %v: the log changed:\n%v\n%v", n, applied, before, got)
			}
			settle(t, l, 0, eager)
			if got := whole(t, open(t, tbl), 0); !slices.Equal(got, before) {
				t.Fatalf("call %d, applied %v, then another round: the log changed:\n%v\n%v", n, applied, before, got)
			}
			checkManifest(t, l, tbl)
			checkDoomed(t, l, tbl)
			if err == nil {
				if n < 8 {
					t.Fatalf("a round has %d calls only", n)
				}
				break
			}
		}
	}
}

// checkDoomed: a settled manifest waits for nothing.
func checkDoomed(t *testing.T, l *Ledger, tbl table.Table) {
	t.Helper()
	for range 2 { // what the last round replaced goes with the next
		if _, err := l.Compact(context.Background(), 0, eager); err != nil {
			t.Fatal(err)
		}
	}
	roots, err := l.manifestRoots(context.Background(), []Shard{0})
	if err != nil {
		t.Fatal(err)
	}
	if m := roots[0]; len(m.doomed) > 0 || len(m.unswept) > 0 {
		t.Errorf("a settled manifest has %v to remove, %v to sweep", m.doomed, m.unswept)
	}
}

var errCut = errors.New("the process is gone")

// cutTable lets a number of calls through; then nothing answers any more.
type cutTable struct {
	table.Table
	armed   bool
	left    int
	applied bool // the last call is done, but not answered
}

func (c *cutTable) gone() bool {
	if !c.armed {
		return false
	}
	c.left--
	return c.left < 0
}

func (c *cutTable) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	if c.gone() {
		return nil, errCut
	}
	return c.Table.Get(ctx, keys...)
}

func (c *cutTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if c.gone() {
		return table.Page{}, errCut
	}
	return c.Table.Query(ctx, q)
}

func (c *cutTable) Write(ctx context.Context, ops ...table.Op) error {
	if c.gone() {
		if c.applied && c.left == -1 {
			if err := c.Table.Write(ctx, ops...); err != nil {
				return fmt.Errorf("%w: %w", errCut, err)
			}
		}
		return errCut
	}
	return c.Table.Write(ctx, ops...)
}

// TestExactRetriesSurviveCompaction: with a key, and without one while the token
// stands in a reference or a tombstone.
func TestExactRetriesSurviveCompaction(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	var receipts []Receipt
	for i := range 6 {
		receipts = append(receipts, mustAppend(t, l, keyed(fmt.Sprint(i), 2, fmt.Sprint("key", i))))
	}
	c := eager
	c.All = true
	settle(t, l, 0, c)
	for i := range 6 {
		r := mustAppend(t, open(t, tbl), keyed(fmt.Sprint(i), 2, fmt.Sprint("key", i)))
		want := receipts[i]
		want.Duplicate = true
		if r != want {
			t.Errorf("repeated: %+v, want %+v", r, want)
		}
	}
	for _, at := range []Position{0, 2, 4} {
		page, err := tbl.Query(context.Background(), table.Query{Partition: partition(0), From: sortKey(at), Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		it, err := read(&page.Items[0])
		if err != nil || it.form == data || it.token == (Token{}) {
			t.Errorf("item at %d: %+v, %v", at, it, err)
		}
		w := writing{l: l, token: it.token}
		if own, err := w.wrote(&it); !own || err != nil {
			t.Errorf("item at %d does not know its writer: %v", at, err)
		}
	}
}

// TestMergedSegmentGone: a reference to a segment that is not there is no end.
func TestMergedSegmentGone(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	for i := range 6 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	c := eager
	c.All = true
	settle(t, l, 0, c)
	m := checkManifest(t, l, tbl)
	if err := tbl.Write(context.Background(), table.Op{Kind: table.Delete, Item: table.Item{Key: mergedKey(0, m.Entries[0].Segment)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, tbl).Scan(context.Background(), 0, 0, End, 1<<20); !errors.Is(err, ErrGap) {
		t.Errorf("scan of a lost segment: %v", err)
	}
	if _, err := open(t, tbl).LoadEntry(context.Background(), 0, &m.Entries[0]); !errors.Is(err, ErrGap) {
		t.Errorf("load of a lost segment: %v", err)
	}
}

// TestCompactRefuses what makes no sense.
func TestCompactRefuses(t *testing.T) {
	l := open(t, newTable())
	for _, c := range []Compaction{{Fan: 1}, {TombstonesPerWrite: table.MaxOps + 1}, {TombstonesPerWrite: -1}, {MaxRecords: -1}, {TombstoneLife: time.Hour}} {
		if _, err := l.Compact(context.Background(), 0, c); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := l.Compact(context.Background(), MaxShards, Compaction{}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

// TestCompactionIsRespected: a round that another has announced is left to it.
func TestCompactionIsRespected(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	for i := range 6 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	c := eager
	c.Busy = time.Minute
	cut := &cutTable{Table: tbl, left: 3, armed: true} // root, log, announcement
	dying := open(t, tbl)
	dying.table = cut
	if _, err := dying.Compact(context.Background(), 0, c); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if r, err := l.Compact(context.Background(), 0, c); err != nil || !r.Busy || r.Merged > 0 {
		t.Errorf("round beside another: %+v, %v", r, err)
	}
	later := open(t, tbl, func(cfg *Config) { cfg.Now = func() time.Time { return start().Add(2 * time.Minute) } })
	if r, err := later.Compact(context.Background(), 0, c); err != nil || r.Busy || r.Merged == 0 {
		t.Errorf("round after another was given up: %+v, %v", r, err)
	}
}

// TestSweepOfAnEarlierRound: a round that did not sweep, and a later one that merges
// more from the same position on. What the first has left must become tombstones
// too, or the log seems to end there when the others have expired.
func TestSweepOfAnEarlierRound(t *testing.T) {
	now := start()
	clock := func() time.Time { return now }
	tbl := newTableAt(clock)
	timed := func(c *Config) { c.Now = clock }
	l := open(t, tbl, timed)
	for i := range 4 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	dying := open(t, tbl, timed)
	dying.table = &diesAtTombstone{Table: tbl}
	if _, err := dying.Compact(context.Background(), 0, eager); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	for i := range 4 {
		mustAppend(t, l, batchOf(fmt.Sprint(4+i), 1))
	}
	c := eager
	c.All = true
	settle(t, l, 0, c)
	if n := stones(t, tbl); n != 7 {
		t.Errorf("%d tombstones, want 7", n)
	}
	now = now.Add(60 * 24 * time.Hour)
	if tails, err := open(t, tbl, timed).Tails(context.Background()); err != nil || tails[0] != 8 {
		t.Errorf("the log seems to end at %v, %v", tails, err)
	}
}

type diesAtTombstone struct{ table.Table }

func (d *diesAtTombstone) Write(ctx context.Context, ops ...table.Op) error {
	if len(ops[0].Item.Value) == tombstoneSize {
		return errCut
	}
	return d.Table.Write(ctx, ops...)
}

// TestSweepOfRangesWithinRanges: two rounds that did not sweep, the second over the
// first, leave one item in two ranges; it is buried once.
func TestSweepOfRangesWithinRanges(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	c := eager
	c.TombstonesPerWrite = table.MaxOps
	c.MaxRecords = 1000
	for round := range 3 {
		for i := range 2 << round {
			mustAppend(t, l, batchOf(fmt.Sprintf("%d.%d", round, i), 1))
		}
		dying := open(t, tbl, func(c *Config) { c.Rand = chacha(byte(20 + round)) }) // ids are never drawn twice
		dying.table = &diesAtTombstone{Table: tbl}
		all := c
		all.All = true
		if _, err := dying.Compact(context.Background(), 0, all); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	}
	settle(t, l, 0, c)
	if n := stones(t, tbl); n != 13 {
		t.Errorf("%d tombstones, want 13", n)
	}
	if list, sum := findings(t, l); len(list) > 0 || sum.Leftovers > 0 {
		t.Errorf("findings %v, %d leftovers", list, sum.Leftovers)
	}
}

// TestRangesHalfSweptForYears: whatever of two ranges, one in the other, has lost its
// tombstones before a compaction goes on, every position is found, and the end.
func TestRangesHalfSweptForYears(t *testing.T) {
	for lost := range 1 << 6 {
		tbl := newTable()
		l := open(t, tbl)
		for i := range 4 {
			mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
		}
		for round := range 2 {
			dying := open(t, tbl, func(c *Config) { c.Rand = chacha(byte(20 + round)) })
			dying.table = &diesAtTombstone{Table: tbl}
			all := eager
			all.All = true
			if _, err := dying.Compact(context.Background(), 0, all); !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			for i := range 4 - 4*round {
				mustAppend(t, l, batchOf(fmt.Sprint(4+i), 1))
			}
		}
		for i := range 6 { // 7 is at the end of the outer range and comes last
			if lost>>i&1 == 0 {
				continue
			}
			gone := table.Op{Kind: table.Delete, Item: table.Item{Key: logKey(0, Position(i+1))}}
			if err := tbl.Write(context.Background(), gone); err != nil {
				t.Fatal(err)
			}
		}
		want := whole(t, l, 0)
		for p := range Position(8) {
			fresh := open(t, tbl)
			if got := rest(t, fresh, 0, p); len(got) != int(8-p) || !slices.Equal(got, want[p:]) {
				t.Fatalf("without %06b, the log from %d is %v", lost, p, got)
			}
			if part, err := open(t, tbl).Load(context.Background(), 0, p); err != nil || part.First > p || part.end() <= p {
				t.Fatalf("without %06b, %d is in %d to %d: %v", lost, p, part.First, part.end(), err)
			}
		}
		if tails, err := open(t, tbl).Tails(context.Background()); err != nil || tails[0] != 8 {
			t.Fatalf("without %06b, the log seems to end at %v, %v", lost, tails, err)
		}
		settle(t, l, 0, eager)
		if list, sum := findings(t, l); len(list) > 0 || sum.Leftovers > 0 {
			t.Fatalf("without %06b: findings %v, %d leftovers", lost, list, sum.Leftovers)
		}
	}
}

// TestCompactionOfATornRead: the root is seen as another round has left it, the log
// as it was before. What is merged then must not overlap what was published.
func TestCompactionOfATornRead(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	for i := range 6 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	before, err := tbl.Query(context.Background(), table.Query{Partition: partition(0)})
	if err != nil {
		t.Fatal(err)
	}
	dying := open(t, tbl)
	dying.table = &diesAtTombstone{Table: tbl}
	c := eager
	c.MaxRecords = 100
	if _, err := dying.Compact(context.Background(), 0, c); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	torn := open(t, tbl, func(cfg *Config) { cfg.Rand = chacha(9) })
	torn.table = &pastLog{Table: tbl, page: before}
	c.MaxRecords = 3 // other groups than those of the first
	if r, err := torn.Compact(context.Background(), 0, c); !errors.Is(err, table.ErrBusy) || r.Merged > 0 {
		t.Errorf("a round on a log of the past: %+v, %v", r, err)
	}
	settle(t, l, 0, eager)
	if list, _ := findings(t, l); len(list) > 0 {
		t.Error(list)
	}
	if got := whole(t, open(t, tbl), 0); len(got) != 6 {
		t.Errorf("log is %v", got)
	}
}

// pastLog answers the first query of the log from the past.
type pastLog struct {
	table.Table
	page table.Page
	done bool
}

func (p *pastLog) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if q.Partition == partition(0) && !p.done {
		p.done = true
		return p.page, nil
	}
	return p.Table.Query(ctx, q)
}
