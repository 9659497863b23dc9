package faulty_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"docket/shared/table"
	"docket/shared/table/faulty"
	"docket/shared/table/memory"
	"docket/shared/table/tabletest"
)

// Without faults, and with those that a patient user does not notice, the
// wrapper is a table like any other.
func TestTable(t *testing.T) {
	for name, o := range map[string]faulty.Options{
		"no faults": {},
		"patience": {Seed: 1, Hook: func(c *faulty.Call) faulty.Fault {
			switch {
			case c.Method == faulty.Write && c.N%3 == 0:
				return faulty.Busy
			case c.N%5 == 0:
				return faulty.Slow
			case c.N%2 == 0:
				return faulty.Torn
			}
			return faulty.None
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tabletest.Run(t, func(t *testing.T, now func() time.Time) table.Table {
				o.Now = now
				return faulty.New(memory.New(now), o)
			})
		})
	}
}

func key(sort string) table.Key { return table.Key{Partition: "p", Sort: sort} }

func put(sort string, version uint64) table.Op {
	return table.Op{Item: table.Item{Key: key(sort), Version: version}}
}

func putAbsent(sort string, version uint64) table.Op {
	op := put(sort, version)
	op.If = table.Absent
	return op
}

// sorts lists what a query shows, as sort=version.
func sorts(t *testing.T, tbl table.Table, q table.Query) string {
	t.Helper()
	q.Partition = "p"
	page, err := tbl.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return list(page.Items)
}

func list(items []table.Item) string {
	var parts []string
	for _, it := range items {
		parts = append(parts, fmt.Sprintf("%s=%d", it.Sort, it.Version))
	}
	return strings.Join(parts, " ")
}

// What each fault does to a write: its error, and what is there afterwards.
func TestWrites(t *testing.T) {
	tests := []struct {
		fault      faulty.Fault
		err        error
		then, last string // right after it, and in the end
	}{
		{faulty.None, nil, "a=1 b=1 c=1", "a=1 b=1 c=1"},
		{faulty.Before, table.ErrUnavailable, "a=0", "a=0"},
		{faulty.After, table.ErrUnavailable, "a=1 b=1 c=1", "a=1 b=1 c=1"},
		{faulty.Busy, table.ErrBusy, "a=0", "a=0"},
		{faulty.Slow, nil, "a=1 b=1 c=1", "a=1 b=1 c=1"},
		{faulty.Late, table.ErrUnavailable, "a=0", "a=1 b=1 c=1"},
		{faulty.Torn, nil, "a=1 b=1 c=1", "a=1 b=1 c=1"},
	}
	for _, tt := range tests {
		tbl := faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(2, tt.fault), MaxLate: 1_000_000, Seed: 7})
		if err := tbl.Write(t.Context(), put("a", 0)); err != nil {
			t.Fatal(err)
		}
		if err := tbl.Write(t.Context(), put("a", 1), putAbsent("b", 1), put("c", 1)); !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", tt.fault, err, tt.err)
		}
		if got := sorts(t, tbl, table.Query{}); got != tt.then {
			t.Errorf("%s: then there is %s, want %s", tt.fault, got, tt.then)
		}
		if err := tbl.Settle(t.Context()); err != nil {
			t.Error(err)
		}
		if got := sorts(t, tbl, table.Query{}); got != tt.last {
			t.Errorf("%s: in the end there is %s, want %s", tt.fault, got, tt.last)
		}
		want := map[faulty.Site]int{{Method: faulty.Write, Fault: tt.fault}: 1}
		if tt.fault == faulty.None {
			want = map[faulty.Site]int{}
		}
		if got := tbl.Hits(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: hits %v", tt.fault, got)
		}
	}
}

// A timeout is done sometimes and sometimes not, and takes its time.
func TestTimeout(t *testing.T) {
	outcomes := make(map[string]int)
	for seed := range uint64(40) {
		var slept time.Duration
		tbl := faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(1, faulty.Timeout), Seed: seed,
			Sleep: func(_ context.Context, d time.Duration) error { slept += d; return nil }})
		err := tbl.Write(t.Context(), put("a", 1))
		if !errors.Is(err, table.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || slept != faulty.SlowTime {
			t.Errorf("error %v after %v", err, slept)
		}
		outcomes[sorts(t, tbl, table.Query{})]++
	}
	if outcomes[""] == 0 || outcomes["a=1"] == 0 || len(outcomes) != 2 {
		t.Errorf("outcomes %v", outcomes)
	}
}

