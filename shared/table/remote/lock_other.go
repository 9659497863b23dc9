//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package remote

import (
	"fmt"
	"os"
)

// lockFile opens the file at path. Where there is no advisory lock, a file that
// is open cannot be removed (Windows), and that tells whether another has it.
func lockFile(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("lock %s: %w", path, ErrInUse)
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
