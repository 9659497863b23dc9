// Package table is the storage that Docket needs, stated in consistency words:
// items under a partition and a sort key, strongly consistent reads, conditional
// writes and small transactions. It is what DynamoDB and an embedded store have
// in common and no more.
//
// Package memory implements it in a map, bolt on one file, dynamo on DynamoDB,
// remote over a local socket, faulty with faults in between; tabletest is the
// suite that each of them passes. The package knows nothing of what the items mean.
package table

import (
	"context"
	"errors"
	"fmt"
)

// The limits every implementation enforces, those of DynamoDB less some room
// for attribute names, so that what works on one machine works on AWS.
const (
	MaxItem       = 390 << 10      // bytes of key and value of one item
	MaxPartition  = 1024           // bytes of a partition key
	MaxSort       = 512            // bytes of a sort key
	MaxOps        = 100            // writes in one transaction
	MaxWriteBytes = 4<<20 - 16<<10 // bytes of all items of one transaction; DynamoDB counts attribute names too
	MaxGet        = 100            // keys of one Get
	MaxPage       = 1 << 20        // bytes of one Query page: a page ends with the item that reaches it
)

// Key names an item. Both parts are arbitrary bytes and not empty; items of a
// partition are ordered by Sort, bytewise.
type Key struct {
	Partition string
	Sort      string
}

func (k Key) String() string { return fmt.Sprintf("%q/%q", k.Partition, k.Sort) }

// Item is what is stored under a key.
type Item struct {
	Key
	Value   []byte // may be empty; never modified after it was given or received
	Version uint64 // chosen by the writer, compared by VersionIs; 0 if unused
	Expires int64  // Unix seconds from which the item reads as absent; 0 is never
}

// Condition says what must hold of the item under a key for an Op to apply. An
// expired item counts as absent.
type Condition uint8

const (
	Always    Condition = iota // no condition
	Absent                     // there is no item
	VersionIs                  // there is an item and its Version is Op.IfVersion
	Present                    // there is an item
)

// Kind is what an Op does.
type Kind uint8

const (
	Put    Kind = iota // store Op.Item, replacing what is there
	Delete             // remove the item under Op.Item.Key; absent is fine
	Check              // only the condition
)

// Op is one write.
type Op struct {
	Kind      Kind
	Item      Item // Delete and Check use the key alone
	If        Condition
	IfVersion uint64
}

// Query asks for the items of a partition with From <= Sort < To.
type Query struct {
	Partition string
	From      string // "" is from the beginning
	To        string // "" is to the end
	Reverse   bool   // descending order, beginning at the To end
	Limit     int    // at most this many items; 0 is only MaxPage
	// Eventual allows a read that may miss recent writes, at half the price.
	// It is for immutable items alone: what it misses must be read again.
	Eventual bool
}

// Page is an answer to a Query: the longest run of items from its beginning
// that fits. More says that the range may hold further items; the next query
// begins after the last item of this page (or before it, with Reverse). A page
// with More set has at least one item.
type Page struct {
	Items []Item
	More  bool
}

// Table stores items. All methods are safe for concurrent use.
//
// Every error is one of the kinds below or the context's own, wrapped with what
// was being done. An error of a read other than ErrInvalid and ErrDamaged says
// nothing about the data: ask again.
type Table interface {
	// Get returns the items under keys that exist, in the order of keys, all
	// of them or an error: an item that is left out does not exist. Each is
	// as new as the last write that ended before the call began.
	// At most MaxGet keys, without repetition.
	Get(ctx context.Context, keys ...Key) ([]Item, error)

	// Query returns a page of a partition. Unless q.Eventual is set it holds
	// every item written before the call began. It is not isolated from
	// transactions: it may show a part of one that ends meanwhile.
	Query(ctx context.Context, q Query) (Page, error)

	// Write applies all ops or none. At most MaxOps with different keys and
	// MaxWriteBytes. It returns
	//   nil                all applied and durable;
	//   *ConditionError    none applied, because of a condition;
	//   ErrBusy            none applied: throttled, or in conflict with another
	//                      transaction: try again;
	//   ErrTooLarge        none applied, and none ever will be;
	//   any other error    unknown: applied, not applied, or yet to be applied.
	Write(ctx context.Context, ops ...Op) error
}

// The kinds of errors.
var (
	ErrBusy        = errors.New("table is busy")
	ErrUnavailable = errors.New("table is unavailable") // unknown outcome; includes time-outs
	ErrTooLarge    = errors.New("item or transaction is too large")
	ErrInvalid     = errors.New("invalid table request") // a fault of the caller; nothing was done
	// ErrDamaged is an item that is not what was written, as its checksum shows;
	// the text names its key. A Write that would have to judge a condition on
	// such an item does nothing; one without conditions may replace or delete it.
	ErrDamaged = errors.New("stored item is damaged")
)

// ConditionError says that a Write was not applied because Failed[i] of its ops
// did not meet their condition.
type ConditionError struct {
	Failed []Failed
}

// Failed is an op whose condition did not hold.
type Failed struct {
	Op       int   // its index in the Write
	Existing *Item // what is there, nil if nothing
}

func (e *ConditionError) Error() string {
	if len(e.Failed) == 0 {
		return "condition failed"
	}
	return fmt.Sprintf("condition failed for %d item(s), the first op %d", len(e.Failed), e.Failed[0].Op)
}
