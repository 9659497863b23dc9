package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"docket/shared/activity"
	"docket/shared/ledger"
)

// TestIngestStories runs the ways in that need no client. Beyond the usual commands
// of a story there are:
//
//	await FILE          wait until a file is there
//	many FILE N         write a file of N records, each with its own What
//	records DATA N [D]  check that a data directory that nobody has open holds N
//	                    records, D of them with a distinct What
//
// $TRAIL is the folder with real log files.
func TestIngestStories(t *testing.T) {
	trail, err := filepath.Abs("../../shared/source/testdata/cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/ingest",
		UpdateScripts:       *updateScripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DOCKET_DATA", "")
			env.Setenv("TRAIL", trail)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "many": manyRecords, "records": checkRecords},
	})
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	const patience = time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not come", args[0])
		}
	}
}

func manyRecords(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"Who":"w","Where":"h","ObjectType":"t","What":"record %d","Action":"Read","When":"2026-01-01T00:00:00Z"}`+"\n", i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

func checkRecords(ts *testscript.TestScript, neg bool, args []string) {
	var what []string
	for _, r := range allRecords(ts, ts.MkAbs(args[0])) {
		what = append(what, r.What)
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if len(what) != n {
		ts.Fatalf("%d records, want %d", len(what), n)
	}
	if len(args) < 3 {
		return
	}
	slices.Sort(what)
	distinct, err := strconv.Atoi(args[2])
	ts.Check(err)
	if d := len(slices.Compact(what)); d != distinct {
		ts.Fatalf("%d distinct records, want %d", d, distinct)
	}
}

// allRecords reads a data directory.
func allRecords(ts *testscript.TestScript, path string) []activity.Record {
	ctx := context.Background()
	data, err := openData(ctx, path)
	ts.Check(err)
	defer data.Close()
	l, err := ledger.Open(ctx, ledger.Config{Table: data.Table(recordsTable), Ring: data.Ring, Now: time.Now, Rand: rand.Reader})
	ts.Check(err)
	shards, err := l.Shards(ctx)
	ts.Check(err)
	var all []activity.Record
	for s := range shards {
		for at := ledger.Position(0); ; {
			parts, err := l.Scan(ctx, ledger.Shard(s), at, ledger.End, 1<<20)
			ts.Check(err)
			if len(parts) == 0 {
				break
			}
			for _, p := range parts {
				all, err = p.Segment.Records(all)
				ts.Check(err)
				at = p.First + ledger.Position(p.Segment.Len())
			}
		}
	}
	return all
}
