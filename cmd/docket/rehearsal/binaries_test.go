package rehearsal

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxBinary keeps cold starts short: Lambda fetches the code first.
const maxBinary = 15 << 20

// TestBinaries: the functions for AWS are small, and the same source makes the
// same bytes, so that a deployment without a change changes nothing.
func TestBinaries(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the functions for arm64")
	}
	first, second := t.TempDir(), t.TempDir()
	buildFunctions(t, first, "arm64")
	buildFunctions(t, second, "arm64")
	for _, f := range functions {
		a := read(t, filepath.Join(first, f, "bootstrap"))
		if sha256.Sum256(a) != sha256.Sum256(read(t, filepath.Join(second, f, "bootstrap"))) {
			t.Errorf("%s: two builds differ", f)
		}
		t.Logf("%s: %.1f MB", f, float64(len(a))/1e6)
		if len(a) > maxBinary {
			t.Errorf("%s: %d bytes; want at most %d", f, len(a), maxBinary)
		}
	}
}

// TestFlagsAreThoseOfMake: what is measured here is what is deployed.
func TestFlagsAreThoseOfMake(t *testing.T) {
	makefile := strings.ReplaceAll(string(read(t, filepath.Join(repository, "Makefile"))), `"`, "")
	if want := "FUNCTION_FLAGS := " + strings.Join(functionFlags, " "); !strings.Contains(makefile, want+"\n") {
		t.Errorf("the Makefile has no line %q", want)
	}
	if want := "FUNCTIONS := " + strings.Join(functions, " "); !strings.Contains(makefile, want+"\n") {
		t.Errorf("the Makefile has no line %q", want)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
