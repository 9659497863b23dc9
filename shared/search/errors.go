package search

import (
	"errors"
	"fmt"

	"docket/shared/activity"
)

// ErrOutOfTime says that the budget was spent before anything was found. The
// same request, sent again within the hour, goes on where this one stopped.
var ErrOutOfTime = errors.New("search ran out of time")

// BadRequest says what is wrong with a request, in words for the client.
type BadRequest struct {
	Problems []activity.Problem // at least one
}

func (e *BadRequest) Error() string {
	return fmt.Sprintf("bad request: %s (%d problems)", e.Problems[0].Text, len(e.Problems))
}

func badMark() error {
	return &BadRequest{[]activity.Problem{{Text: "The continuation mark is invalid. Use a mark exactly as it was returned, or none to start from the beginning."}}}
}