// A late write is judged when it is done, not when it was asked for.
func TestLateConditions(t *testing.T) {
	tbl := faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCalls(map[int]faulty.Fault{1: faulty.Late, 2: faulty.Late}), MaxLate: 1000})
	for _, op := range []table.Op{putAbsent("a", 1), putAbsent("b", 1)} {
		if err := tbl.Write(t.Context(), op); !errors.Is(err, table.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if err := tbl.Write(t.Context(), putAbsent("a", 2)); err != nil {
		t.Fatal(err)
	}
	if err := tbl.Settle(t.Context()); err != nil {
		t.Errorf("a failed condition is no failure: %v", err)
	}
	if got := sorts(t, tbl, table.Query{}); got != "a=2 b=1" {
		t.Errorf("there is %s", got)
	}
	// Without Settle it is done within MaxLate calls, at the latest before the
	// one that follows.
	tbl = faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(1, faulty.Late), MaxLate: 1})
	if err := tbl.Write(t.Context(), put("a", 1)); !errors.Is(err, table.ErrUnavailable) {
		t.Fatal(err)
	}
	if got := sorts(t, tbl, table.Query{}); got != "a=1" {
		t.Errorf("at the next call there is %q", got)
	}
	tbl = faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(1, faulty.Late), MaxLate: 10})
	if err := tbl.Write(t.Context(), put("a", 1)); !errors.Is(err, table.ErrUnavailable) {
		t.Fatal(err)
	}
	for range 10 {
		sorts(t, tbl, table.Query{})
	}
	if got := sorts(t, tbl, table.Query{}); got != "a=1" {
		t.Errorf("after MaxLate calls there is %q", got)
	}
}

// Twice answers the conditions of the second time.
func TestTwice(t *testing.T) {
	tbl := faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(1, faulty.Twice)})
	err := tbl.Write(t.Context(), putAbsent("a", 5))
	var ce *table.ConditionError
	if !errors.As(err, &ce) || ce.Failed[0].Existing == nil || ce.Failed[0].Existing.Version != 5 {
		t.Errorf("error %v", err)
	}
	if got := sorts(t, tbl, table.Query{}); got != "a=5" {
		t.Errorf("there is %s", got)
	}
}

func TestDown(t *testing.T) {
	tbl := faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(2, faulty.Down)})
	if err := tbl.Write(t.Context(), put("a", 1)); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, getErr := tbl.Get(t.Context(), key("a"))
		for _, err := range []error{getErr, tbl.Write(t.Context(), put("b", 1))} {
			if !errors.Is(err, table.ErrUnavailable) {
				t.Errorf("while down: %v", err)
			}
		}
	}
	tbl.Restore()
	if got := sorts(t, tbl, table.Query{}); got != "a=1" {
		t.Errorf("there is %s", got)
	}
}

// Stale reads show some state of the past, each of them sometimes, and only to
// those who ask for it.
func TestStale(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(60) {
		tbl := faulty.New(memory.New(nil), faulty.Options{Rates: faulty.Rates{faulty.Stale: 1}, Seed: seed})
		del := put("b", 0)
		del.Kind = table.Delete
		for _, op := range []table.Op{put("a", 1), put("b", 1), put("a", 2), del} {
			if err := tbl.Write(t.Context(), op); err != nil {
				t.Fatal(err)
			}
		}
		seen[sorts(t, tbl, table.Query{Eventual: true})] = true
		if got := sorts(t, tbl, table.Query{}); got != "a=2" {
			t.Fatalf("a strong read shows %s", got)
		}
	}
	want := map[string]bool{"": true, "a=1": true, "a=1 b=1": true, "a=2 b=1": true}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

// TestStaleRanges asks for ranges of the past and compares them with all states
// that there were.
func TestStaleRanges(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		now := time.Unix(1_000_000, 0)
		clock := func() time.Time { return now }
		tbl := faulty.New(memory.New(clock), faulty.Options{Rates: faulty.Rates{faulty.Stale: 1}, Seed: seed, Now: clock})
		states := []map[string]table.Item{{}}
		for range 1 + rnd.IntN(20) {
			op := put(fmt.Sprint(rnd.IntN(9)), rnd.Uint64())
			if rnd.IntN(4) == 0 {
				op.Item.Expires = now.Unix() + int64(1+rnd.IntN(20))
			}
			if rnd.IntN(4) == 0 {
				op.Kind = table.Delete
			}
			if err := tbl.Write(t.Context(), op); err != nil {
				t.Fatal(err)
			}
			state := maps.Clone(states[len(states)-1])
			state[op.Item.Sort] = op.Item
			if op.Kind == table.Delete {
				delete(state, op.Item.Sort)
			}
			states = append(states, state)
			now = now.Add(time.Second)
		}
		bounds := []string{"", "2", "4", "7"}
		q := table.Query{Partition: "p", From: bounds[rnd.IntN(4)], To: bounds[rnd.IntN(4)], Reverse: rnd.IntN(2) == 0, Limit: rnd.IntN(4), Eventual: true}
		got, err := tbl.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(states, func(s map[string]table.Item) bool {
			items, more := answer(s, q, now)
			return list(items) == list(got.Items) && more == got.More
		}) {
			t.Fatalf("seed %d: %+v is answered %s (more %t), which was never so", seed, q, list(got.Items), got.More)
		}
	}
}

