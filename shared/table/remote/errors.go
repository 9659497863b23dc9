package remote

import (
	"errors"

	"docket/shared/table"
)

// ErrNoServer says that nobody serves the socket.
var ErrNoServer = errors.New("no server at the socket")

// ErrInUse says that another server has the socket.
var ErrInUse = errors.New("socket is in use by another server")

// kinds are the kinds of errors that a client can tell from one another; the
// place of each is its bit. Append only.
var kinds = [...]error{table.ErrBusy, table.ErrUnavailable, table.ErrTooLarge, table.ErrInvalid, table.ErrDamaged}

// kindsOf returns the bits of err. An error of no kind, such as the end of the
// server's own context, is an unknown outcome.
func kindsOf(err error) uint64 {
	var bits uint64
	for i, k := range kinds {
		if errors.Is(err, k) {
			bits |= 1 << i
		}
	}
	if bits == 0 {
		bits = kindsOf(table.ErrUnavailable)
	}
	return bits
}

// remoteError is an error of the server's table: its text and its kinds.
type remoteError struct {
	text  string
	kinds []error
}

func newRemoteError(bits uint64, text string) error {
	e := &remoteError{text: text}
	for i, k := range kinds {
		if bits&(1<<i) != 0 {
			e.kinds = append(e.kinds, k)
		}
	}
	return e
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.kinds }
