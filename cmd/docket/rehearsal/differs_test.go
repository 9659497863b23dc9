package rehearsal

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// difference is a test of the suite that cannot hold behind API Gateway, and
// what happens there instead.
type difference struct {
	reason       string
	method, path string
	header       map[string]string
	status       int
	body         string
}

var differences = map[string]difference{
	"paths outside the API are 404": {
		reason: "the execute-api host answers for a stage that does not exist",
		method: http.MethodGet, path: "/favicon.ico", status: http.StatusForbidden, body: `{"message":"Forbidden"}`,
	},
	"method only from the request line": {
		reason: "API Gateway obeys X-HTTP-Method-Override before the API sees the request",
		method: http.MethodGet, path: "/netwrix/api/v1/activity_records/enum", header: map[string]string{"X-HTTP-Method-Override": "DELETE"},
		status: http.StatusMethodNotAllowed,
	},
}

func differs() map[string]string {
	m := map[string]string{}
	for name, d := range differences {
		m[name] = d.reason
	}
	return m
}

// checkDifferences holds the rehearsal to what the documentation says instead.
func checkDifferences(t *testing.T, url string) {
	for name, d := range differences {
		status, body := send(t, d.method, url+d.path, d.header, nil)
		if status != d.status || body != d.body {
			t.Errorf("%s: status %d, body %q; want %d, %q", name, status, body, d.status, d.body)
		}
	}
}

// checkSizes: from 6 MB on a body is refused by Lambda, from 10 MB on by the
// gateway, and neither is stored.
func checkSizes(t *testing.T, url string) {
	for _, c := range []struct {
		bytes int
		body  string
	}{{7 << 20, `{"message":"Request Too Long"}`}, {11 << 20, ""}} {
		body := append(append([]byte("["), bytes.Repeat([]byte(" "), c.bytes)...), ']')
		status, got := send(t, http.MethodPost, url+"/netwrix/api/v1/activity_records/?format=json", map[string]string{"Authorization": demoAdmin}, body)
		if status != http.StatusRequestEntityTooLarge || got != c.body {
			t.Errorf("%d bytes: status %d, body %q; want 413, %q", c.bytes, status, got, c.body)
		}
	}
}

// demoAdmin is Enterprise\NetwrixUser:NetwrixIsCool.
const demoAdmin = "Basic RW50ZXJwcmlzZVxOZXR3cml4VXNlcjpOZXR3cml4SXNDb29s"

func send(t testing.TB, method, url string, header map[string]string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestDifferencesAreDocumented: the table of docs/rehearsal.md is the tests that
// are left out.
func TestDifferencesAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "docs", "rehearsal.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| Test |")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|-][^|]*) \|`).FindAllStringSubmatch(table, -1) {
		documented[row[1]] = true
	}
	for name := range differences {
		if !documented[name] {
			t.Errorf("docs/rehearsal.md has no row %q", name)
		}
		delete(documented, name)
	}
	if len(documented) > 0 {
		t.Errorf("docs/rehearsal.md has rows without a difference: %v", documented)
	}
}

var coldStart = regexp.MustCompile(`"cold start","function":"(\w+)","took":(\d+)`)

// checkColdStarts reads the starts of all functions from the log. The times are
// printed and not judged: the machine may be busy.
func checkColdStarts(t *testing.T, r *running) {
	seen := map[string]bool{}
	for _, m := range coldStart.FindAllStringSubmatch(r.log.String(), -1) {
		if name := strings.ToLower(m[1]); !seen[name] {
			seen[name] = true
			t.Logf("%s: its first instance asked for work after %s ns", name, m[2])
		}
	}
	for _, f := range functions {
		if !seen[f] {
			t.Errorf("no cold start of %s in the log", f)
		}
	}
}
