// Package simulation runs the production code of the ledger, of its compaction, of
// enum and of search over a table with faults, in random order from one call of the
// table to the next, and holds what everybody sees against a plain model
// (invariants L, E, S, A and C). It has tests alone.
//
// A schedule is a world of some processes: writers, which also repeat and give up
// batches; scanners, which read logs as they are; walkers, which enumerate with
// sealed marks; searchers; compactors; one that adds shards. Each has its own ledger,
// clock and cache over one table. Exactly one runs at a time, up to its next call of
// the table or its next wait; a random number decides who is next, what happens to
// the call – it fails and was done, it is done later, it shows part of a transaction,
// an old state, a cut page – and who is killed, restarted, or frozen for a day. Time
// is virtual. Everything follows from one seed, so a schedule that breaks an
// invariant can be had again, and is made smaller before it is printed.
//
// When all are done, what is late happens, and an auditor walks the whole ledger in
// a world without faults; then every walker and searcher goes on from its last mark.
//
// That the simulation can see is tested too: TestSeededBugs builds it with each of a
// list of bugs in the protocol and demands that it is found.
package simulation
