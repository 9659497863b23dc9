package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/keys"
)

var (
	hunt   = flag.Int("hunt", 0, "TestHunt: schedules that are tried until one breaks an invariant")
	report = flag.Bool("bugs", false, "TestSeededBugs: print the table of docs/simulation.md")
)

const (
	// seededSchedules is within how many schedules a bug must be found.
	seededSchedules = 1000

	// seededSeed begins the schedules that look for bugs: the same every time,
	// or the test would fail now and then.
	seededSeed = 1

	// seededVariable tells the binary with the bugs which of them is on.
	seededVariable = "DOCKET_SEEDED_BUG"
)

// bug is a mistake in the protocol that could be made.
type bug struct {
	name   string
	broken string // the invariants that it breaks first, for people
	edits  []edit
	// equivalent, unless empty, says why the mistake changes nothing: it must
	// not be found.
	equivalent string
}

// edit changes a source file: old, which occurs in it exactly once, becomes new.
// In new, SEEDED is true while the bug is switched on.
type edit struct{ file, old, new string }

// TestSeededBugs switches on one bug after the other and demands that the
// simulation finds it. The bugs are in no source file: one binary is built of the
// sources with all of them put in by an overlay, each behind a switch.
func TestSeededBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a binary and runs thousands of schedules; not with -short")
	}
	binary := buildSeeded(t)
	if found, out := huntBug(t, binary, 0, 50); found > 0 || !strings.Contains(out, runMany(50, testRing(t))) {
		t.Fatalf("with no bug switched on, the binary with bugs does not behave as the sources do:\n%s", tail(out))
	}
	results := make([]string, len(bugs))
	var group sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, b := range bugs {
		group.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			found, out := huntBug(t, binary, i+1, seededSchedules)
			switch {
			case found > 0 && b.equivalent != "":
				t.Errorf("bug %d, %s, should change nothing (%s); found after %d schedules: %s", i+1, b.name, b.equivalent, found, violation(out))
			case found == 0 && b.equivalent == "":
				t.Errorf("bug %d, %s, is not found within %d schedules (%s):\n%s", i+1, b.name, seededSchedules, b.broken, tail(out))
			}
			results[i] = fmt.Sprintf("| %s | %s | %s |", b.name, count(found), violation(out))
		})
	}
	group.Wait()
	t.Logf("%d bugs", len(bugs))
	if *report {
		fmt.Println(strings.Join(results, "\n"))
	}
}

func count(found int) string {
	if found == 0 {
		return "never"
	}
	return strconv.Itoa(found)
}

// TestHunt is what the binary with the bugs runs: it looks for a schedule that
// breaks an invariant and says which, without making it smaller.
func TestHunt(t *testing.T) {
	if *hunt == 0 {
		t.Skip("for TestSeededBugs, with -hunt")
	}
	fmt.Println(runMany(*hunt, testRing(t)))
}

// runMany runs schedules up to the first that breaks an invariant, and says in one
// line what was broken or, as a hash, what happened in all of them.
func runMany(schedules int, ring *keys.Ring) string {
	sum, calls := uint64(0), 0
	for i := range uint64(schedules) {
		w := newWorld(newSetup(seededSeed+i), ring)
		w.run()
		if len(w.broken) > 0 {
			return fmt.Sprintf("found after %d: %s", i+1, strings.ReplaceAll(w.broken[0], "\n", " "))
		}
		sum = sum*31 + w.hash
		calls += w.faults.Calls()
	}
	return fmt.Sprintf("%d schedules, %d calls, hash %016x", schedules, calls, sum)
}

// huntBug runs the binary with one bug on and returns how many schedules it took
// to find it, 0 if it was not found.
func huntBug(t *testing.T, binary string, number, schedules int) (found int, out string) {
	cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^TestHunt$", "-test.timeout", "3m", "-hunt", strconv.Itoa(schedules))
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", seededVariable, number), "GOMAXPROCS=1")
	began := time.Now()
	text, err := cmd.CombinedOutput()
	if m := foundLine.FindSubmatch(text); m != nil {
		if found, err = strconv.Atoi(string(m[1])); err != nil {
			t.Errorf("bug %d: %v", number, err)
		}
		return found, string(text)
	}
	if err != nil { // a panic or an endless schedule is not what is looked for
		t.Errorf("bug %d, after %v: %v\n%s", number, time.Since(began), err, tail(string(text)))
	}
	return 0, string(text)
}

var foundLine = regexp.MustCompile(`(?m)^found after (\d+): (.*)$`)

// violation is what was found first.
func violation(out string) string {
	if m := foundLine.FindStringSubmatch(out); m != nil {
		return m[2]
	}
	return ""
}

func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(len(lines)-30, 0):], "\n")
}

// buildSeeded builds this package's tests with every bug behind a switch.
func buildSeeded(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	add := func(path, text string) {
		changed := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, path)] = changed
	}
	packages := map[string]bool{}
	for path, text := range seededSources(t, root) {
		add(path, text)
		packages[filepath.Dir(path)] = true
	}
	for pkg := range packages {
		add(filepath.Join(pkg, "seeded_switch.go"), fmt.Sprintf(seededSwitch, filepath.Base(pkg), seededVariable))
	}
	for path, text := range seededHelpers {
		add(path, text)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "seeded.test")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlayFile, "-o", binary, "./shared/simulation")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build with seeded bugs: %v\n%s", err, out)
	}
	return binary
}

const seededSwitch = `package %s

import "os"

var seededBug = os.Getenv(%q)

func seeded(number string) bool { return seededBug == number }
`

// seededSources returns the sources that bugs change, changed.
func seededSources(t *testing.T, root string) map[string]string {
	t.Helper()
	type change struct {
		at, end int
		text    string
		bug     int
	}
	sources, changes := map[string]string{}, map[string][]change{}
	for i, b := range bugs {
		for _, e := range b.edits {
			if sources[e.file] == "" {
				text, err := os.ReadFile(filepath.Join(root, e.file))
				if err != nil {
					t.Fatal(err)
				}
				sources[e.file] = string(text)
			}
			if n := strings.Count(sources[e.file], e.old); n != 1 {
				t.Fatalf("bug %d, %s: %s has this %d times, must be once: change the bug as the source has changed\n%s", i+1, b.name, e.file, n, e.old)
			}
			at := strings.Index(sources[e.file], e.old)
			text := strings.ReplaceAll(e.new, "SEEDED", fmt.Sprintf("seeded(%q)", strconv.Itoa(i+1)))
			changes[e.file] = append(changes[e.file], change{at, at + len(e.old), text, i + 1})
		}
	}
	for file, list := range changes {
		slices.SortFunc(list, func(a, b change) int { return b.at - a.at })
		text := sources[file]
		for k, c := range list {
			if k > 0 && c.end > list[k-1].at {
				t.Fatalf("bugs %d and %d change the same text of %s", c.bug, list[k-1].bug, file)
			}
			text = text[:c.at] + c.text + text[c.end:]
		}
		sources[file] = text
	}
	return sources
}
