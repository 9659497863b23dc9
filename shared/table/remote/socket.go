package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// maxAddress bytes of a path fit in a socket address on every system.
const maxAddress = 100

// Listen makes the socket at path, mode 0600. A socket that a killed server left
// is replaced; that of a living one is ErrInUse. Closing the listener removes
// the socket; PATH.lock stays.
func Listen(path string) (net.Listener, error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	l, err := bind(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen at %s: %w", path, err), lock.Close())
	}
	return &listener{Listener: l, path: path, lock: lock}, nil
}

// bind makes a socket in a folder of its own, which nobody else may enter, and
// moves it to path when its mode is right.
func bind(path string) (net.Listener, error) {
	private, err := os.MkdirTemp(filepath.Dir(path), ".socket-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	made := filepath.Join(private, "s")
	addr, release, err := socketAddress(made)
	if err != nil {
		return nil, err
	}
	defer release()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: addr, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it would look for it where it was made
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// socketAddress returns a name for path that fits in a socket address, good
// until release is called.
func socketAddress(path string) (addr string, release func(), err error) {
	if len(path) <= maxAddress {
		return path, func() {}, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("socket path %s has %d bytes, limit %d", path, len(path), maxAddress)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	addr = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	return addr, func() { dir.Close() }, nil
}

// listener removes its socket and gives up the lock when it is closed.
type listener struct {
	net.Listener
	path string
	lock *os.File
	once sync.Once
	err  error
}

func (l *listener) Close() error {
	l.once.Do(func() {
		// The socket first: once the lock is free, it may be another's.
		err := os.Remove(l.path)
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		l.err = errors.Join(err, l.Listener.Close(), l.lock.Close())
	})
	return l.err
}
