package faulty

import "fmt"

// Fault is what may happen to a call.
type Fault uint8

// The faults. A fault that cannot happen to a call, such as Late to a read, does
// not: the call is made as if there were none.
const (
	None Fault = iota
	// Before fails with table.ErrUnavailable, and nothing was done.
	Before
	// After fails with table.ErrUnavailable, but a Write was done if its
	// conditions held.
	After
	// Busy fails with table.ErrBusy, and nothing was done.
	Busy
	// Timeout takes SlowTime and fails with table.ErrUnavailable; a Write was
	// done or not.
	Timeout
	// Slow takes SlowTime and succeeds.
	Slow
	// Late fails a Write with table.ErrUnavailable and does it after up to
	// Options.MaxLate further calls: its conditions are judged then.
	Late
	// Stale answers a Query with Eventual from the past.
	Stale
	// Torn makes a Write of several ops slow, and readers see a part of it
	// meanwhile (which needs Options.Sleep to be noticed).
	Torn
	// TornAfter is After with readers that see a part of the Write for up to
	// Options.MaxLate further calls.
	TornAfter
	// Short cuts a page of a Query, or says of a whole one that there is more.
	Short
	// Twice does a Write and then again, and answers what the second time gives:
	// what a client library does that repeats a request by itself. It breaks
	// the contract of table: a ConditionError may be due to the Write itself.
	Twice
	// Down is Before for this call and all others until Restore.
	Down

	faults // their number
)

var names = [faults]string{"none", "before", "after", "busy", "timeout", "slow", "late", "stale", "torn", "torn after", "short", "twice", "down"}

func (f Fault) String() string {
	if f >= faults {
		return fmt.Sprintf("fault %d", uint8(f))
	}
	return names[f]
}

// Faults returns all faults, for tests that try each.
func Faults() []Fault {
	var all []Fault
	for f := None + 1; f < faults; f++ {
		all = append(all, f)
	}
	return all
}

// Method is a method of table.Table.
type Method uint8

// The methods.
const (
	Get Method = iota
	Query
	Write
)

func (m Method) String() string { return [...]string{"get", "query", "write"}[m%3] }

// canHit reports whether f can happen to c.
func (f Fault) canHit(c *Call) bool {
	switch f {
	case Late, Twice:
		return c.Method == Write
	case Torn, TornAfter:
		return c.Method == Write && len(c.Ops) > 1
	case Stale:
		return c.Method == Query && c.Query.Eventual
	case Short:
		return c.Method == Query
	default:
		return f < faults
	}
}

// NthCalls returns a hook that gives the n-th call of a table, counted from 1,
// the fault under n, and no other call any.
func NthCalls(plan map[int]Fault) func(*Call) Fault {
	return func(c *Call) Fault { return plan[c.N] }
}

// NthCall returns a hook that gives the n-th call, counted from 1, the fault f.
func NthCall(n int, f Fault) func(*Call) Fault { return NthCalls(map[int]Fault{n: f}) }
