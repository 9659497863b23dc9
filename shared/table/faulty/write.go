package faulty

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"docket/shared/table"
)

// lateWrite is a Write that is still under way when its caller has an error.
type lateWrite struct {
	due int // the number of the call before which it is done
	ops []table.Op
}

// Write implements table.Table.
func (t *Table) Write(ctx context.Context, ops ...table.Op) error {
	if err := table.Validate(ops); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.begin(&Call{Method: Write, Ops: ops})
	if err := t.fail(ctx, f); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	switch f {
	case Late:
		t.late = append(t.late, lateWrite{due: t.calls + 1 + t.rand.IntN(t.opts.MaxLate), ops: slices.Clone(ops)})
		return fmt.Errorf("write: %w: injected: %s", table.ErrUnavailable, f)
	case Timeout:
		if t.rand.IntN(2) == 0 {
			_, err := t.do(ctx, ops)
			return errors.Join(outcome(err), t.timedOut(ctx))
		}
		return fmt.Errorf("write: %w", t.timedOut(ctx))
	case After:
		_, err := t.do(ctx, ops)
		return errors.Join(outcome(err), fmt.Errorf("write: %w: injected: %s", table.ErrUnavailable, f))
	case Torn, TornAfter:
		return t.writeTorn(ctx, f, ops)
	case Twice:
		if _, err := t.do(ctx, ops); err != nil {
			return err
		}
	}
	_, err := t.do(ctx, ops)
	return err
}

// outcome is err without what the caller of a lost answer cannot know.
func outcome(err error) error {
	var ce *table.ConditionError
	if errors.As(err, &ce) || errors.Is(err, table.ErrBusy) {
		return nil
	}
	return err
}

// do writes ops and returns what they replaced, in the order of ops.
func (t *Table) do(ctx context.Context, ops []table.Op) ([]change, error) {
	t.untear(ops)
	changes, err := t.before(ctx, ops)
	if err != nil {
		return nil, err
	}
	if err := t.inner.Write(ctx, ops...); err != nil {
		return nil, err
	}
	t.remember(changes)
	return changes, nil
}

// writeTorn writes ops and hides a part of them from readers for a while.
func (t *Table) writeTorn(ctx context.Context, f Fault, ops []table.Op) error {
	changes, err := t.do(ctx, ops)
	if err != nil || len(changes) < 2 {
		if f == TornAfter {
			return errors.Join(outcome(err), fmt.Errorf("write: %w: injected: %s", table.ErrUnavailable, f))
		}
		return err
	}
	// A proper part: neither nothing nor all.
	t.rand.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	w := &tornWrite{due: math.MaxInt, hidden: changes[:1+t.rand.IntN(len(changes)-1)]}
	t.torn = append(t.torn, w)
	if f == TornAfter {
		w.due = t.calls + 1 + t.rand.IntN(t.opts.MaxLate)
		return fmt.Errorf("write: %w: injected: %s", table.ErrUnavailable, f)
	}
	err = t.sleep(ctx, tornTime)
	t.torn = slices.DeleteFunc(t.torn, func(o *tornWrite) bool { return o == w })
	if err != nil {
		return fmt.Errorf("write: %w: %w", table.ErrUnavailable, err)
	}
	return nil
}

// settleDue does the late writes that are due and shows the torn ones whole.
func (t *Table) settleDue() {
	var later []lateWrite
	for _, w := range t.late {
		if w.due > t.calls {
			later = append(later, w)
			continue
		}
		t.doLate(context.Background(), w)
	}
	t.late = later
	t.torn = slices.DeleteFunc(t.torn, func(w *tornWrite) bool { return w.due <= t.calls })
}

func (t *Table) doLate(ctx context.Context, w lateWrite) {
	_, err := t.do(ctx, w.ops)
	if err = outcome(err); err != nil && t.lateErr == nil {
		t.lateErr = fmt.Errorf("late write of %s: %w", w.ops[0].Item.Key, err)
	}
}
