// Package faulty puts faults between a table and its user, for tests and
// simulations. All of them are what package table allows a table to do to its
// users, except Twice, which says so.
//
// Which call suffers which fault is decided by a hook, for programmed cases
// ("the 17th call is done but not told"), or at random by rates and a seed. With
// calls made in the same order, the same seed gives the same faults: the package
// has no clock, no goroutine and no other randomness, and waits only through
// Options.Sleep, where a simulation runs something else meanwhile.
//
// Some faults show the past. For these the wrapper looks at what a write is about
// to replace and remembers it: a stale read is the present with the latest writes
// undone; a transaction that is seen in part is one that the inner table has
// applied, with some of its items undone for readers until it is settled. So all
// writes have to come through the same wrapper. Calls are made one at a time.
package faulty
