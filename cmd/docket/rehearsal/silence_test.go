package rehearsal

import (
	"net/http"
	"syscall"
	"testing"
	"time"
)

// firstAnswer is how long a client may wait for its 503 (design, section 6.11).
const firstAnswer = 5 * time.Second

// checkSilence stops DynamoDB as a network would that swallows everything: every
// endpoint answers 503 in time, and goes on when it comes back.
func checkSilence(t *testing.T, r *running) {
	java := 0
	for pid, name := range descendants(t, r.process.Process.Pid) {
		if name == "java" {
			java = pid
		}
	}
	if java == 0 {
		t.Fatal("no java under docket rehearse")
	}
	signal := func(s syscall.Signal) {
		if err := syscall.Kill(java, s); err != nil {
			t.Fatal(err)
		}
	}
	const root = "/netwrix/api/v1/activity_records"
	requests := []struct{ method, path, body string }{
		{http.MethodGet, root + "/enum", ""},
		{http.MethodPost, root + "/search?format=json", `{"FilterList":{}}`},
		{http.MethodPost, root + "/?format=json", `[{"Who":"a","Where":"b","ObjectType":"c","What":"d","Action":"Added","When":"2026-03-04T05:06:07Z"}]`},
	}
	signal(syscall.SIGSTOP)
	defer signal(syscall.SIGCONT)
	for _, q := range requests {
		c := client()
		c.Timeout = firstAnswer
		req, err := http.NewRequest(q.method, r.url+q.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", demoAdmin)
		resp, err := c.Do(req)
		if err != nil {
			t.Errorf("%s %s: %v; want 503 within %s", q.method, q.path, err, firstAnswer)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s %s: status %d, Retry-After %q; want 503 with it", q.method, q.path, resp.StatusCode, resp.Header.Get("Retry-After"))
		}
	}
	signal(syscall.SIGCONT)
	for _, q := range requests {
		status, body := send(t, q.method, r.url+q.path, map[string]string{"Authorization": demoAdmin}, []byte(q.body))
		if status != http.StatusOK {
			t.Errorf("%s %s after the silence: status %d, %.200s; want 200", q.method, q.path, status, body)
		}
	}
}
