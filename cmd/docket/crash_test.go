package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var kills = flag.Int("kills", 2, "how often TestKill kills the server")

// process is docket serve in a process of its own, so that it can be killed.
type process struct {
	cmd    *exec.Cmd
	url    string
	output *bytes.Buffer
}

// startProcess runs this test binary as docket.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self), output: &bytes.Buffer{}}
	p.cmd.Args = append([]string{"docket", "serve", "--listen", "127.0.0.1:0", "--log", "error"}, args...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The banner ends with an empty line after the last thing a person needs.
	lines := bufio.NewScanner(out)
	pattern := regexp.MustCompile(`listens on (https?://\S+)`)
	for p.url == "" && lines.Scan() {
		p.output.WriteString(lines.Text() + "\n")
		if m := pattern.FindStringSubmatch(lines.Text()); m != nil {
			p.url = m[1]
		}
	}
	if p.url == "" {
		_ = p.cmd.Wait()
		t.Fatalf("serve printed no URL: %s", p.output)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // it must not block on a full pipe
	return p
}

// batch is what one writer sent: all its records have the tag in What.
type sent struct {
	tag   string
	acked bool
}

const perBatch = 20

// writeUntilDead sends batches until the server is gone, and says when one was
// acknowledged.
func writeUntilDead(client *http.Client, url, writer string, acknowledged func()) []sent {
	var list []sent
	for i := 0; ; i++ {
		b := sent{tag: fmt.Sprintf("%s-%d", writer, i)}
		var recs []map[string]any
		for range perBatch {
			recs = append(recs, map[string]any{"Who": "w", "Where": "h", "ObjectType": "o", "What": b.tag, "Action": "Read", "When": "2026-01-01T00:00:00Z"})
		}
		body, err := json.Marshal(recs)
		if err != nil {
			return list
		}
		req, err := http.NewRequest(http.MethodPost, url+"/netwrix/api/v1/activity_records/?format=json", bytes.NewReader(body))
		if err != nil {
			return list
		}
		req.SetBasicAuth(demoAccounts[0].account, demoAccounts[0].password)
		resp, err := client.Do(req)
		if err == nil {
			b.acked = resp.StatusCode == http.StatusOK
			_ = resp.Body.Close()
		}
		if b.acked {
			acknowledged()
		}
		list = append(list, b)
		if err != nil {
			return list
		}
	}
}

// counts walks the whole database and counts records by What.
func counts(t *testing.T, url string) map[string]int {
	t.Helper()
	found := map[string]int{}
	client := plainClient()
	method, body := http.MethodGet, ""
	for {
		req, err := http.NewRequest(method, url+"/netwrix/api/v1/activity_records/enum?format=json&count=10000", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(demoAccounts[0].account, demoAccounts[0].password)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			ActivityRecordList []struct{ What string }
			ContinuationMark   string
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("enum: status %d, %v", resp.StatusCode, err)
		}
		if len(page.ActivityRecordList) == 0 {
			return found
		}
		for _, r := range page.ActivityRecordList {
			found[r.What]++
		}
		mark, err := json.Marshal(page.ContinuationMark)
		if err != nil {
			t.Fatal(err)
		}
		method, body = http.MethodPost, string(mark)
	}
}

// TestKill kills the server under load: nothing acknowledged is lost, nothing
// is there twice, and no batch is there in part.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var all []sent
	for round := range *kills {
		p := startProcess(t, "--data", dir, "--demo", "--http")
		var wg sync.WaitGroup
		lists := make([][]sent, 8)
		// Some load, and another moment each round.
		var acks atomic.Int64
		enough, loaded := int64(2*len(lists)+round*37%200), make(chan struct{})
		acknowledged := func() {
			if acks.Add(1) == enough {
				close(loaded)
			}
		}
		for w := range lists {
			wg.Add(1)
			go func() {
				defer wg.Done()
				lists[w] = writeUntilDead(plainClient(), p.url, fmt.Sprintf("r%d-w%d", round, w), acknowledged)
			}()
		}
		select {
		case <-loaded:
		case <-time.After(time.Minute):
			t.Errorf("only %d batches were acknowledged in a minute", acks.Load())
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait() // killed: an error is expected
		wg.Wait()
		for _, l := range lists {
			all = append(all, l...)
		}
	}
	p := startProcess(t, "--data", dir, "--demo", "--http")
	defer func() {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
	}()
	found := counts(t, p.url)
	acked := 0
	for _, b := range all {
		n := found[b.tag]
		if b.acked {
			acked++
		}
		if n != perBatch && (b.acked || n != 0) {
			t.Errorf("batch %s, acknowledged %v: %d records of %d", b.tag, b.acked, n, perBatch)
		}
	}
	t.Logf("%d batches sent, %d acknowledged, %d kills", len(all), acked, *kills)
}

// TestFirstStart: a new directory has one administrator, whose password is
// shown once and works, over HTTPS with a certificate that stays the same.
func TestFirstStart(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, "--data", dir)
	stop := func(p *process) {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
	}
	if !strings.HasPrefix(p.url, "https://") {
		t.Errorf("URL %s; want HTTPS", p.url)
	}
	first := certificateOf(t, p.url)
	stop(p)
	p = startProcess(t, "--data", dir)
	defer stop(p)
	if again := certificateOf(t, p.url); !bytes.Equal(first, again) {
		t.Error("the certificate changed")
	}
}

func certificateOf(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := plainClient().Get(url + "/netwrix/api/v1/activity_records/enum")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.TLS == nil {
		t.Fatalf("status %d; want 401 over TLS", resp.StatusCode)
	}
	return resp.TLS.PeerCertificates[0].Raw
}

// TestBanner pastes the lines that the demo prints into a shell.
func TestBanner(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("curl is missing")
		}
		t.Skip("curl is not on this machine")
	}
	for _, f := range []serveFlags{{http: true}, {http: false}} {
		args := []string{"--data", t.TempDir(), "--demo", "--log", "error"}
		if f.http {
			args = append(args, "--http")
		}
		url, stop := startServe(t, args...)
		var banner bytes.Buffer
		printDemo(&banner, url, f)
		var script []string
		for _, line := range strings.Split(banner.String(), "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "curl") || strings.HasPrefix(line, "MARK=") {
				script = append(script, line+"\necho")
			}
		}
		if len(script) != 6 {
			t.Errorf("%d lines to paste; want 6:\n%s", len(script), banner.String())
		}
		out, err := exec.Command("sh", "-ec", strings.Join(script, "\n")).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		text := string(out)
		if n := strings.Count(text, `"ContinuationMark"`); n != 4 {
			t.Errorf("%d pages; want 4: %.2000s", n, text)
		}
		if n := strings.Count(text, `"RID"`); n != 3+3+3+1 {
			t.Errorf("%d records; want 10: %.2000s", n, text)
		}
		stop()
	}
}
