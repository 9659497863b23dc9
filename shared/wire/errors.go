package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"docket/shared/activity"
)

// Category is the kind of an error as clients see it (contract, section 6).
type Category string

// The categories.
const (
	XMLError    Category = "XMLError"    // not well-formed, or not the schema
	JSONError   Category = "JSONError"   // not JSON, or a name twice
	InputError  Category = "InputError"  // well-formed and wrong
	ServerError Category = "ServerError" // not the client's fault
)

// Error is one entry of an error answer. Location is an XPath-like path into
// the request in XML terms whatever its format, and may be empty:
//
//	/ActivityRecordList/ActivityRecord[2]/DetailList/Detail[1]/PropertyName
type Error struct {
	Category    Category
	Description string
	Location    string
}

// Invalid is the error of every reader of this package: what is wrong with a
// body, at least one entry, in words meant for the client.
type Invalid struct{ Errors []Error }

func (e *Invalid) Error() string {
	if len(e.Errors) == 0 {
		return "invalid body"
	}
	first := e.Errors[0]
	text := fmt.Sprintf("%s: %s", first.Category, first.Description)
	if first.Location != "" {
		text += " at " + first.Location
	}
	if n := len(e.Errors) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// maxErrors bounds the problems of one answer; one more entry says that there
// are more. Who has a hundred problems has one problem.
const maxErrors = 100

// errEnough ends a reader that has found maxErrors problems.
var errEnough = errors.New("too many problems")

// problems collects what is wrong with a well-formed body.
type problems struct{ list []Error }

func (p *problems) add(c Category, location, format string, args ...any) error {
	if len(p.list) == maxErrors {
		p.list = append(p.list, Error{Category: InputError, Description: fmt.Sprintf("There are more than %d problems; the rest is not listed.", maxErrors)})
		return errEnough
	}
	p.list = append(p.list, Error{c, fmt.Sprintf(format, args...), location})
	return nil
}

func (p *problems) addAll(list []activity.Problem) error {
	for _, problem := range list {
		if err := p.add(InputError, problem.Path, "%s", problem.Text); err != nil {
			return err
		}
	}
	return nil
}

// result turns the error of a reader into what its caller sees.
func (p *problems) result(err error) error {
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return &Invalid{[]Error{syntax.entry()}}
	case err != nil && !errors.Is(err, errEnough):
		return err
	case len(p.list) > 0:
		return &Invalid{p.list}
	}
	return nil
}

// syntaxError is why a body cannot be read any further.
type syntaxError struct {
	category Category
	text     string
	location string
	line     int // from 1; 0 is unknown
	column   int // from 1, in code points
}

func (e *syntaxError) Error() string { return e.text }

// entry is the error as an answer lists it.
func (e *syntaxError) entry() Error {
	text := e.text
	if e.line > 0 {
		text = fmt.Sprintf("%s (line %d, column %d)", text, e.line, e.column)
	}
	return Error{e.category, text, e.location}
}

// newSyntaxError places a syntax error at an offset of the text.
func newSyntaxError(c Category, text []byte, offset int, location, format string, args ...any) error {
	offset = min(offset, len(text))
	line := 1 + bytes.Count(text[:offset], []byte{'\n'})
	column := 1 + utf8.RuneCount(text[bytes.LastIndexByte(text[:offset], '\n')+1:offset])
	return &syntaxError{c, fmt.Sprintf(format, args...), location, line, column}
}

// quoteLen is how much of a bad value an error repeats, in bytes.
const quoteLen = 64

// quote prints a value of the request for people, cut to quoteLen.
func quote(s string) string {
	if len(s) > quoteLen {
		s = strings.ToValidUTF8(s[:quoteLen], "") + "…"
	}
	return "'" + s + "'"
}
