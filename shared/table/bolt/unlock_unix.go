//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package bolt

import (
	"fmt"
	"os"
	"syscall"
)

// unlock releases the lock that bbolt has taken on f.
func unlock(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err != nil {
		return fmt.Errorf("unlock %s: %w", f.Name(), err)
	}
	return nil
}
