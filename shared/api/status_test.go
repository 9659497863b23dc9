package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/ledger"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/wire"
)

func TestRefuse(t *testing.T) {
	secret := errors.New("arn:aws:dynamodb:eu-west-1:table/secret at /src/x.go:17")
	for _, c := range []struct {
		err    error
		status int
		body   bool
	}{
		{invalidInput("x"), http.StatusBadRequest, true},
		{fmt.Errorf("search: %w", &search.BadRequest{Problems: []activity.Problem{{Path: "/p", Text: "x"}}}), http.StatusBadRequest, true},
		{fmt.Errorf("append: %w", ledger.ErrKeyReused), http.StatusBadRequest, true},
		{errTooBig, http.StatusRequestEntityTooLarge, false},
		{fmt.Errorf("append: %w", ledger.ErrTooLarge), http.StatusRequestEntityTooLarge, false},
		{errBusy, http.StatusServiceUnavailable, true},
		{fmt.Errorf("get %w: %w", table.ErrBusy, secret), http.StatusServiceUnavailable, true},
		{fmt.Errorf("get %w: %w", table.ErrUnavailable, secret), http.StatusServiceUnavailable, true},
		{ledger.ErrGap, http.StatusServiceUnavailable, true},
		{search.ErrOutOfTime, http.StatusServiceUnavailable, true},
		{context.DeadlineExceeded, http.StatusServiceUnavailable, true},
		{table.ErrInvalid, http.StatusInternalServerError, true},
		{&ledger.DamageError{Shard: 1, Position: 2}, http.StatusInternalServerError, true},
		{secret, http.StatusInternalServerError, true},
		{errPanic, http.StatusInternalServerError, true},
	} {
		got := refuse(c.err, "the-id")
		if got.status != c.status || (got.errors != nil) != c.body {
			t.Errorf("%v: %+v; want %d", c.err, got, c.status)
		}
		text := string(wire.AppendErrors(nil, wire.JSON, got.errors))
		if strings.Contains(text, "arn:") || strings.Contains(text, ".go") || strings.Contains(text, "hard") {
			t.Errorf("%v: the answer tells of the inside: %s", c.err, text)
		}
		if got.status >= 500 && !strings.Contains(text, "the-id") {
			t.Errorf("%v: the answer has no request id: %s", c.err, text)
		}
	}
}
