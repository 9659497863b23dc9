package api

import (
	"context"
	"errors"
	"net/http"

	"docket/shared/auth"
	"docket/shared/ledger"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/wire"
)

// The errors that arise in this package.
var (
	errTooBig = errors.New("body is over the size limit")
	errBusy   = errors.New("no memory left for another request")
	errSlow   = errors.New("client sends too slowly")
	errGone   = errors.New("client went away")
	errPanic  = errors.New("panic while answering")
)

// invalidInput is a refusal for reasons that have no place in the body.
func invalidInput(descriptions ...string) error {
	inv := &wire.Invalid{}
	for _, d := range descriptions {
		inv.Errors = append(inv.Errors, wire.Error{Category: wire.InputError, Description: d})
	}
	return inv
}

// refusal is an error as a client sees it.
type refusal struct {
	status int
	errors []wire.Error // none: an empty body
}

// refuse maps every error to its status and body (contract, section 6). What
// it does not know is a 500, so that nothing of the inside can show.
func refuse(err error, requestID string) refusal {
	var invalid *wire.Invalid
	var bad *search.BadRequest
	switch {
	case errors.As(err, &invalid):
		return refusal{http.StatusBadRequest, invalid.Errors}
	case errors.As(err, &bad):
		return refusal{http.StatusBadRequest, inputErrors(bad)}
	case errors.Is(err, ledger.ErrKeyReused):
		return refusal{http.StatusBadRequest, []wire.Error{{
			Category:    wire.InputError,
			Description: "The Idempotency-Key was used before with another body. Use a new key for new records.",
		}}}
	case errors.Is(err, errTooBig), errors.Is(err, ledger.ErrTooLarge):
		return refusal{status: http.StatusRequestEntityTooLarge}
	case isTransient(err):
		return refusal{http.StatusServiceUnavailable, []wire.Error{{
			Category:    wire.ServerError,
			Description: "The service is busy. Send the same request again. Request id: " + requestID,
		}}}
	}
	return refusal{http.StatusInternalServerError, []wire.Error{{
		Category:    wire.ServerError,
		Description: "Internal error. Request id: " + requestID,
	}}}
}

// isTransient says whether the same request may succeed later.
func isTransient(err error) bool {
	for _, kind := range []error{
		errBusy, errSlow, errGone,
		auth.ErrBusy, table.ErrBusy, table.ErrUnavailable, ledger.ErrGap, search.ErrOutOfTime,
		context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func inputErrors(bad *search.BadRequest) []wire.Error {
	list := make([]wire.Error, 0, len(bad.Problems))
	for _, p := range bad.Problems {
		list = append(list, wire.Error{Category: wire.InputError, Description: p.Text, Location: p.Path})
	}
	return list
}
