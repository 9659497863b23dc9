package table

import (
	"fmt"
	"time"
)

// Size returns the bytes of it that MaxItem, MaxWriteBytes and MaxPage count.
func (it *Item) Size() int { return len(it.Partition) + len(it.Sort) + len(it.Value) }

// ExpiredAt reports whether it reads as absent at now.
func (it *Item) ExpiredAt(now time.Time) bool { return it.Expires != 0 && it.Expires <= now.Unix() }

// Validate reports an empty or too long key, as ErrInvalid.
func (k Key) Validate() error {
	if k.Partition == "" || k.Sort == "" || len(k.Partition) > MaxPartition || len(k.Sort) > MaxSort {
		return fmt.Errorf("%w: key %s: partition must have 1 to %d bytes and sort 1 to %d",
			ErrInvalid, k.shown(), MaxPartition, MaxSort)
	}
	return nil
}

// shown is k for an error text, cut so that a wrong key of megabytes does not
// fill a log.
func (k Key) shown() string {
	const enough = 80
	return fmt.Sprintf("%.*q/%.*q", enough, k.Partition, enough, k.Sort)
}

// Validate reports writes that no implementation may take: ErrInvalid, or
// ErrTooLarge for bytes over MaxItem and MaxWriteBytes.
func Validate(ops []Op) error {
	if len(ops) == 0 || len(ops) > MaxOps {
		return fmt.Errorf("%w: %d writes, must be 1 to %d", ErrInvalid, len(ops), MaxOps)
	}
	seen := make(map[Key]struct{}, len(ops))
	total := 0
	for i := range ops {
		if err := ops[i].validate(); err != nil {
			return fmt.Errorf("op %d: %w", i, err)
		}
		key := ops[i].Item.Key
		if _, twice := seen[key]; twice {
			return fmt.Errorf("%w: op %d: key %s twice in one write", ErrInvalid, i, key.shown())
		}
		seen[key] = struct{}{}
		total += ops[i].size()
	}
	if total > MaxWriteBytes {
		return fmt.Errorf("%w: transaction has %d bytes, limit %d", ErrTooLarge, total, MaxWriteBytes)
	}
	return nil
}

func (op *Op) validate() error {
	it := &op.Item
	switch {
	case op.Kind > Check:
		return fmt.Errorf("%w: no kind %d", ErrInvalid, op.Kind)
	case op.If > Present:
		return fmt.Errorf("%w: no condition %d", ErrInvalid, op.If)
	case op.Kind == Check && op.If == Always:
		return fmt.Errorf("%w: a check without a condition", ErrInvalid)
	case op.Kind == Put && it.Expires < 0:
		return fmt.Errorf("%w: expires at %d", ErrInvalid, it.Expires)
	}
	if err := it.Key.Validate(); err != nil {
		return err
	}
	if n := op.size(); n > MaxItem {
		return fmt.Errorf("%w: item %s has %d bytes, limit %d", ErrTooLarge, it.Key, n, MaxItem)
	}
	return nil
}

// size counts what op sends: Delete and Check use the key alone.
func (op *Op) size() int {
	if op.Kind == Put {
		return op.Item.Size()
	}
	return len(op.Item.Partition) + len(op.Item.Sort)
}

// ValidateKeys reports a Get that no implementation may take, as ErrInvalid.
// No keys are fine: there are no items then.
func ValidateKeys(keys []Key) error {
	if len(keys) > MaxGet {
		return fmt.Errorf("%w: %d keys, limit %d", ErrInvalid, len(keys), MaxGet)
	}
	if len(keys) == 1 { // the common case needs no map
		return keys[0].Validate()
	}
	seen := make(map[Key]struct{}, len(keys))
	for _, k := range keys {
		if err := k.Validate(); err != nil {
			return err
		}
		if _, twice := seen[k]; twice {
			return fmt.Errorf("%w: key %s twice in one get", ErrInvalid, k.shown())
		}
		seen[k] = struct{}{}
	}
	return nil
}

// Validate reports a query that no implementation may take, as ErrInvalid. The
// bounds may have one byte more than a sort key: the least key after k is k
// with a zero byte behind it. A range without room (From >= To) is fine and
// empty.
func (q *Query) Validate() error {
	switch {
	case q.Partition == "" || len(q.Partition) > MaxPartition:
		return fmt.Errorf("%w: query of a partition of %d bytes, must be 1 to %d", ErrInvalid, len(q.Partition), MaxPartition)
	case len(q.From) > MaxSort+1 || len(q.To) > MaxSort+1:
		return fmt.Errorf("%w: query bounds of %d and %d bytes, limit %d", ErrInvalid, len(q.From), len(q.To), MaxSort+1)
	case q.Limit < 0:
		return fmt.Errorf("%w: query limit %d", ErrInvalid, q.Limit)
	}
	return nil
}

// Holds reports whether op's condition holds of existing, the item under its
// key, nil if there is none or it has expired.
func (op *Op) Holds(existing *Item) bool {
	switch op.If {
	case Absent:
		return existing == nil
	case Present:
		return existing != nil
	case VersionIs:
		return existing != nil && existing.Version == op.IfVersion
	default:
		return true
	}
}
