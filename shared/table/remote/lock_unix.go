//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package remote

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile opens the file at path and locks it until it is closed or the process
// ends, however it does. It returns ErrInUse if another has it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}
