package bolt_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"docket/shared/table"
	"docket/shared/table/bolt"
)

// kills is how often TestKill kills a process: a few by default, many for those
// who have the time (-args -kills 500).
var kills = flag.Int("kills", 4, "how often to kill a writing process")

// childEnv tells the test binary to be the process that is killed, and where
// its database is.
const childEnv = "DOCKET_BOLT_TEST_CHILD"

const (
	childWriters = 8
	killTable    = "kill"
)

// TestKill kills a process that writes, by SIGKILL, again and again: what it
// said was written must be there, whole and exact, and no Write in part.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	acked := make(map[string]bool)
	for round := range *kills {
		before := len(acked)
		runAndKill(t, path, round, rnd.IntN(300), acked)
		if len(acked) == before && round > 0 {
			t.Logf("round %d: killed before the first acknowledgement", round)
		}
		verify(t, path, acked)
	}
	t.Logf("%d writes acknowledged", len(acked))
}

// runAndKill starts a child, kills it after so many acknowledgements and adds
// those it gave to acked.
func runAndKill(t *testing.T, path string, round, after int, acked map[string]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, fmt.Sprint("DOCKET_BOLT_TEST_ROUND=", round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if line := lines.Text(); strings.HasSuffix(line, ".") { // the last may be cut
			acked[strings.TrimSuffix(line, ".")] = true
		}
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
}

func verify(t *testing.T, path string, acked map[string]bool) {
	t.Helper()
	alter(t, path, func(tx *bbolt.Tx) error {
		var errs []error
		for err := range tx.Check() {
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := db.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, right := all(t, db.Table(killTable), "left"), all(t, db.Table(killTable), "right")
	for name := range acked {
		if _, ok := left[name]; !ok {
			t.Fatalf("write %s was acknowledged and is lost", name)
		}
	}
	if len(left) != len(right) {
		t.Fatalf("%d left and %d right items: a write was applied in part", len(left), len(right))
	}
	for name, v := range left {
		if r, ok := right[name]; !ok || v != killValue(name) || r != killValue(name) {
			t.Fatalf("write %s is not what was written", name)
		}
	}
}

func all(t *testing.T, tbl table.Table, partition string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	q := table.Query{Partition: partition}
	for {
		page, err := tbl.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			found[it.Sort] = string(it.Value)
		}
		if !page.More {
			return found
		}
		q.From = page.Items[len(page.Items)-1].Sort + "\x00"
	}
}

// killValue is the value written under name: of any size, mostly small.
func killValue(name string) string {
	h := fnv.New64a()
	fmt.Fprint(h, name)
	sizes := []int{0, 10, 500, 600, 700, 3000, 5000, 20_000}
	return strings.Repeat(name+"/", 1+sizes[h.Sum64()%uint64(len(sizes))]/(len(name)+1))
}

// child writes until it is killed and says on stdout what was acknowledged.
func child() {
	db, err := bolt.Open(os.Getenv(childEnv), bolt.Options{Timeout: 10 * time.Second})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tbl := db.Table(killTable)
	var wg sync.WaitGroup
	for w := range childWriters {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%s.%d.%06d", os.Getenv("DOCKET_BOLT_TEST_ROUND"), w, i)
				doomed := put(key("doomed", name), 1, "x")
				doomed.Item.Expires = 1
				err := tbl.Write(context.Background(), put(key("left", name), 1, killValue(name)),
					put(key("right", name), 1, killValue(name)), doomed)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Fprintln(os.Stdout, name+".")
			}
		})
	}
	wg.Wait()
}
