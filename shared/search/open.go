package search

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/ledger"
	"docket/shared/mark"
)

// open reads a request's mark as one of the ledger's current epoch, and the
// number of shards. No mark, and one of the original product, is the beginning.
func (e *Engine) open(ctx context.Context, text string) (m mark.Mark, shards int, err error) {
	if shards, err = e.Ledger.Shards(ctx); err != nil {
		return m, 0, err
	}
	epoch := e.Ledger.Epoch()
	m.Epoch = epoch
	if text == "" {
		return m, shards, nil
	}
	given, err := e.Marks.Open(text)
	switch {
	case errors.Is(err, mark.ErrOriginal):
		e.Log.Info("a continuation mark of the original product starts from the beginning")
		return m, shards, nil
	case errors.Is(err, mark.ErrInvalid):
		return m, 0, badMark()
	case err != nil:
		return m, 0, err
	}
	m = given
	m.Epoch = epoch
	for _, v := range []*ledger.Vector{&m.From, &m.To} {
		*v, err = e.Ledger.Clamp(given.Epoch, *v)
		if errors.Is(err, ledger.ErrForeign) {
			return m, 0, badMark()
		}
		if err != nil {
			return m, 0, fmt.Errorf("open mark: %w", err)
		}
	}
	return m, shards, nil
}
