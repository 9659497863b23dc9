package access

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The kinds of errors, for errors.Is. Errors of the table are passed on as they
// are. The texts of all but ErrDamaged say what to do and are meant for the
// administrator.
var (
	ErrInvalid  = errors.New("invalid")            // a name, path or value is malformed or over a limit
	ErrNotFound = errors.New("not found")          // what is to be changed does not exist
	ErrExists   = errors.New("exists")             // what is to be added exists
	ErrInUse    = errors.New("in use")             // something else names what is to be removed
	ErrConflict = errors.New("conflict")           // other edits came first, too many times
	ErrDamaged  = errors.New("damaged directory")  // what is stored cannot be read
	ErrUnknown  = errors.New("unknown outcome")    // the storage did not tell whether the edit was done
	ErrTooMuch  = errors.New("too much at a time") // an edit over MaxLogBytes
)

// refusal is an error of one of the kinds whose text stands alone.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

func invalid(format string, args ...any) error {
	return &refusal{ErrInvalid, fmt.Sprintf(format, args...)}
}

// quoted is a text that was given, as people would write it: backslashes are part
// of names and stay single. Long ones are cut.
func quoted(s string) string {
	const enough = 80
	if r := []rune(s); len(r) > enough {
		s = string(r[:enough]) + "..."
	}
	return strings.ReplaceAll(strconv.Quote(s), `\\`, `\`)
}

func notFound(kind, name string) error {
	return &refusal{ErrNotFound, fmt.Sprintf("%s %s does not exist", kind, name)}
}

func exists(kind, name string) error {
	return &refusal{ErrExists, fmt.Sprintf("%s %s exists already", kind, name)}
}

func inUse(format string, args ...any) error {
	return &refusal{ErrInUse, fmt.Sprintf(format, args...)}
}
