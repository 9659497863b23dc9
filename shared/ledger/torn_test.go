package ledger

import (
	"context"
	"slices"
	"testing"

	"docket/shared/table/faulty"
)

// TestAcknowledgedMeansVisible: a batch whose answer was lost, and that readers see
// in part for a while, is acknowledged to whoever repeats it only once they see all
// of it.
func TestAcknowledgedMeansVisible(t *testing.T) {
	large := spread("x", 6)
	largeKey := spread("x", 6)
	largeKey.Key = &Key{Owner: "o", Text: "k"}
	for name, b := range map[string]Batch{"large": large, "key": keyed("x", 6, "k"), "large with key": largeKey} {
		for seed := range uint64(60) {
			torn := false
			inner := newTable()
			mustAppend(t, open(t, inner), batchOf("a", 2))
			ft := faulty.New(inner, faulty.Options{Now: start, Seed: seed, MaxLate: 30, Hook: func(c *faulty.Call) faulty.Fault {
				if c.Method == faulty.Write && len(c.Ops) > 1 && !torn {
					torn = true
					return faulty.TornAfter
				}
				return faulty.None
			}})
			first := open(t, ft)
			first.maxItem = 2 << 10
			if b.Key != nil {
				// The first process gives up; another, which does not know
				// where the log ends, gets the repetition.
				w, err := first.prepare(b)
				if err != nil {
					t.Fatal(err)
				}
				if err := ft.Write(context.Background(), w.ops(2)...); err == nil {
					t.Fatal("the write was to be torn")
				}
				first = open(t, ft, func(c *Config) { c.Rand = chacha(byte(seed)) })
				first.saw(0, 1)
			}
			r, err := first.Append(context.Background(), b)
			if err != nil {
				continue // too long in part: the client asks again
			}
			reader := open(t, ft)
			tails, err := reader.Tails(context.Background())
			if err != nil || tails[0] != 8 || r.First != 2 {
				t.Fatalf("%s, seed %d: acknowledged at %d, tails are %v, %v", name, seed, r.First, tails, err)
			}
			if got := whole(t, reader, 0); !slices.Equal(got, expect("a", 2, "x", 6)) {
				t.Fatalf("%s, seed %d: acknowledged at %d, a reader sees %v", name, seed, r.First, got)
			}
		}
	}
}
