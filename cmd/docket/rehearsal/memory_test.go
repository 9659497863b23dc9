package rehearsal

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"docket/shared/source/sourcetest"
)

// BenchmarkMemory gives the ingest function files that are too large for any memory,
// and reports the most that a process of it had resident (VmHWM of proc(5)). Over 256
// MB is a failure.
func BenchmarkMemory(b *testing.B) {
	built := build(b)
	const most = 256 << 20
	filler := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		name          string
		head, members string // packed: the head, and many times the other
		times         int
		records       int
		dead          bool // the rest of the file is refused
	}{
		{"a text of 1 GB", `{"Who":"`, filler, 1 << 10, 0, true},
		{"a line of 10 GB", `{"Who":"`, filler, 10 << 10, 0, true},
		{"a line of 10 GB without any form", "", filler, 10 << 10, 0, true},
		{"2 million records", "", strings.Repeat(one("large", "")+"\n", 10_000), 200, 2_000_000, false},
		{"2 million records in a line", "[" + one("large", ""), strings.Repeat(","+one("large", ""), 10_000), 200, 2_000_001, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				r := newIngesting(b, built, start(b, built, "--tables", "memory"))
				begun := time.Now()
				r.put(b, "file", append(sourcetest.Packed(b, c.head), bytes.Repeat(sourcetest.Packed(b, c.members), c.times)...))
				r.quiet(b)
				took := time.Since(begun)
				n := r.records(b, who)["large"]
				if dead := len(r.letters(b)); n != c.records || (dead > 0) != c.dead {
					b.Errorf("%d records and %d dead letters; want %d records", n, dead, c.records)
				}
				peak := r.resident(b)
				b.ReportMetric(float64(peak)/1e6, "MB-resident")
				b.ReportMetric(took.Seconds(), "s/file")
				if peak > most {
					b.Errorf("%d MB resident", peak>>20)
				}
			}
		})
	}
}

// put puts an object into the bucket.
func (r *ingesting) put(tb testing.TB, key string, body []byte) {
	tb.Helper()
	if status, answer := send(tb, http.MethodPut, fmt.Sprint(r.aws, "/", r.bucket(tb), "/", key), nil, body); status != http.StatusOK {
		tb.Fatalf("put an object: %d %s", status, answer)
	}
}

// resident is the most that a process of the ingest function had in memory, in bytes.
func (r *ingesting) resident(tb testing.TB) int {
	tb.Helper()
	most := 0
	for pid := range descendants(tb, r.process.Process.Pid) {
		proc := filepath.Join("/proc", strconv.Itoa(pid))
		if program, err := os.Readlink(filepath.Join(proc, "exe")); err != nil || filepath.Base(filepath.Dir(program)) != "ingest" {
			continue
		}
		status, err := os.ReadFile(filepath.Join(proc, "status"))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		var kb int
		if _, err := fmt.Sscan(rest, &kb); err != nil {
			tb.Fatalf("%s: %v", proc, err)
		}
		most = max(most, kb<<10)
	}
	if most == 0 {
		tb.Fatal("no process of the ingest function is there")
	}
	return most
}
