package ledger

import (
	"errors"
	"fmt"
)

// The kinds of errors, besides those of the table and *DamageError.
var (
	// ErrKeyReused is a Batch whose Key was used before with another body.
	// Nothing was stored.
	ErrKeyReused = errors.New("key was used with another body")

	// ErrTooLarge is a record that does not fit an item or a batch that does
	// not fit a transaction. Nothing was stored, and nothing ever will be.
	ErrTooLarge = errors.New("batch is too large")

	// ErrInvalid is a request that makes no sense: a batch without records, a
	// number of shards out of range. Nothing was done.
	ErrInvalid = errors.New("invalid request to the ledger")

	// ErrGap is a log that does not go on where it must, however often it was
	// read: ask again later; if it stays, items are lost.
	ErrGap = errors.New("log has a gap")

	// ErrBeyond is a position behind the end of its shard. None was ever given
	// out in this epoch, so the table is older than whoever knows the position.
	ErrBeyond = errors.New("position is behind the end of the log")

	// ErrForeign is a position of an epoch that this ledger never had.
	ErrForeign = errors.New("epoch is not one of this ledger")
)

// DamageError says that what is stored at a place is not what was written there.
// Nothing of it was given out. Position is that of the item's first record.
type DamageError struct {
	Shard    Shard
	Position Position
	Err      error // what is wrong with it
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("shard %d is damaged at %d: %v", e.Shard, e.Position, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }
