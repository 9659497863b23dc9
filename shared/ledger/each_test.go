package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"docket/shared/table"
	"docket/shared/table/faulty"
)

// counting counts writes.
type counting struct {
	table.Table
	writes int
}

func (c *counting) Write(ctx context.Context, ops ...table.Op) error {
	c.writes++
	return c.Table.Write(ctx, ops...)
}

// TestAppendEach: many small batches in few transactions, with the results of Append.
func TestAppendEach(t *testing.T) {
	tbl := &counting{Table: newTable()}
	l := open(t, tbl)
	tbl.writes = 0
	var batches []Batch
	var want []string
	for i := range 250 {
		name := fmt.Sprint("b", i)
		batches = append(batches, keyed(name, 1+i%3, name))
		for k := range 1 + i%3 {
			want = append(want, fmt.Sprint(name, "/", k))
		}
	}
	receipts, errs := l.AppendEach(t.Context(), batches)
	if tbl.writes != 3 {
		t.Errorf("%d transactions, want 3", tbl.writes)
	}
	at := Position(0)
	for i, r := range receipts {
		if errs[i] != nil || r != (Receipt{Shard: 0, First: at, N: len(batches[i].Records)}) {
			t.Fatalf("%d: %+v, %v; want it at %d", i, r, errs[i], at)
		}
		at += Position(r.N)
	}
	if got := whole(t, l, 0); !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
	parts, err := l.Scan(t.Context(), 0, 0, End, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := parts[0].Segment.Runs()
	if err != nil || len(runs) != maxEach || runs[1].RequestID != "req-b1" || runs[1].N != 2 || runs[1].Principal != batches[1].Principal {
		t.Errorf("%d runs, %+v, %v", len(runs), runs[1], err)
	}
	again, errs := l.AppendEach(t.Context(), batches)
	for i, r := range again {
		receipts[i].Duplicate = true
		if errs[i] != nil || r != receipts[i] {
			t.Errorf("again %d: %+v, %v; want %+v", i, r, errs[i], receipts[i])
		}
	}
	if r := mustAppend(t, l, batches[7]); r != receipts[7] {
		t.Errorf("alone: %+v; want %+v", r, receipts[7])
	}
}

// TestAppendEachAlone: what one batch suffers is no business of the others.
func TestAppendEachAlone(t *testing.T) {
	l := open(t, newTable())
	there := mustAppend(t, l, keyed("there", 2, "there"))
	there.Duplicate = true
	reused := keyed("other", 1, "there")
	receipts, errs := l.AppendEach(t.Context(), []Batch{
		keyed("a", 1, "a"), keyed("there", 2, "there"), reused, batchOf("no key", 1), {Key: &Key{Text: "empty"}}, keyed("a", 1, "a"), keyed("b", 1, "b"),
	})
	if errs[0] != nil || errs[1] != nil || receipts[1] != there || !errors.Is(errs[2], ErrKeyReused) || errs[3] != nil || !errors.Is(errs[4], ErrInvalid) ||
		errs[5] != nil || !receipts[5].Duplicate || receipts[5].First != receipts[0].First || errs[6] != nil {
		t.Errorf("%+v, %v", receipts, errs)
	}
	got := whole(t, l, 0)
	slices.Sort(got)
	if want := []string{"a/0", "b/0", "no key/0", "there/0", "there/1"}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}

// TestAppendEachOfMuch: what does not fit one item goes in several.
func TestAppendEachOfMuch(t *testing.T) {
	l := open(t, newTable())
	var batches []Batch
	for i := range 7 {
		b := keyed(fmt.Sprint("b", i), 1, fmt.Sprint(i))
		noise := make([]byte, 100_000)
		chacha(byte(i)).Read(noise)
		b.Records[0].Details = nil
		b.Records[0].Who = fmt.Sprintf("%x", noise)
		batches = append(batches, b)
	}
	huge := keyed("huge", 1, "huge")
	huge.Records[0].Who = string(bytes.Repeat([]byte("x"), 100))
	noise := make([]byte, 600_000)
	chacha(9).Read(noise)
	huge.Records[0].What = fmt.Sprintf("%x", noise)
	batches = append(batches, huge)
	receipts, errs := l.AppendEach(t.Context(), batches)
	for i := range 7 {
		if errs[i] != nil || receipts[i].N != 1 {
			t.Errorf("%d: %+v, %v", i, receipts[i], errs[i])
		}
	}
	if !errors.Is(errs[7], ErrTooLarge) || len(whole(t, l, 0)) != 7 {
		t.Errorf("%v, %d stored", errs[7], len(whole(t, l, 0)))
	}
}

// TestAppendEachOnce: batches that are given again and again, in differing company,
// to instances that know nothing of each other, over a table that fails, are stored
// once each, and what was acknowledged is where its receipt says.
func TestAppendEachOnce(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		c := &clock{start()}
		inner := newTableAt(c.now)
		faults := faulty.New(inner, faulty.Options{Seed: seed, Now: c.now, Rates: faulty.Rates{
			faulty.Before: 0.05, faulty.After: 0.05, faulty.Busy: 0.05, faulty.Timeout: 0.05, faulty.Late: 0.08, faulty.TornAfter: 0.05, faulty.Torn: 0.05, faulty.Short: 0.05,
		}})
		acked := map[string]Receipt{}
		instance := func(tbl table.Table) *Ledger {
			for try := byte(0); ; try++ {
				l, err := Open(t.Context(), Config{Table: tbl, Ring: testRing(t), Now: c.now, Rand: chacha(byte(r.IntN(256)) ^ try), Shards: 2, CacheBytes: -1, Sleep: noSleep})
				if err == nil {
					return l
				}
				if try == 100 {
					t.Fatal(err)
				}
			}
		}
		instances := []*Ledger{instance(faults), instance(faults)}
		for len(acked) < 30 {
			c.at = c.at.Add(time.Duration(r.IntN(3600)) * time.Second)
			var batches []Batch
			for range 1 + r.IntN(8) {
				name := fmt.Sprint("b", r.IntN(30))
				batches = append(batches, keyed(name, 1+len(name)%3, name))
			}
			l := instances[r.IntN(2)]
			receipts, errs := l.AppendEach(t.Context(), batches)
			for i := range batches {
				name := batches[i].Key.Text
				if errs[i] != nil {
					continue
				}
				got := receipts[i]
				got.Duplicate = false
				if before, known := acked[name]; known && before != got {
					t.Fatalf("seed %d: %s was at %+v, now at %+v", seed, name, before, got)
				}
				acked[name] = got
			}
		}
		l := instance(inner)
		found := map[string]int{}
		for s := range Shard(2) {
			for _, rec := range whole(t, l, s) {
				found[rec]++
			}
		}
		total := 0
		for name, receipt := range acked {
			for k := range receipt.N {
				if n := found[fmt.Sprint(name, "/", k)]; n != 1 {
					t.Errorf("seed %d: %s/%d is there %d times", seed, name, k, n)
				}
				total++
			}
			parts, err := l.Scan(t.Context(), receipt.Shard, receipt.First, receipt.First+Position(receipt.N), 1<<20)
			if err != nil || len(parts) == 0 {
				t.Fatalf("seed %d: %s: %v", seed, name, err)
			}
			if got := names(t, parts[:1])[receipt.First-parts[0].First]; got != name+"/0" {
				t.Errorf("seed %d: at %+v is %s, not %s", seed, receipt, got, name)
			}
		}
		if len(found) != total {
			t.Errorf("seed %d: %d records, want %d", seed, len(found), total)
		}
	}
}
