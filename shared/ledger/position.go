package ledger

// Shard is the number of one of the ledger's logs, 0 to MaxShards-1.
type Shard uint8

// MaxShards bounds the number of shards for ever: a mark for 64 stays under 2 KB.
const MaxShards = 64

// Position is the place of a record in its shard's log, counted from 0 without
// holes. It never changes and is never used again.
type Position uint64

// End is behind every position: 2^48-1. A position has six bytes in marks, and
// a shard of that many records would take petabytes.
const End Position = 1<<48 - 1

// Vector has one position per shard: everything before it has been passed.
// A shard that is absent from a from-vector stands at 0; one that is absent
// from a to-vector is not in the window.
type Vector []Position

// Epoch names one life of a ledger, from its creation or from a restore to the
// next restore: a random number, never 0. Positions of one epoch mean the same
// records for ever; those behind the tails at a restore are lost with it and
// given out anew.
type Epoch uint64
