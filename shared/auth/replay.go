package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"docket/shared/table"
)

// replays remembers which uses of nonces were accepted, for all instances, in
// a table:
//
//	partition  "digest/" and the nonce
//	sort       nc, 8 hex digits, and the SHA-256 of cnonce, 32 hex digits
//
// Each use is an item of its own, so uses in any order and in parallel do not
// meet.
type replays struct {
	state table.Table
}

// replayRest is how much longer than the nonce an item lives, for a table
// whose clock runs ahead of ours.
const replayRest = time.Minute

// first reports whether a use is the first, and makes it be so. An error means
// that it cannot be known, and the use must not be accepted.
func (r replays) first(ctx context.Context, nonce, nc, cnonce string, end time.Time) (bool, error) {
	hash := sha256.Sum256([]byte(cnonce))
	err := r.state.Write(ctx, table.Op{
		Kind: table.Put,
		If:   table.Absent,
		Item: table.Item{
			Key:     table.Key{Partition: "digest/" + nonce, Sort: nc + hex.EncodeToString(hash[:16])},
			Expires: end.Add(replayRest).Unix(),
		},
	})
	var used *table.ConditionError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &used):
		return false, nil
	}
	return false, fmt.Errorf("record use of a nonce: %w", err)
}
