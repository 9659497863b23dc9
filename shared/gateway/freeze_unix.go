//go:build unix

package gateway

import (
	"os"
	"syscall"
)

// freeze stops a process between two requests, as Lambda does: what a function
// does in the background stands still, its timers and connections grow old.
func freeze(p *os.Process) { _ = p.Signal(syscall.SIGSTOP) } // it may have ended: its exit is seen elsewhere

// thaw lets it go on.
func thaw(p *os.Process) { _ = p.Signal(syscall.SIGCONT) }
