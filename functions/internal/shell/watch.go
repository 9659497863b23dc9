package shell

import (
	"context"
	"errors"

	"docket/shared/api"
	"docket/shared/environment"
	"docket/shared/ledger"
	"docket/shared/search"
)

// counter counts one occurrence of a metric.
type counter func(ctx context.Context, metric string)

// damage counts an error that tells of damage, and returns it.
func (count counter) damage(ctx context.Context, err error) error {
	var d *ledger.DamageError
	if errors.As(err, &d) {
		count(ctx, environment.Damage)
	}
	return err
}

// watchedWriter counts the damage that appends meet.
type watchedWriter struct {
	api.Writer
	count counter
}

func (w watchedWriter) Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error) {
	r, err := w.Writer.Append(ctx, b)
	return r, w.count.damage(ctx, err)
}

// WatchDamage counts the damage that appends to a ledger meet.
func WatchDamage(w api.Writer, count func(ctx context.Context, metric string)) api.Writer {
	return watchedWriter{w, count}
}

// watchedReader counts the damage that pages meet.
type watchedReader struct {
	api.Reader
	count counter
}

func (w watchedReader) Enum(ctx context.Context, q search.Request) (search.Page, error) {
	p, err := w.Reader.Enum(ctx, q)
	return p, w.count.damage(ctx, err)
}

func (w watchedReader) Search(ctx context.Context, q search.Request) (search.Page, error) {
	p, err := w.Reader.Search(ctx, q)
	return p, w.count.damage(ctx, err)
}
