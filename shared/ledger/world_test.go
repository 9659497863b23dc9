package ledger

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/memory"
)

// start is when tests begin, long before or after whoever runs them.
func start() time.Time { return time.Date(2031, 5, 6, 7, 8, 9, 123456000, time.UTC) }

// clock is a time that stands still until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// chacha is a repeatable source of random bytes.
func chacha(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func testRing(t testing.TB) *keys.Ring {
	t.Helper()
	ring, err := keys.Generate(chacha(200), start(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// noSleep makes repetitions immediate.
func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// open returns a ledger of one shard without a cache over tbl, changed by each of
// edits.
func open(t testing.TB, tbl table.Table, edits ...func(*Config)) *Ledger {
	t.Helper()
	c := Config{
		Table: tbl, Ring: testRing(t), Now: start, Rand: chacha(1), Shards: 1, CacheBytes: -1, Sleep: noSleep,
	}
	for _, edit := range edits {
		edit(&c)
	}
	l, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newTable() *memory.Table { return memory.New(start) }

func newTableAt(now func() time.Time) *memory.Table { return memory.New(now) }

// records makes n records that are recognised by their batch and number.
func records(batch string, n int) []activity.Record {
	list := make([]activity.Record, n)
	for i := range list {
		list[i] = activity.Record{
			Who: batch, Where: "host", ObjectType: "File", What: fmt.Sprint(i), Action: activity.Modified,
			When: start().Unix() - int64(i), DataSource: activity.APIDataSource,
		}
	}
	return list
}

func batchOf(name string, n int) Batch {
	return Batch{Records: records(name, n), Principal: `Enterprise\Writer`, RequestID: "req-" + name}
}

func keyed(name string, n int, key string) Batch {
	b := batchOf(name, n)
	b.Key = &Key{Owner: b.Principal, Text: key, Body: [32]byte([]byte(fmt.Sprintf("%-32s", name))), Life: MinKeyLife}
	return b
}

func mustAppend(t testing.TB, l *Ledger, b Batch) Receipt {
	t.Helper()
	r, err := l.Append(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// names returns "batch/number" of every record of parts.
func names(t testing.TB, parts []Part) []string {
	t.Helper()
	var list []string
	for _, p := range parts {
		recs, err := p.Segment.Records(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range recs {
			list = append(list, recs[i].Who+"/"+recs[i].What)
		}
	}
	return list
}

// whole returns all records of a shard, read from the beginning.
func whole(t testing.TB, l *Ledger, s Shard) []string {
	t.Helper()
	return rest(t, l, s, 0)
}

// rest is what a shard holds from a position on.
func rest(t testing.TB, l *Ledger, s Shard, at Position) []string {
	t.Helper()
	var list []string
	for {
		parts, err := l.Scan(context.Background(), s, at, End, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(parts) == 0 {
			return list
		}
		for i, p := range parts {
			if p.First != at && (i > 0 || p.First > at || p.end() <= at) {
				t.Fatalf("part %d from %d to %d, want %d", i, p.First, p.end(), at)
			}
			list = append(list, names(t, parts[i:i+1])[at-p.First:]...)
			at = p.end()
		}
	}
}

// expect lists the records of batches given as name and size.
func expect(pairs ...any) []string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		for j := range pairs[i+1].(int) {
			list = append(list, fmt.Sprintf("%s/%d", pairs[i], j))
		}
	}
	return list
}

// items returns all that is stored of a partition.
func items(t testing.TB, tbl table.Table, partition string) []table.Item {
	t.Helper()
	var all []table.Item
	for from, more := "", true; more; from = all[len(all)-1].Sort + "\x00" {
		page, err := tbl.Query(context.Background(), table.Query{Partition: partition, From: from})
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page.Items...); len(all) == 0 {
			return nil
		}
		more = page.More
	}
	return all
}

// replace stores it in place of what is there.
func replace(t testing.TB, tbl table.Table, it table.Item) {
	t.Helper()
	it.Value = bytes.Clone(it.Value)
	if err := tbl.Write(context.Background(), table.Op{Kind: table.Put, Item: it}); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, tbl table.Table, k table.Key) {
	t.Helper()
	if err := tbl.Write(context.Background(), table.Op{Kind: table.Delete, Item: table.Item{Key: k}}); err != nil {
		t.Fatal(err)
	}
}