// answer is what state has to say to q.
func answer(state map[string]table.Item, q table.Query, now time.Time) (items []table.Item, more bool) {
	for _, s := range slices.Sorted(maps.Keys(state)) {
		if it := state[s]; !it.ExpiredAt(now) && s >= q.From && (q.To == "" || s < q.To) {
			items = append(items, it)
		}
	}
	if q.Reverse {
		slices.Reverse(items)
	}
	if q.Limit > 0 && len(items) > q.Limit {
		return items[:q.Limit], true
	}
	return items, false
}

// Readers see a proper part of a torn write while it goes on, and all of it when
// it has ended.
func TestTorn(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(60) {
		var tbl *faulty.Table
		tbl = faulty.New(memory.New(nil), faulty.Options{
			Hook: faulty.NthCall(2, faulty.Torn), Seed: seed,
			Sleep: func(context.Context, time.Duration) error {
				shown := sorts(t, tbl, table.Query{})
				seen[shown] = true
				if reversed := strings.Fields(sorts(t, tbl, table.Query{Reverse: true})); len(reversed) != len(strings.Fields(shown)) {
					t.Errorf("in reverse there is %v, else %s", reversed, shown)
				}
				items, err := tbl.Get(t.Context(), key("a"), key("b"))
				if err != nil || list(items) != shown {
					t.Errorf("Get shows %s, Query %s (%v)", list(items), shown, err)
				}
				return nil
			},
		})
		if err := tbl.Write(t.Context(), put("a", 0)); err != nil {
			t.Fatal(err)
		}
		if err := tbl.Write(t.Context(), put("a", 1), put("b", 1)); err != nil {
			t.Fatal(err)
		}
		if got := sorts(t, tbl, table.Query{}); got != "a=1 b=1" {
			t.Fatalf("after it there is %s", got)
		}
	}
	if want := map[string]bool{"a=0 b=1": true, "a=1": true}; !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

// A torn write whose answer was lost stays torn for a while, but not for one
// who writes to the same place.
func TestTornAfter(t *testing.T) {
	parts := 0
	for seed := range uint64(20) {
		tbl := faulty.New(memory.New(nil), faulty.Options{Hook: faulty.NthCall(1, faulty.TornAfter), Seed: seed, MaxLate: 1000})
		if err := tbl.Write(t.Context(), put("a", 1), put("b", 1), put("c", 1)); !errors.Is(err, table.ErrUnavailable) {
			t.Fatal(err)
		}
		// By chance it may be settled at once; few of these seeds do that.
		if n := len(strings.Fields(sorts(t, tbl, table.Query{}))); n == 1 || n == 2 {
			parts++
		}
		err := tbl.Write(t.Context(), putAbsent("a", 2), putAbsent("b", 2), putAbsent("c", 2))
		var ce *table.ConditionError
		if !errors.As(err, &ce) || len(ce.Failed) != 3 {
			t.Fatalf("seed %d: a write to the same keys: %v", seed, err)
		}
		if got := sorts(t, tbl, table.Query{}); got != "a=1 b=1 c=1" {
			t.Fatalf("seed %d: after it there is %q", seed, got)
		}
	}
	if parts < 15 {
		t.Errorf("a part was seen %d times of 20", parts)
	}
}

// Short pages keep the rules: a walk by them finds all.
func TestShort(t *testing.T) {
	tbl := faulty.New(memory.New(nil), faulty.Options{Rates: faulty.Rates{faulty.Short: 1}, Seed: 3})
	var want []string
	for i := range 40 {
		s := fmt.Sprintf("%02d", i)
		want = append(want, s+"=1")
		if err := tbl.Write(t.Context(), put(s, 1)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	q := table.Query{Partition: "p"}
	pages := 0
	for {
		page, err := tbl.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		if len(page.Items) > 0 {
			got = append(got, strings.Fields(list(page.Items))...)
			q.From = page.Items[len(page.Items)-1].Sort + "\x00"
		}
		if !page.More {
			break
		}
	}
	if !reflect.DeepEqual(got, want) || pages < 3 {
		t.Errorf("in %d pages there is %v", pages, got)
	}
}

// TestHonest does random writes under all faults at once and holds every answer
// against what is there when all has settled.
func TestHonest(t *testing.T) {
	rates := faulty.Rates{}
	for _, f := range faulty.Faults() {
		if f != faulty.Down && f != faulty.Twice { // Twice is not honest
			rates[f] = 0.08
		}
	}
	hits := make(map[faulty.Site]int)
	for seed := range uint64(100) {
		inner := memory.New(nil)
		tbl := faulty.New(inner, faulty.Options{Rates: rates, Seed: seed})
		answers := make([]error, 50)
		for i := range answers {
			a, b := fmt.Sprintf("%02d a", i), fmt.Sprintf("%02d b", i)
			answers[i] = tbl.Write(t.Context(), putAbsent(a, 1), putAbsent(b, 1))
			if _, err := tbl.Query(t.Context(), table.Query{Partition: "p", Eventual: true}); err != nil && !errors.Is(err, table.ErrUnavailable) && !errors.Is(err, table.ErrBusy) {
				t.Fatal(err)
			}
		}
		if err := tbl.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, answer := range answers {
			items, err := inner.Get(t.Context(), key(fmt.Sprintf("%02d a", i)), key(fmt.Sprintf("%02d b", i)))
			switch {
			case err != nil:
				t.Fatal(err)
			case len(items) == 1:
				t.Fatalf("seed %d: write %d was done by half", seed, i)
			case answer == nil && len(items) == 0:
				t.Fatalf("seed %d: write %d was acknowledged and is not there", seed, i)
			case errors.Is(answer, table.ErrBusy) && len(items) > 0:
				t.Fatalf("seed %d: write %d was refused and is there", seed, i)
			}
		}
		for s, n := range tbl.Hits() {
			hits[s] += n
		}
	}
	for f := range rates {
		n := 0
		for _, m := range []faulty.Method{faulty.Get, faulty.Query, faulty.Write} {
			n += hits[faulty.Site{Method: m, Fault: f}]
		}
		if n == 0 {
			t.Errorf("fault %s never happened", f)
		}
	}
}

// The same seed and calls give the same answers.
func TestDeterminism(t *testing.T) {
	rates := faulty.Rates{}
	for _, f := range faulty.Faults() {
		rates[f] = 0.07
	}
	delete(rates, faulty.Down)
	traces := make(map[string]uint64)
	for seed := range uint64(20) {
		trace := run(t, rates, seed)
		if again := run(t, rates, seed); again != trace {
			t.Fatalf("seed %d: two runs differ:\n%s\n%s", seed, trace, again)
		}
		if other, ok := traces[trace]; ok {
			t.Errorf("seeds %d and %d give the same run", other, seed)
		}
		traces[trace] = seed
	}
}

func run(t *testing.T, rates faulty.Rates, seed uint64) string {
	t.Helper()
	tbl := faulty.New(memory.New(nil), faulty.Options{Rates: rates, Seed: seed})
	rnd := rand.New(rand.NewPCG(seed, 1))
	var trace strings.Builder
	for range 100 {
		a, b := fmt.Sprint(rnd.IntN(8)), fmt.Sprint(8+rnd.IntN(8))
		switch rnd.IntN(3) {
		case 0:
			fmt.Fprintln(&trace, "write", tbl.Write(t.Context(), put(a, rnd.Uint64()), putAbsent(b, 1)))
		case 1:
			items, err := tbl.Get(t.Context(), key(a), key(b))
			fmt.Fprintln(&trace, "get", list(items), err)
		default:
			page, err := tbl.Query(t.Context(), table.Query{Partition: "p", From: a, Eventual: true, Limit: rnd.IntN(5)})
			fmt.Fprintln(&trace, "query", list(page.Items), page.More, err)
		}
	}
	return trace.String()
}
