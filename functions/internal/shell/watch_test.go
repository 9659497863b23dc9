package shell

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"docket/shared/environment"
	"docket/shared/ledger"
	"docket/shared/search"
)

type failing struct{ err error }

func (f failing) Append(context.Context, ledger.Batch) (ledger.Receipt, error) {
	return ledger.Receipt{N: 7}, f.err
}
func (f failing) Enum(context.Context, search.Request) (search.Page, error) {
	return search.Page{Mark: "m"}, f.err
}
func (f failing) Search(context.Context, search.Request) (search.Page, error) {
	return search.Page{Mark: "m"}, f.err
}

// TestDamageIsCounted: and it alone, and what was answered stays what it was.
func TestDamageIsCounted(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("busy"), 0},
		{fmt.Errorf("read shard 3: %w", &ledger.DamageError{Shard: 3, Position: 12, Err: errors.New("checksum")}), 3},
	} {
		counted := map[string]int{}
		count := counter(func(_ context.Context, metric string) { counted[metric]++ })
		w, r := watchedWriter{failing{c.err}, count}, watchedReader{failing{c.err}, count}
		receipt, err1 := w.Append(t.Context(), ledger.Batch{})
		page, err2 := r.Enum(t.Context(), search.Request{})
		page2, err3 := r.Search(t.Context(), search.Request{})
		if err1 != c.err || err2 != c.err || err3 != c.err || receipt.N != 7 || page.Mark != "m" || page2.Mark != "m" {
			t.Errorf("%v became %v, %v, %v", c.err, err1, err2, err3)
		}
		if counted[environment.Damage] != c.want || len(counted) > 1 {
			t.Errorf("%v: counted %v; want Damage %d times", c.err, counted, c.want)
		}
	}
}
