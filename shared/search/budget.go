package search

import (
	"context"
	"time"
)

// reserve is kept of a context's deadline for saving progress.
const reserve = time.Second

// budget is the time of one call.
type budget struct {
	now        func() time.Time
	start, end time.Time
}

func (e *Engine) budget(ctx context.Context) budget {
	start := e.Now()
	end := start.Add(e.Budget)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-reserve).Before(end) {
		end = deadline.Add(-reserve)
	}
	return budget{e.Now, start, end}
}

// unbounded is the budget of work that nobody waits for: its clock stands still.
func (e *Engine) unbounded() budget {
	start := e.Now()
	return budget{func() time.Time { return start }, start, start.Add(e.Budget)}
}

func (b budget) spent() bool { return !b.now().Before(b.end) }

// late says whether the n-th part of the budget is spent.
func (b budget) late(n int) bool {
	return b.now().Sub(b.start) >= b.end.Sub(b.start)/time.Duration(n)
}
