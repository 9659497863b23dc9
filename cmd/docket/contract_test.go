package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"docket/shared/api/contracttest"
)

// startServe runs docket serve in this process and returns its URL and a
// function that stops it as SIGTERM would and checks how it ended.
func startServe(t *testing.T, args ...string) (url string, stop func()) {
	t.Helper()
	out, in := io.Pipe()
	logs, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), world{
			stdin: strings.NewReader(""), stdout: in, stderr: logs, getenv: func(string) string { return "" },
		})
		in.Close()
		done <- code
	}()
	lines := bufio.NewScanner(out)
	for url == "" && lines.Scan() {
		if m := regexp.MustCompile(`listens on (https?://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			url = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	stop = func() {
		cancel()
		select {
		case code := <-done:
			if code != exitOK {
				t.Errorf("serve ended with code %d", code)
			}
		case <-time.After(time.Minute):
			t.Error("serve does not stop")
		}
		logs.Close()
	}
	if url == "" {
		stop()
		text, err := os.ReadFile(logs.Name())
		t.Fatalf("serve printed no URL; log: %s %v", text, err)
	}
	return url, stop
}

func plainClient() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, // the certificate is made by the server under test
		DisableCompression: true,
	}}
}

// TestContract holds the local server to the wire contract.
func TestContract(t *testing.T) {
	data := t.TempDir()
	url, stop := startServe(t, "--data", data, "--demo", "--http")
	defer stop()
	contracttest.Run(t, contracttest.Target{URL: url, Client: plainClient(), Recognise: func(account string, on bool) error {
		if code, _, errs := docketIn(t, "account", "set", account, fmt.Sprintf("--recognise-repeats=%v", on), "--data", data); code != exitOK {
			return fmt.Errorf("docket account set ended with code %d: %s", code, errs)
		}
		return nil
	}})
}
