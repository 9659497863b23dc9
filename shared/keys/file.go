package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// LoadFile reads a ring from a file that nobody but its owner may read.
func LoadFile(path string) (*Ring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read key ring: %s is open to others (mode %04o): run chmod 600", path, info.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	return Parse(data)
}

// LoadOrCreateFile reads the ring or, where there is no file, makes one and
// stores it durably first.
func LoadOrCreateFile(path string, rand io.Reader, now time.Time, realm string) (*Ring, error) {
	ring, err := LoadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	ring, err = Generate(rand, now, realm)
	if err != nil {
		return nil, err
	}
	return ring, ring.SaveFile(path)
}

// SaveFile replaces the file in one step, durably.
func (r *Ring) SaveFile(path string) error {
	data, err := r.Marshal()
	if err != nil {
		return fmt.Errorf("write key ring: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".ring-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write key ring: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write key ring: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write key ring: %w", err)
	}
	defer dir.Close()
	return dir.Sync()
}
