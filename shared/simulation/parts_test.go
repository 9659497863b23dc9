package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// partSchedules are what a process of its own runs: some seconds of work.
const partSchedules = 1000

// runParts runs schedules in as many processes as there are processors, each with
// one: the scheduler of Go passes the turn between goroutines twice as fast when
// it has no other processor to pass it to.
func (sum *total) runParts(t *testing.T, first uint64, count int) {
	var (
		mu    sync.Mutex
		done  int // schedules handed out
		began = time.Now()
		told  = began
		all   sync.WaitGroup
	)
	take := func() (from uint64, n int) {
		mu.Lock()
		defer mu.Unlock()
		if sum.Broken > 0 || t.Failed() {
			return 0, 0
		}
		from, n = first+uint64(done), min(partSchedules, count-done)
		done += n
		return from, n
	}
	add := func(p total) {
		mu.Lock()
		defer mu.Unlock()
		sum.Schedules += p.Schedules
		sum.Calls += p.Calls
		sum.Merges += p.Merges
		for f, n := range p.Hits {
			sum.Hits[f] += n
		}
		if p.Broken > 0 && (sum.Broken == 0 || p.Broken < sum.Broken) {
			sum.Broken = p.Broken
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			fmt.Println(sum.since(began))
		}
	}
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for from, n := take(); n > 0; from, n = take() {
				p, err := runPart(t, from, n)
				if err != nil {
					t.Errorf("schedules %d to %d: %v", from, from+uint64(n)-1, err)
					return
				}
				add(p)
			}
		})
	}
	all.Wait()
}

// runPart runs schedules in a process of their own.
func runPart(t *testing.T, first uint64, count int) (total, error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSimulation$", "-test.timeout", "0",
		"-part", "-schedules", strconv.Itoa(count), "-seed", strconv.FormatUint(first, 10))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return total{}, fmt.Errorf("%w\n%s", err, out)
	}
	var sum total
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&sum); err != nil {
		return total{}, fmt.Errorf("%w in %s", err, out)
	}
	return sum, nil
}
