package search

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/table"
)

// Log is what the engine needs of a ledger.
type Log interface {
	Epoch() ledger.Epoch
	Shards(ctx context.Context) (int, error)
	Clamp(e ledger.Epoch, v ledger.Vector) (ledger.Vector, error)
	Tails(ctx context.Context) (ledger.Vector, error)
	Scan(ctx context.Context, s ledger.Shard, from, to ledger.Position, maxBytes int) ([]ledger.Part, error)
	Load(ctx context.Context, s ledger.Shard, p ledger.Position) (ledger.Part, error)
	Manifest(ctx context.Context, s ledger.Shard) (*ledger.Manifest, error)
	LoadEntry(ctx context.Context, s ledger.Shard, e *ledger.Entry) (ledger.Part, error)
	RID(p ledger.Part, row int) activity.RID
	RIDAt(s ledger.Shard, p ledger.Position, committed int64) activity.RID
	Locate(rid activity.RID) (ledger.Shard, ledger.Position, bool)
}

var _ Log = (*ledger.Ledger)(nil)

// Config is what an Engine is made of. All fields but the last five are
// required.
type Config struct {
	Ledger Log
	Marks  *mark.Codec
	State  table.Table // progress of long searches, and filters too long for a mark
	Ring   *keys.Ring
	Now    func() time.Time

	Zone    *time.Location // of days, for Today and Yesterday; nil is UTC
	Log     *slog.Logger   // nil is none
	Budget  time.Duration  // of one call; 0 is DefaultBudget
	Workers int            // segments looked at in parallel; 0 is one per processor

	// WarmBytes bounds the decoded records that Warm keeps; 0 is none.
	WarmBytes int64
}

// RemoteWorkers are for a store behind a network: they wait for calls of several
// milliseconds most of the time. More would fetch segments of which a page that ends
// early has no need.
const RemoteWorkers = 16

// DefaultBudget leaves a caller with a time-out of 30 seconds and a function
// behind API Gateway (29 seconds) room for authentication and transfer.
const DefaultBudget = 10 * time.Second

// Engine answers enum and search requests. It is safe for concurrent use.
type Engine struct {
	Config
	catalog atomic.Pointer[catalog]
	warm    atomic.Pointer[warmth]

	blockSizes []ledger.Position
	wanted     atomic.Uint32 // parts that searches lacked
	gate       *gate
	warming    chan struct{} // holds a value while Warm is at work
}

// New makes an Engine.
func New(c Config) *Engine {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Budget == 0 {
		c.Budget = DefaultBudget
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	return &Engine{Config: c, gate: newGate(), warming: make(chan struct{}, 1), blockSizes: blockSizes()}
}

// catalogOf returns what is known of the ledger in an epoch. A restore begins
// another one, in which positions may have other records.
func (e *Engine) catalogOf(epoch ledger.Epoch) *catalog {
	for {
		c := e.catalog.Load()
		if c != nil && c.epoch == epoch {
			return c
		}
		e.catalog.CompareAndSwap(c, newCatalog(epoch))
	}
}

// Request asks for one page.
type Request struct {
	// Entries are a search's filters. HasEntries says that the request gave
	// some, possibly none at all: then they win over those in the mark. Search
	// requires it.
	Entries    []filter.Entry
	HasEntries bool

	Mark  string // as the client sent it; empty is the beginning
	Count int    // at most this many records, 1 and up
	Scope activity.Scope

	// Group finds the members of a group for InGroup.
	Group func(name string) (filter.Members, bool)

	// Size measures a record in the answer's encoding, in bytes, and MaxBytes
	// ends the page before the record that would exceed it; the first record
	// always fits. Nil or 0 is without limit. It is called once for each record
	// of the page, in their order, and perhaps for one more, so that it may be
	// the encoding itself.
	Size     func(*activity.Stored) int
	MaxBytes int
}

// Page is an answer. Without records it is the end, and nothing else is.
type Page struct {
	Records []activity.Stored
	Mark    string
}
