package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImportViaBucket: the same content is one object, whatever it is called in
// which folder; other content is another.
func TestImportViaBucket(t *testing.T) {
	s, endpoint := newTwin(t)
	for _, step := range []struct{ name, content, want string }{
		{"a.json", "[1]", "3 bytes uploaded;"}, {"a.json", "[1]", "3 bytes uploaded before;"}, {"a.json", "[12]", "4 bytes uploaded;"},
	} {
		code, out, errs := docketIn(t, "import", "--via-bucket", writeFile(t, step.name, step.content), "--endpoint", endpoint)
		if code != exitOK || !strings.Contains(out, step.want) {
			t.Errorf("exit code %d: %s%s; want %q", code, out, errs, step.want)
		}
	}
	if ready, _, _ := queueOf(t, s, "FilesQueue").Count(); ready != 2 {
		t.Errorf("%d notifications; want one for each content", ready)
	}
}

// TestUploadURL: somebody without credentials uploads one file with it, once.
func TestUploadURL(t *testing.T) {
	s, endpoint := newTwin(t)
	code, out, errs := docketIn(t, "upload-url", "in/march.json", "april.json", "--endpoint", endpoint, "--expires", "30m")
	urls := strings.Fields(out)
	if code != exitOK || len(urls) != 2 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	u, err := url.Parse(urls[0])
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !strings.HasSuffix(u.Path, "/march.json") || strings.Contains(u.Path, "/in/") || q.Get("X-Amz-Expires") != "1800" || q.Get("X-Amz-Signature") == "" {
		t.Errorf("URL %s", urls[0])
	}
	// Without this header in the signature, who has the URL could replace the file.
	if signed := strings.Split(q.Get("X-Amz-SignedHeaders"), ";"); !strings.Contains(strings.Join(signed, ","), "if-none-match") {
		t.Errorf("signed headers %v", signed)
	}
	file := writeFile(t, "march.json", "[1]")
	for _, want := range []string{"uploaded;", "uploaded before;"} {
		if code, out, errs := docketIn(t, "import", "--via-bucket", file, "--upload-url", urls[0]); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit code %d: %s%s; want %q", code, out, errs, want)
		}
	}
	if ready, _, _ := queueOf(t, s, "FilesQueue").Count(); ready != 1 {
		t.Errorf("%d notifications", ready)
	}
}

// TestUploadIsTriedAgain: what may pass is tried again, what stays is told, and the
// URL, which is a secret, never.
func TestUploadIsTriedAgain(t *testing.T) {
	file := writeFile(t, "a.json", "[1]")
	for name, c := range map[string]struct {
		answers []int
		code    int
		want    string
	}{
		"passes":     {[]int{503, 409, 200}, exitOK, "uploaded;"},
		"was stored": {[]int{500, 412}, exitOK, "uploaded before;"},
		"expired":    {[]int{403}, exitFailure, "expired"},
		"no bucket":  {[]int{404}, exitFailure, "404, NoSuchThing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength != 3 || r.Header.Get("If-None-Match") != "*" {
					t.Errorf("%d bytes, If-None-Match %q", r.ContentLength, r.Header.Get("If-None-Match"))
				}
				w.WriteHeader(c.answers[n])
				n++
				_, _ = w.Write([]byte("<Error><Code>NoSuchThing</Code></Error>"))
			}))
			defer server.Close()
			code, out, errs := docketIn(t, "import", "--via-bucket", file, "--upload-url", server.URL+"/b/k?X-Amz-Signature=confidential")
			if code != c.code || !strings.Contains(out+errs, c.want) || strings.Contains(out+errs, "confidential") || n != len(c.answers) {
				t.Errorf("exit code %d after %d requests: %s%s; want %q", code, n, out, errs, c.want)
			}
		})
	}
}

func TestWrongUploads(t *testing.T) {
	_, endpoint := newTwin(t)
	file := writeFile(t, "a.json", "[1]")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nowhere":        {[]string{"import", "--via-bucket", file}, exitUsage, "--aws"},
		"standard input": {[]string{"import", "--via-bucket", "--endpoint", endpoint}, exitUsage, "needs files"},
		"two for a URL":  {[]string{"import", "--via-bucket", file, file, "--upload-url", "http://x/y"}, exitUsage, "one file"},
		"two places":     {[]string{"import", "--via-bucket", file, "--upload-url", "http://x/y", "--endpoint", endpoint}, exitUsage, "exclude"},
		"not via":        {[]string{"import", file, "--upload-url", "http://x/y"}, exitUsage, "--via-bucket"},
		"empty":          {[]string{"import", "--via-bucket", writeFile(t, "e", ""), "--endpoint", endpoint}, exitFailure, "empty"},
		"too long":       {[]string{"upload-url", "a", "--expires", "169h", "--endpoint", endpoint}, exitUsage, "168h"},
		"no name":        {[]string{"upload-url", "--endpoint", endpoint}, exitUsage, "NAME"},
	} {
		if code, _, errs := docketIn(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s", name, code, errs)
		}
	}
}
