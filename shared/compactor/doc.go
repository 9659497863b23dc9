// Package compactor decides when to compact the shards of a ledger, and how much
// at a time; what a round does is the business of package ledger.
//
// On a machine it runs beside the server, between requests: after every round that
// did something it rests, so that it takes a given share of one processor and no
// more. On AWS a schedule calls it, and it works until nothing is left to do or its
// time is up; the next call goes on. A shard that fails – it is damaged, or the table
// is gone – does not keep the others from their turn.
package compactor
