package rehearsal

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// descendants lists the processes under one, by /proc (proc(5)), with their
// names.
func descendants(t testing.TB, pid int) map[int]string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) == 0 {
		t.Skip("no /proc here: processes cannot be counted")
	}
	parents, names := map[int]int{}, map[int]string{}
	for _, path := range stats {
		if id, parent, name, ok := readStat(path); ok {
			parents[id], names[id] = parent, name
		}
	}
	found := map[int]string{}
	for id := range parents {
		for p := parents[id]; p != 0; p = parents[p] {
			if p == pid {
				found[id] = names[id]
				break
			}
		}
	}
	return found
}

// alive says whether a process is still there and no zombie.
func alive(pid int, name string) bool {
	_, _, now, ok := readStat("/proc/" + strconv.Itoa(pid) + "/stat")
	return ok && now == name
}

// readStat reads the fields pid, ppid and comm. It is false for a process that
// has gone, or is dead and only waits to be noticed.
func readStat(path string) (pid, parent int, name string, ok bool) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, "", false
	}
	before, rest, ok1 := strings.Cut(string(raw), " (")
	end := strings.LastIndex(rest, ") ")
	if !ok1 || end < 0 {
		return 0, 0, "", false
	}
	fields := strings.Fields(rest[end+2:])
	pid, err1 := strconv.Atoi(before)
	parent, err2 := strconv.Atoi(fields[1])
	return pid, parent, rest[:end], err1 == nil && err2 == nil && fields[0] != "Z" && fields[0] != "X"
}
