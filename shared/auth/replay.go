package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"docket/shared/table"
)

// uses remembers which proofs were accepted, for all instances, in a table. Each
// use is an item of its own, so uses in any order and in parallel do not meet:
//
//	Digest  partition  "digest/" and the nonce
//	        sort       nc, 8 hex digits, and the SHA-256 of cnonce, 32 hex digits
//	NTLM    partition  "ntlm/" and the label of the challenge (ntlm_state.go)
//	        sort       "use"
//	Kerberos partition "kerberos/" and the SHA-256 of the sealed authenticator, in hex
//	        sort       "use"
type uses struct {
	state table.Table
}

// useRest is how much longer than the challenge an item lives, for a table whose
// clock runs ahead of ours.
const useRest = time.Minute

// first reports whether a use is the first, and makes it be so. An error means
// that it cannot be known, and the use must not be accepted.
func (u uses) first(ctx context.Context, partition, sort string, end time.Time) (bool, error) {
	err := u.state.Write(ctx, table.Op{
		Kind: table.Put,
		If:   table.Absent,
		Item: table.Item{Key: table.Key{Partition: partition, Sort: sort}, Expires: end.Add(useRest).Unix()},
	})
	var used *table.ConditionError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &used):
		return false, nil
	}
	return false, fmt.Errorf("record use of a proof: %w", err)
}

// useOf names one use of a nonce.
func useOf(c *digestCredentials) string {
	hash := sha256.Sum256([]byte(c.cnonce))
	return strings.ToLower(c.nc) + hex.EncodeToString(hash[:16])
}
