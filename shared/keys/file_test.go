package keys

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFileIsMadeOnceAndKeptPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	first, err := LoadOrCreateFile(path, rand.Reader, made, "Docket")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := LoadOrCreateFile(path, rand.Reader, made, "Other")
	if err != nil || again.Current(Marks) != first.Current(Marks) || again.Realm() != "Docket" {
		t.Errorf("opened again it is another ring: %v", err)
	}
	if loaded, err := LoadFile(path); err != nil || loaded.Current(Marks) != first.Current(Marks) {
		t.Errorf("loaded it is another ring: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestAFileOpenToOthersIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := generate(t).SaveFile(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o666, 0o601} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadOrCreateFile(path, rand.Reader, made, "Docket")
		if err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: error %v", mode, err)
		}
	}
}

// TestADamagedFileIsNotReplaced: a new ring in its place would make everything
// unreadable that the old one sealed.
func TestADamagedFileIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateFile(path, rand.Reader, made, "Docket"); !errors.Is(err, ErrMalformed) {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "{" {
		t.Errorf("the file is now %q, %v", data, err)
	}
}

func TestSavingReplacesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	r := generate(t)
	if err := r.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	rotated, err := r.Rotate(rand.Reader, made)
	if err != nil {
		t.Fatal(err)
	}
	if err := rotated.SaveFile(path); err != nil {
		t.Fatal(err)
	}
	got, err := LoadFile(path)
	if err != nil || len(got.All(Marks)) != 2 || got.Current(Marks) != rotated.Current(Marks) {
		t.Errorf("%v, %v", got, err)
	}
	want, err := rotated.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, want) {
		t.Errorf("the file is %q, %v", data, err)
	}
}

func TestAFileThatCannotBeMadeIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "keys.json")
	if _, err := LoadOrCreateFile(path, rand.Reader, made, "Docket"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := LoadFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
