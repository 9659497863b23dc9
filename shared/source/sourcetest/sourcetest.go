// Package sourcetest has texts that tests of sources and of what lies above them
// take.
package sourcetest

import (
	"bytes"
	"compress/gzip"
	"io"
	"path/filepath"
	"runtime"
	"testing"
)

// Packed is a text as gzip.
func Packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// LogFiles are the paths of the real log files of CloudTrail.
func LogFiles(t testing.TB) []string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	names, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "testdata", "cloudtrail", "*.json.gz"))
	if !ok || err != nil || len(names) == 0 {
		t.Fatalf("no log files: %v", err)
	}
	return names
}
