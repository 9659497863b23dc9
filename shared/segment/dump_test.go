package segment_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/segment"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// example is two logons and a change, small enough to be read byte by byte.
func example() ([]activity.Record, []segment.Run) {
	plan := activity.Plan{ID: "{1f}", Name: "AD"}
	return []activity.Record{
			{Who: `CORP\amy`, Where: "dc1", ObjectType: "User", What: `\corp\Users\bob`, Action: activity.Modified, When: 1_487_086_570, Plan: plan, DataSource: "Netwrix API",
				Details: []activity.Detail{{PropertyName: "Title", Before: "Clerk", After: "Chief"}, {PropertyName: "Phone", After: "12"}}},
			{Who: `CORP\ann`, Where: "dc1", ObjectType: "Logon", What: "dc1", Action: activity.SuccessfulLogon, When: 1_487_086_600, Plan: plan, DataSource: "Netwrix API"},
			{Who: `CORP\amy`, Where: "dc1", ObjectType: "Logon", What: "dc1", Action: activity.FailedLogon, When: 1_487_086_590, Workstation: "pc7", ArchiveOnly: true},
		}, []segment.Run{
			{N: 2, Committed: 1_487_086_601_000_000, Token: [16]byte{0xA0, 0xA1, 0xAF}, Principal: `CORP\svc`, RequestID: "00c0ffee"},
			{N: 1, Committed: 1_487_086_602_500_000, Token: [16]byte{0xB0}, Principal: `CORP\svc`, RequestID: "r-2"},
		}
}

// many repeats the example until its sections are stored apart.
func many() ([]activity.Record, []segment.Run) {
	recs, _ := example()
	var list []activity.Record
	for range 900 {
		list = append(list, recs...)
	}
	for i := range list {
		list[i].Who = `CORP\amy` + string(rune('a'+i%26))
	}
	return list, runsOf(len(list))
}

func TestDumpIsGolden(t *testing.T) {
	recs, runs := example()
	long := slices.Clone(recs)
	long[1].What = strings.Repeat(`\\corp\share\`, 3000)
	for name, data := range map[string][]byte{
		"packed": encode(t, recs, runs),
		"split":  encode(t, long, runs),
	} {
		var out bytes.Buffer
		if err := segment.Dump(&out, data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s (-update rewrites it): %s", name, diff)
		}
	}
}

// TestDumpReadsWhatEncodeWrites holds the second reader of the format against
// real segments of both layouts.
func TestDumpReadsWhatEncodeWrites(t *testing.T) {
	recs, runs := many()
	all := real(t)
	for _, data := range [][]byte{encode(t, recs, runs), encode(t, all, runsOf(len(all))), encode(t, all[:1], runsOf(1))} {
		var out bytes.Buffer
		if err := segment.Dump(&out, data); err != nil {
			t.Error(err)
		}
		if bytes.Contains(out.Bytes(), []byte("WRONG")) {
			t.Error("checksum is said to be wrong")
		}
	}
}

func TestDumpOfDamage(t *testing.T) {
	data := encode(t, real(t)[:3], runsOf(3))
	for n := range data {
		var out bytes.Buffer
		if err := segment.Dump(&out, data[:n]); !errors.Is(err, segment.ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	bad := bytes.Clone(data)
	bad[1] ^= 1
	var out bytes.Buffer
	if err := segment.Dump(&out, bad); err != nil || !bytes.Contains(out.Bytes(), []byte("checksum, WRONG")) {
		t.Errorf("%v, %s", err, out.Bytes()[:100])
	}
}
