package ledger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/faulty"
)

func TestOpenTwiceIsOneLedger(t *testing.T) {
	tbl := newTable()
	a := open(t, tbl, func(c *Config) { c.Shards = 3 })
	b := open(t, tbl, func(c *Config) { c.Shards = 7; c.Rand = chacha(5) })
	n, err := b.Shards(context.Background())
	if err != nil || n != 3 || a.Epoch() != b.Epoch() || a.Epoch() == 0 {
		t.Errorf("second open: %d shards, epochs %x and %x, %v", n, a.Epoch(), b.Epoch(), err)
	}
}

func TestOpenSurvivesFaults(t *testing.T) {
	for _, f := range faulty.Faults() {
		for n := 1; n <= 3; n++ {
			inner := newTable()
			ft := faulty.New(inner, faulty.Options{Now: start, Hook: faulty.NthCall(n, f), MaxLate: 1})
			if f == faulty.Down {
				c := Config{Table: ft, Ring: testRing(t), Now: start, Rand: chacha(1), Sleep: noSleep}
				if _, err := Open(context.Background(), c); n <= 2 && !errors.Is(err, table.ErrUnavailable) {
					t.Errorf("down at call %d: %v", n, err)
				}
				continue
			}
			l := open(t, ft)
			if err := ft.Settle(context.Background()); err != nil {
				t.Fatal(err)
			}
			if again := open(t, inner); again.Epoch() != l.Epoch() {
				t.Errorf("%v at call %d: two epochs", f, n)
			}
		}
	}
}

func TestGrow(t *testing.T) {
	ctx := context.Background()
	tbl := newTable()
	writer, reader := open(t, tbl), open(t, tbl)
	for _, n := range []int{-1, 0, MaxShards + 1} {
		if err := writer.Grow(ctx, n); !errors.Is(err, ErrInvalid) {
			t.Errorf("grow to %d: %v", n, err)
		}
	}
	for _, step := range []struct{ to, want int }{{3, 3}, {2, 3}, {3, 3}, {MaxShards, MaxShards}} {
		if err := writer.Grow(ctx, step.to); err != nil {
			t.Fatal(err)
		}
		if n, err := reader.Shards(ctx); err != nil || n != step.want {
			t.Errorf("after growth to %d a reader sees %d, %v", step.to, n, err)
		}
	}
	for range 40 {
		mustAppend(t, writer, batchOf("x", 1))
	}
	used := 0
	for s := range Shard(MaxShards) {
		if len(whole(t, reader, s)) > 0 {
			used++
		}
	}
	if used < 10 {
		t.Errorf("40 batches lie in %d of 64 shards", used)
	}
}

func TestEpochs(t *testing.T) {
	ctx := context.Background()
	tbl := newTable()
	l := open(t, tbl, func(c *Config) { c.Shards = 2 })
	first := l.Epoch()
	for i := range 10 {
		mustAppend(t, l, batchOf("a", 1+i%2))
	}
	tails, err := l.Tails(ctx)
	if err != nil {
		t.Fatal(err)
	}
	beyond := Vector{tails[0] + 5, tails[1]}
	if v, err := l.Clamp(first, beyond); err != nil || !slices.Equal(v, beyond) {
		t.Errorf("own epoch: %v, %v", v, err)
	}
	if _, err := l.Scan(ctx, 0, beyond[0], End, 1); !errors.Is(err, ErrBeyond) {
		t.Errorf("scan beyond the tail: %v", err)
	}
	if _, err := l.Clamp(first, Vector{0, 0, 1}); !errors.Is(err, ErrBeyond) {
		t.Errorf("a shard that is not there: %v", err)
	}
	if _, err := l.Clamp(first+1, tails); !errors.Is(err, ErrForeign) {
		t.Errorf("foreign epoch: %v", err)
	}
	second, err := l.BeginEpoch(ctx)
	if err != nil || second == first || l.Epoch() != second {
		t.Fatalf("second epoch %x, %v", second, err)
	}
	if err := l.Grow(ctx, 3); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		mustAppend(t, l, batchOf("b", 1))
	}
	third, err := l.BeginEpoch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	fresh := open(t, tbl)
	for _, c := range []struct {
		epoch    Epoch
		in, want Vector
	}{
		{first, Vector{End, End, End}, Vector{tails[0], tails[1], 0}},
		{first, Vector{1}, Vector{1}},
		{third, Vector{7, 7, 7}, Vector{7, 7, 7}},
	} {
		if v, err := fresh.Clamp(c.epoch, c.in); err != nil || !slices.Equal(v, c.want) {
			t.Errorf("clamp %v: %v, %v, want %v", c.in, v, err, c.want)
		}
	}
	if v, err := fresh.Clamp(second, Vector{End, End, End}); err != nil || v[2] == 0 || v[0] <= tails[0] {
		t.Errorf("second epoch: %v, %v", v, err)
	}
}

