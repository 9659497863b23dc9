package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"docket/shared/keys"
	"docket/shared/table/faulty"
)

var (
	schedules = flag.Int("schedules", 0, "schedules that TestSimulation runs; 0 is a few")
	seed      = flag.Uint64("seed", 0, "first seed; 0 is a new one")
	part      = flag.Bool("part", false, "run the schedules in this process and print what they did, as JSON")
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
	sum := total{Hits: map[string]int{}}
	switch {
	case *part:
		sum.run(first, count, ring, nil)
		if err := json.NewEncoder(os.Stdout).Encode(sum); err != nil {
			t.Fatal(err)
		}
		return
	case count > partSchedules:
		sum.runParts(t, first, count)
	case *verbose:
		sum.run(first, count, ring, t.Logf)
	default:
		sum.run(first, count, ring, nil)
	}
	if sum.Broken > 0 {
		t.Fatal(explain(sum.Broken, ring))
	}
	t.Logf("seed %d: %s, faults %v", first, sum.since(began), sum.Hits)
	if count >= 300 {
		for _, f := range faultKinds {
			if sum.Hits[f.String()] == 0 {
				t.Errorf("no call has suffered %v: the simulation does not look there", f)
			}
		}
	}
}

// total is what many schedules did.
type total struct {
	Schedules int
	Calls     int
	Merges    int // rounds of compaction that merged something
	Hits      map[string]int
	Broken    uint64 // the lowest seed that failed
}

func (sum *total) since(began time.Time) string {
	return fmt.Sprintf("%d schedules, %.0f a second, %d calls of the table, %d merges", sum.Schedules, float64(sum.Schedules)/time.Since(began).Seconds(), sum.Calls, sum.Merges)
}

// run runs schedules up to the first that breaks an invariant.
func (sum *total) run(first uint64, count int, ring *keys.Ring, trace func(string, ...any)) {
	for s := first; s < first+uint64(count) && sum.Broken == 0; s++ {
		w := newWorld(newSetup(s), ring)
		if s == first && trace != nil {
			w.trace = trace
		}
		w.run()
		sum.Schedules++
		sum.Calls += w.faults.Calls()
		sum.Merges += w.rounds
		for site, n := range w.faults.Hits() {
			sum.Hits[site.Fault.String()] += n
		}
		if len(w.broken) > 0 {
			sum.Broken = s
		}
	}
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
		func(c *setup) *bool { return &c.freezes }, func(c *setup) *bool { return &c.restarts }, func(c *setup) *bool { return &c.deliveries },
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
