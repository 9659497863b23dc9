package simulation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"docket/shared/keys"
	"docket/shared/table/faulty"
)

var (
	schedules = flag.Int("schedules", 0, "schedules that TestSimulation runs; 0 is a few")
	seed      = flag.Uint64("seed", 0, "first seed; 0 is a new one")
	verbose   = flag.Bool("trace", false, "print every call of the first schedule")
)

// TestMain lets garbage be: schedules are short and make much of it.
func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

func testRing(t testing.TB) *keys.Ring {
	t.Helper()
	ring, err := keys.Generate(rand.NewChaCha8([32]byte{200}), begin(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestSimulation runs schedules. A failure names its seed and prints the smallest
// schedule that was found to fail: make simulate SCHEDULES=1 SEED=N repeats it.
func TestSimulation(t *testing.T) {
	first, count := *seed, *schedules
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	if count == 0 {
		count = few
	}
	ring := testRing(t)
	began := time.Now()
	sum := runAll(t, first, count, ring)
	calls, sites := sum.calls, sum.sites
	if sum.broken > 0 {
		t.Fatal(explain(sum.broken, ring))
	}
	t.Logf("seed %d: %d schedules, %.0f a second, %d calls of the table, %d merges, faults %v", first, count, float64(count)/time.Since(began).Seconds(), calls, sum.rounds, sites)
	if count >= 300 {
		for _, f := range faultKinds {
			m := faulty.Write
			if f == faulty.Short || f == faulty.Stale {
				m = faulty.Query
			}
			if sites[faulty.Site{Method: m, Fault: f}] == 0 {
				t.Errorf("no call has suffered %v: the simulation does not look there", f)
			}
		}
	}
}

// total is what many schedules did.
type total struct {
	calls  int
	rounds int // of compaction, that merged something
	sites  map[faulty.Site]int
	broken uint64 // the lowest seed that failed
}

// runAll runs schedules on all processors: they know nothing of each other.
func runAll(t *testing.T, first uint64, count int, ring *keys.Ring) total {
	var (
		mu    sync.Mutex
		next  = first
		began = time.Now()
		told  = began
		sum   = total{sites: map[faulty.Site]int{}}
		all   sync.WaitGroup
	)
	take := func() (uint64, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next-1 < first+uint64(count) && sum.broken == 0
	}
	done := func(w *world) {
		mu.Lock()
		defer mu.Unlock()
		sum.calls += w.faults.Calls()
		sum.rounds += w.rounds
		for site, n := range w.faults.Hits() {
			sum.sites[site] += n
		}
		if len(w.broken) > 0 && (sum.broken == 0 || w.seed < sum.broken) {
			sum.broken = w.seed
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			n := next - first
			fmt.Printf("%d schedules, %.0f a second, %d calls of the table, %d merges\n", n, float64(n)/time.Since(began).Seconds(), sum.calls, sum.rounds)
		}
	}
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for s, more := take(); more; s, more = take() {
				w := newWorld(newSetup(s), ring)
				if *verbose && s == first {
					w.trace = t.Logf
				}
				w.run()
				done(w)
			}
		})
	}
	all.Wait()
	return sum
}

// explain makes a failing schedule smaller and tells it.
func explain(seed uint64, ring *keys.Ring) string {
	s := smaller(newSetup(seed), ring)
	w := newWorld(s, ring)
	text := ""
	w.trace = func(format string, args ...any) {
		if w.quiet {
			return
		}
		text += fmt.Sprintf("  %s ", w.at.Format("15:04:05.000000")) + fmt.Sprintf(format, args...) + "\n"
	}
	w.run()
	return fmt.Sprintf("seed %d: %s\nsmallest schedule found: %s\n%s", seed, w.broken[0], s, text)
}

// smaller leaves out of a failing schedule whatever it fails without.
func smaller(s setup, ring *keys.Ring) setup {
	fails := func(s setup) bool {
		w := newWorld(s, ring)
		w.run()
		return len(w.broken) > 0
	}
	for again := true; again; {
		again = false
		for _, change := range changes(s) {
			if fails(change) {
				s, again = change, true
				break
			}
		}
	}
	return s
}

// changes are setups with one thing less.
func changes(s setup) []setup {
	var list []setup
	add := func(f func(*setup)) {
		c := s
		f(&c)
		list = append(list, c)
	}
	for _, n := range []func(*setup) *int{
		func(c *setup) *int { return &c.scanners }, func(c *setup) *int { return &c.searchers }, func(c *setup) *int { return &c.walkers },
		func(c *setup) *int { return &c.compactors }, func(c *setup) *int { return &c.writers }, func(c *setup) *int { return &c.batches },
	} {
		if *n(&s) > 0 {
			add(func(c *setup) { *n(c)-- })
		}
	}
	for _, b := range []func(*setup) *bool{
		func(c *setup) *bool { return &c.growth }, func(c *setup) *bool { return &c.kills },
		func(c *setup) *bool { return &c.freezes }, func(c *setup) *bool { return &c.restarts },
	} {
		if *b(&s) {
			add(func(c *setup) { *b(c) = false })
		}
	}
	for _, f := range faultKinds {
		if !s.noFault[f] {
			add(func(c *setup) {
				without := map[faulty.Fault]bool{f: true}
				for g := range s.noFault {
					without[g] = true
				}
				c.noFault = without
			})
		}
	}
	return list
}

// TestSameSeedSameSchedule, on any number of processors, or a failure could not be
// found again.
func TestSameSeedSameSchedule(t *testing.T) {
	ring := testRing(t)
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for s := range uint64(max(few/40, 5)) {
		a, b := newWorld(newSetup(s), ring), newWorld(newSetup(s), ring)
		runtime.GOMAXPROCS(1)
		a.run()
		runtime.GOMAXPROCS(4)
		b.run()
		if a.hash != b.hash || a.faults.Calls() != b.faults.Calls() {
			t.Errorf("seed %d: %x after %d calls, and %x after %d", s, a.hash, a.faults.Calls(), b.hash, b.faults.Calls())
		}
	}
}