func TestDamagedRootIsNoNewLedger(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	if _, err := l.BeginEpoch(context.Background()); err != nil {
		t.Fatal(err)
	}
	it := items(t, tbl, rootKey().Partition)[0]
	for i := range it.Value {
		flipped := it
		flipped.Value = slices.Clone(it.Value)
		flipped.Value[i] ^= 4
		replace(t, tbl, flipped)
		_, err := Open(context.Background(), Config{Table: tbl, Ring: testRing(t), Now: start, Rand: chacha(1), Sleep: noSleep})
		if !errors.Is(err, errRoot) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := l.Shards(context.Background()); !errors.Is(err, errRoot) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func TestRIDs(t *testing.T) {
	ctx := context.Background()
	tbl := newTable()
	ring := testRing(t)
	l := open(t, tbl, func(c *Config) { c.Ring = ring; c.Shards = 3 })
	for range 20 {
		mustAppend(t, l, batchOf("x", 3))
	}
	rotated, err := ring.Rotate(chacha(7), start())
	if err != nil {
		t.Fatal(err)
	}
	later := open(t, tbl, func(c *Config) { c.Ring = rotated })
	seen := map[activity.RID]bool{}
	for s := range Shard(3) {
		parts, err := l.Scan(ctx, s, 0, End, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			for row := range p.Segment.Len() {
				rid := l.RID(p, row)
				if seen[rid] {
					t.Errorf("two records are %s", rid)
				}
				seen[rid] = true
				if later.RID(p, row) != rid {
					t.Errorf("a new key changes the RID of a record")
				}
				for _, text := range []string{rid.String(), strings.ToLower(rid.String())} {
					gotS, gotP, ok := later.Locate(activity.RID([]byte(text)))
					if !ok || gotS != s || gotP != p.First+Position(row) {
						t.Errorf("%s is located at %d, %d, %v", text, gotS, gotP, ok)
					}
				}
				if got := rid.String()[:17]; got != "20310506070809123" {
					t.Errorf("time of %s, want that of the commit", rid)
				}
				bad := rid
				bad[20] ^= 1
				if _, _, ok := l.Locate(bad); ok {
					t.Errorf("a changed RID is located")
				}
			}
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d RIDs", len(seen))
	}
}

func TestRingMustHaveTheKeyOfTheLedger(t *testing.T) {
	tbl := newTable()
	ring := testRing(t)
	rotated, err := ring.Rotate(chacha(7), start())
	if err != nil {
		t.Fatal(err)
	}
	open(t, tbl, func(c *Config) { c.Ring = rotated })
	var old *keys.Ring = ring
	if _, err := Open(context.Background(), Config{Table: tbl, Ring: old, Now: start, Rand: chacha(1), Sleep: noSleep}); err == nil {
		t.Error("a ring without the key of the RIDs is taken")
	}
}

func TestTimesInRIDs(t *testing.T) {
	for micro, want := range map[int64]string{
		0:                          "19700101000000000",
		1455534303420999:           "20160215110503420",
		activity.MaxWhen * 1000000: "99991231235959000",
	} {
		var got [ridTime]byte
		putTime(got[:], micro)
		if string(got[:]) != want {
			t.Errorf("%d µs: %s, want %s", micro, got, want)
		}
	}
}
