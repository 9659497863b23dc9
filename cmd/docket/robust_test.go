package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/wire"
)

// heapLimit is what the whole test process may hold, clients included, while
// the server is under attack. Bodies and pages have 160 MiB of it.
const heapLimit = 512 << 20

// crowd is how many clients there are. With the race detector it is a tenth,
// which finds races as well; make test also runs the whole crowd without it.
func crowd() (good, bad int) {
	if raceDetector {
		return 100, 20
	}
	return 1000, 200
}

// TestManyClients serves a thousand good clients while others are slow, go
// away in the middle, send too much or send bombs.
func TestManyClients(t *testing.T) {
	url, stop := startServe(t, "--data", t.TempDir(), "--demo", "--http", "--log", "error")
	defer stop()
	bomb := gzipped(make([]byte, 60<<20))
	runtime.GC() // the bomb's content is no longer held
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	peak := watchHeap(ctx)

	var hostile sync.WaitGroup
	wellBehaved, attackers := crowd()
	for i := range attackers {
		hostile.Add(1)
		go func() {
			defer hostile.Done()
			attack(ctx, url, bomb, i)
		}()
	}
	var good sync.WaitGroup
	var failed atomic.Int64
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: time.Minute, Transport: transport}
	for i := range wellBehaved {
		good.Add(1)
		go func() {
			defer good.Done()
			if err := behave(client, url, i); err != nil {
				failed.Add(1)
				t.Errorf("client %d: %v", i, err)
			}
		}()
	}
	good.Wait()
	cancel()
	hostile.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of %d good clients failed", failed.Load(), wellBehaved)
	}
	if got := peak.Load(); got > heapLimit && !raceDetector {
		t.Errorf("%d MiB of heap; want at most %d", got>>20, heapLimit>>20)
	}
	t.Logf("peak of the heap %d MiB", peak.Load()>>20)
}

func watchHeap(ctx context.Context) *atomic.Uint64 {
	var peak atomic.Uint64
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return &peak
}

// behave reads a page, writes a record and finds it. Busy is an answer that
// asks to come again.
func behave(client *http.Client, url string, i int) error {
	root := url + "/netwrix/api/v1/activity_records"
	record := fmt.Sprintf(`[{"Who":"c%d","Where":"h","ObjectType":"o","What":"w","Action":"Read","When":"2026-01-01T00:00:00Z"}]`, i)
	for _, step := range []struct{ method, path, body, want string }{
		{http.MethodGet, "/enum?format=json&count=10", "", "ContinuationMark"},
		{http.MethodPost, "/?format=json", record, ""},
		{http.MethodPost, "/search?format=json&count=10", fmt.Sprintf(`{"FilterList":{"Who":{"Equals":"c%d"}}}`, i), fmt.Sprintf(`"Who":"c%d"`, i)},
	} {
		if err := insist(client, step.method, root+step.path, step.body, step.want); err != nil {
			return err
		}
	}
	return nil
}

func insist(client *http.Client, method, url, body, want string) error {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		req, err := http.NewRequest(method, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.SetBasicAuth(demoAccounts[0].account, demoAccounts[0].password)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		switch {
		case err != nil:
			return err
		case resp.StatusCode == http.StatusOK && strings.Contains(string(answer), want):
			return nil
		case resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" && time.Now().Before(deadline):
			continue
		}
		return fmt.Errorf("%s %s: status %d, %.200s", method, url, resp.StatusCode, answer)
	}
}

// attack is one bad client until the context ends.
func attack(ctx context.Context, url string, bomb []byte, i int) {
	address := strings.TrimPrefix(url, "http://")
	login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(demoAccounts[0].account+":"+demoAccounts[0].password)) + "\r\n"
	head := func(length int, more string) string {
		return fmt.Sprintf("POST /netwrix/api/v1/activity_records/?format=json HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n%s\r\n", login, length, more)
	}
	for ctx.Err() == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return
		}
		switch i % 5 {
		case 0: // slow headers, for ever
			fmt.Fprint(conn, "POST /netwrix/api/v1/activity_records/ HTTP/1.1\r\nHost: x\r\n")
			<-ctx.Done()
		case 1: // a large body that never comes
			fmt.Fprint(conn, head(40<<20, ""), "[")
			<-ctx.Done()
		case 2: // goes away in the middle
			fmt.Fprint(conn, head(10_000, ""), strings.Repeat(" ", 5000))
		case 3: // says too much
			fmt.Fprint(conn, head(1<<40, ""))
			_, _ = io.CopyN(io.Discard, conn, 1)
		default: // a bomb
			fmt.Fprint(conn, head(len(bomb), "Content-Encoding: gzip\r\n"))
			_, _ = conn.Write(bomb)
			_, _ = io.CopyN(io.Discard, conn, 1)
		}
		_ = conn.Close()
	}
}

func gzipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return z.Bytes()
}

// TestStopFinishesRequests: SIGTERM, here the context, waits for the request in
// flight and takes no other.
func TestStopFinishesRequests(t *testing.T) {
	url, stop := startServe(t, "--data", t.TempDir(), "--demo", "--http", "--log", "error")
	address := strings.TrimPrefix(url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	login := base64.StdEncoding.EncodeToString([]byte(demoAccounts[0].account + ":" + demoAccounts[0].password))
	record := `[{"Who":"last","Where":"h","ObjectType":"o","What":"w","Action":"Read","When":"2026-01-01T00:00:00Z"}]`
	// The server says 100 Continue when it reads the body: then it is in flight.
	fmt.Fprintf(conn, "POST /netwrix/api/v1/activity_records/?format=json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", login, len(record))
	first := make([]byte, len("HTTP/1.1 100"))
	if _, err := io.ReadFull(conn, first); err != nil || string(first) != "HTTP/1.1 100" {
		t.Fatalf("%q, %v; want 100 Continue", first, err)
	}
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	// The listener closes first; then nobody can connect.
	for {
		probe, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		_ = probe.Close()
		runtime.Gosched()
	}
	fmt.Fprint(conn, record)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "HTTP/1.1 200") {
		t.Errorf("the request in flight got %q, %v; want 200", answer, err)
	}
	<-stopped
}

// TestDocumentation sends every document that the original's documentation
// prints (shared/wire/testdata/docs): each is accepted, or refused as printed.
func TestDocumentation(t *testing.T) {
	dir := t.TempDir()
	url, stop := startServe(t, "--data", dir, "--demo", "--http", "--log", "error")
	defer stop()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The plans that the documents name.
	const generalID = "{00000000-0000-4000-8000-000000000001}" // for the stand-in "Unique ID"
	for name, id := range map[string]string{"Name": generalID, "Compliance": "{42F64379-163E-4A43-A9C5-4514C5A23798}"} {
		c := exec.Command(self)
		c.Args = []string{"docket", "plan", "add", name, "--id", id, "--enabled", "--data", dir}
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("add plan %s: %v: %s", name, err, out)
		}
	}
	paths, err := filepath.Glob("../../shared/wire/testdata/docs/*.*")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d documents, %v", len(paths), err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		kind, _, _ := strings.Cut(strings.TrimSuffix(name, filepath.Ext(name)), "-")
		target, want := "", http.StatusOK
		switch kind {
		case "write":
			target = "/"
		case "search":
			target = "/search"
		case "mark":
			target = "/enum"
		case "bad":
			target, want = "/search", http.StatusBadRequest
		default:
			continue // answers: wire's own tests compare them
		}
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.Replace(body, []byte("Unique ID"), []byte(generalID), 1)
		format := strings.TrimPrefix(filepath.Ext(name), ".")
		req, err := http.NewRequest(http.MethodPost, url+"/netwrix/api/v1/activity_records"+target+"?format="+format, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(demoAccounts[0].account, demoAccounts[0].password)
		resp, err := plainClient().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: status %d, %v, %.300s; want %d", name, resp.StatusCode, err, answer, want)
		}
		if kind == "search" || kind == "mark" {
			if _, mark, err := wire.ReadPage(map[string]wire.Format{"json": wire.JSON, "xml": wire.XML}[format], answer); err != nil || mark == "" {
				t.Errorf("%s: answer is no page: %v", name, err)
			}
		}
	}
}

// TestTLS refuses what is older than TLS 1.2.
func TestTLS(t *testing.T) {
	url, stop := startServe(t, "--data", t.TempDir(), "--log", "error")
	defer stop()
	address := strings.TrimPrefix(url, "https://")
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version})
		if (err == nil) != want {
			t.Errorf("%s: %v; want success %v", tls.VersionName(version), err, want)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}
