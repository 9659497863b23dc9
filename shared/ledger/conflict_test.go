package ledger

import (
	"context"
	"testing"
)

// TestLostRacesAreTold: each once, to whoever lost, and nothing else is.
func TestLostRacesAreTold(t *testing.T) {
	tbl := newTable()
	var lost [2]int
	counting := func(i int) func(*Config) {
		return func(c *Config) {
			c.Shards = 1
			c.Conflict = func(context.Context) { lost[i]++ }
		}
	}
	a, b := open(t, tbl, counting(0)), open(t, tbl, counting(1))
	mustAppend(t, a, batchOf("first", 3))
	mustAppend(t, b, batchOf("second", 2))
	if lost != [2]int{} {
		t.Fatalf("lost %v before there was a race", lost)
	}
	mustAppend(t, a, batchOf("third", 1)) // a does not know of the second
	mustAppend(t, a, batchOf("fourth", 1))
	if lost != [2]int{1, 0} {
		t.Errorf("lost %v; want 1 by the first writer", lost)
	}
}
