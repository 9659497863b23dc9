package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/recordfile"
	"docket/shared/wire"
)

// testServer is "docket serve" within the test's own process.
type testServer struct {
	url  string
	stop context.CancelFunc
	done chan int
	log  bytes.Buffer
}

// startServer serves a data directory at an address, port 0 for any, and
// returns when it listens. An address that is taken again may be in the hands of
// some client's connection for a moment: then it is tried until it is free.
func startServer(dir, address string, more ...string) (*testServer, error) {
	deadline := time.Now().Add(20 * time.Second)
	for {
		s, err := tryServer(dir, address, more...)
		if err == nil || !strings.Contains(err.Error(), "address already in use") || time.Now().After(deadline) {
			return s, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func tryServer(dir, address string, more ...string) (*testServer, error) {
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	s := &testServer{stop: stop, done: make(chan int, 1)}
	args := append([]string{"serve", "--http", "--demo", "--log", "error", "--listen", address, "--data", dir}, more...)
	go func() {
		code := run(ctx, args, world{stdin: strings.NewReader(""), stdout: in, stderr: &s.log, getenv: func(string) string { return "" }})
		in.Close()
		s.done <- code
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "listens on "); ok {
			s.url, _, _ = strings.Cut(rest, " ")
			go io.Copy(io.Discard, out)
			return s, nil
		}
	}
	stop()
	return nil, fmt.Errorf("the server ended with %d: %s", <-s.done, s.log.String())
}

// end stops the server and waits for it.
func (s *testServer) end() error {
	s.stop()
	if code := <-s.done; code != exitOK {
		return fmt.Errorf("the server ended with %d: %s", code, s.log.String())
	}
	return nil
}

func (s *testServer) address() string { return strings.TrimPrefix(s.url, "http://") }

// TestClientStories runs the client commands against a server. Beyond the usual
// commands of a story there are:
//
//	serve    start a demo server; DOCKET_URL, DOCKET_USER and DOCKET_PASSWORD are its
//	unserve  stop it; the next serve takes the same address and data
func TestClientStories(t *testing.T) {
	type key struct{}
	serve := func(ts *testscript.TestScript, neg bool, args []string) {
		address := "127.0.0.1:0"
		if old, ok := ts.Value(key{}).(*testServerBox); ok && old.address != "" {
			address = old.address
		}
		s, err := startServer(ts.MkAbs("data"), address, args...)
		ts.Check(err)
		box := ts.Value(key{}).(*testServerBox)
		box.server, box.address = s, s.address()
		ts.Setenv("DOCKET_URL", s.url)
		ts.Setenv("DOCKET_USER", `Enterprise\NetwrixUser`)
		ts.Setenv("DOCKET_PASSWORD", "NetwrixIsCool")
	}
	unserve := func(ts *testscript.TestScript, neg bool, args []string) {
		box := ts.Value(key{}).(*testServerBox)
		ts.Check(box.server.end())
		box.server = nil
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/client",
		UpdateScripts:       *updateScripts,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"serve": serve, "unserve": unserve},
		Setup: func(env *testscript.Env) error {
			box := &testServerBox{}
			env.Values[key{}] = box
			env.Defer(func() {
				if box.server != nil {
					if err := box.server.end(); err != nil {
						t.Error(err)
					}
				}
			})
			return nil
		},
	})
}

// testServerBox is the server of a story, and where it was.
type testServerBox struct {
	server  *testServer
	address string
}

// docket runs a client command against the server and returns what it printed.
func (s *testServer) docket(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	env := map[string]string{"DOCKET_URL": s.url, "DOCKET_USER": `Enterprise\NetwrixUser`, "DOCKET_PASSWORD": "NetwrixIsCool"}
	w := world{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, getenv: func(name string) string { return env[name] }}
	if code := run(context.Background(), args, w); code != exitOK {
		t.Fatalf("docket %q ended with %d: %s", args, code, errs.String())
	}
	return out.String()
}

// What was imported is what is exported, through every format and both ways to
// sign in.
func TestImportThenExport(t *testing.T) {
	dir := t.TempDir()
	s, err := startServer(filepath.Join(dir, "data"), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.end(); err != nil {
			t.Error(err)
		}
	}()
	g, err := generate.New(generate.Config{N: 900, Seed: 5, Plans: []string{"Integrations and custom sources"}})
	if err != nil {
		t.Fatal(err)
	}
	recs := g.Records(900)
	for i := range recs {
		// Marked, and with text that formats have to escape.
		recs[i].Workstation = fmt.Sprintf("round %d & <é>\t\"'\\ \U0001F600 ]]>", i)
	}
	for i, format := range []recordfile.Format{recordfile.NDJSON, recordfile.JSON, recordfile.XML} {
		part := recs[i*300 : (i+1)*300]
		var text bytes.Buffer
		w := recordfile.NewInputWriter(&text, format)
		if err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		s.docket(t, text.String(), "import", "--batch", "70", "--digest", "--gzip")
	}
	for _, format := range []string{"json", "xml"} {
		file := filepath.Join(dir, format)
		s.docket(t, "", "export", "--format", format, "--workstation", "round ", "--output", file, "--count", "128", "--gzip")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.ReadRecords(wire.Sniff(data), data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i].Plan.ID = ""
		}
		byMark := func(a, b activity.Record) int { return strings.Compare(a.Workstation, b.Workstation) }
		slices.SortFunc(got, byMark)
		slices.SortFunc(recs, byMark)
		if diff := cmp.Diff(recs, got); diff != "" {
			t.Fatalf("%s (-imported +exported):\n%.2000s", format, diff)
		}
	}
}
