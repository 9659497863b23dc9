package kerberos

import (
	"fmt"

	"docket/shared/auth"
)

// refuse says why a token is refused: in words of ours, for the log.
func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", auth.ErrTicket, fmt.Sprintf(format, args...))
}

// guard runs a step of the library on hostile input. What it says of the input is
// not passed on: it may quote it.
func guard(what string, step func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = refuse("%s: the library gave up", what)
		}
	}()
	if step() != nil {
		return refuse("%s", what)
	}
	return nil
}
