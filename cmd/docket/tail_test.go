package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// Following prints each record once when it is committed, whatever its time,
// also when the server restarts meanwhile, and ends cleanly.
func TestFollow(t *testing.T) {
	for _, filters := range [][]string{nil, {"--what", "tailed"}} {
		t.Run(fmt.Sprint(filters), func(t *testing.T) { testFollow(t, filters) })
	}
}

func testFollow(t *testing.T, filters []string) {
	data := filepath.Join(t.TempDir(), "data")
	s, err := startServer(data, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.end(); err != nil {
			t.Error(err)
		}
	}()
	s.write(t, "2031-01-01 first")

	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	out, in := io.Pipe()
	var errs bytes.Buffer
	env := map[string]string{"DOCKET_URL": s.url, "DOCKET_USER": `Enterprise\NetwrixUser`, "DOCKET_PASSWORD": "NetwrixIsCool"}
	ended := make(chan int, 1)
	go func() {
		args := append([]string{"tail", "-f", "-n", "1", "--interval", "50ms", "--json"}, filters...)
		ended <- run(ctx, args, world{stdin: strings.NewReader(""), stdout: in, stderr: &errs, getenv: func(name string) string { return env[name] }})
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	expect := func(what string) {
		t.Helper()
		if !lines.Scan() || !strings.Contains(lines.Text(), `"What":"tailed `+what+`"`) {
			t.Fatalf("the next line is not %s but %q", what, lines.Text())
		}
	}
	expect("first")
	s.write(t, "2020-01-01 old", "2032-01-01 new")
	expect("old")
	expect("new")
	address := s.address()
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if s, err = startServer(data, address); err != nil {
		t.Fatal(err)
	}
	s.write(t, "2026-01-01 again")
	expect("again")
	interrupt()
	if lines.Scan() {
		t.Errorf("one line too many: %q", lines.Text())
	}
	if code := <-ended; code != exitOK || errs.Len() > 0 {
		t.Errorf("it ended with %d: %s", code, errs.String())
	}
}

// write writes records given as "day what".
func (s *testServer) write(t *testing.T, records ...string) {
	t.Helper()
	var b strings.Builder
	for _, r := range records {
		day, what, _ := strings.Cut(r, " ")
		fmt.Fprintf(&b, `{"Who":"a","Where":"h","ObjectType":"t","What":"tailed %s","Action":"Read","When":"%sT00:00:00Z"}`+"\n", what, day)
	}
	s.docket(t, b.String(), "import")
}
