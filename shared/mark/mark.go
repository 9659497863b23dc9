package mark

import "docket/shared/ledger"

// Kind is what sort of walk a mark continues.
type Kind uint8

// The kinds. The numbers are stored in marks and never change.
const (
	NoKind Kind = iota
	Enum
	Search
)

// MaxFilter is the longest filter that a mark carries, in bytes, so that marks
// stay under 2 KB (design, section 6.1).
const MaxFilter = 600

// Mark is where a walk stands.
type Mark struct {
	Kind  Kind
	Epoch ledger.Epoch

	// From and To bound the walk: at most ledger.MaxShards positions each, none
	// over ledger.End. An enum and a checkpoint have no To.
	From, To ledger.Vector

	// Next is the shard that an enum begins its next page with, so that all
	// get their turn.
	Next ledger.Shard

	// Place is behind what a search has given out; nil at a checkpoint.
	Place *Place

	// Started is when the walk began, in Unix seconds: what Today means in it.
	Started int64

	// Filter is the filter of a search, packed by whoever walks: at most
	// MaxFilter bytes, which the mark does not look at. A longer one is stored
	// elsewhere and FilterHash is its name. A mark has one of them or none.
	Filter     []byte
	FilterHash *[32]byte
}

// Place is the order key of a record in a search walk.
type Place struct {
	When      int64 // Unix seconds
	Committed int64 // microseconds since 1970 UTC
	Shard     ledger.Shard
	Position  ledger.Position
}
