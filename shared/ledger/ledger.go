package ledger

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"docket/shared/activity"
	"docket/shared/keys"
	"docket/shared/table"
)

const (
	// DefaultShards is how many logs a new ledger has: four take the writes of
	// most installations (1,000 write units each on DynamoDB), and an empty poll
	// reads each of them.
	DefaultShards = 4

	// DefaultCache holds a thousand segments of a thousand records.
	DefaultCache = 64 << 20
)

// Config is what a Ledger is made of. Table, Ring, Now and Rand are required. All
// time, randomness and storage that a Ledger uses comes from here, and it starts
// no goroutine, so that a simulation can run many on one.
type Config struct {
	Table table.Table
	Ring  *keys.Ring
	Now   func() time.Time // may be wrong by years: positions order, clocks do not
	Rand  io.Reader        // tokens and jitter; need not be safe for concurrent use

	// Shards is the number of logs of a ledger that does not exist yet, 1 to
	// MaxShards; 0 is DefaultShards.
	Shards int

	Log *slog.Logger // nil is none

	// CacheBytes bounds the opened segments that are kept; 0 is DefaultCache,
	// negative is none.
	CacheBytes int64

	// MaxItem bounds the items of the log, in bytes; 0 is table.MaxItem. Tests
	// make it small.
	MaxItem int

	// Sleep waits before a call is repeated, or until ctx ends, whose error it
	// returns. Nil waits in real time.
	Sleep func(ctx context.Context, d time.Duration) error

	// Conflict, unless nil, is called for each race for a position that an
	// Append lost to another writer.
	Conflict func(ctx context.Context)
}

// Ledger is one process's view of a ledger. All state that matters is in the
// table: any number of processes may have one. It is safe for concurrent use.
type Ledger struct {
	table table.Table
	log   *slog.Logger
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	conflict func(context.Context)

	randMu sync.Mutex
	rand   io.Reader

	root  atomic.Pointer[root]
	cache *cache

	maxItem int // bytes of a log item: table.MaxItem, less in tests

	ridSeal cipher.Block   // of the key that the root names
	ridKeys []cipher.Block // of every key of the ring

	known [MaxShards]atomic.Pointer[Manifest] // the newest that was read whole

	lastCommit atomic.Int64             // µs, of the batch before
	lanes      [MaxShards]chan struct{} // hold a value while a writer is in the shard
	seen       [MaxShards]atomic.Uint64 // see saw
	seenAt     [MaxShards]atomic.Int64  // µs, when
	mergeRatio atomic.Int64             // bytes of 16 records in a segment merged lately
	meanItem   atomic.Int64             // bytes of log items lately, to size queries
}

// Open returns the ledger in c.Table and makes it, its root item, if there is none.
func Open(ctx context.Context, c Config) (*Ledger, error) {
	if c.Shards == 0 {
		c.Shards = DefaultShards
	}
	if c.Shards < 1 || c.Shards > MaxShards {
		return nil, fmt.Errorf("open ledger: %w: %d shards, must be 1 to %d", ErrInvalid, c.Shards, MaxShards)
	}
	l := newLedger(c)
	if err := l.create(ctx, c.Shards, c.Ring.Current(keys.RIDs).ID); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	if err := l.openKeys(c.Ring); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	r := l.root.Load()
	l.log.LogAttrs(ctx, slog.LevelInfo, "ledger open", slog.Int("shards", r.shards), slog.Int("restores", len(r.past)))
	return l, nil
}

func newLedger(c Config) *Ledger {
	l := &Ledger{table: c.Table, log: c.Log, now: c.Now, rand: c.Rand, sleep: c.Sleep, conflict: c.Conflict, maxItem: table.MaxItem}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if c.MaxItem > 0 {
		l.maxItem = min(c.MaxItem, table.MaxItem)
	}
	if l.sleep == nil {
		l.sleep = sleepReally
	}
	if l.conflict == nil {
		l.conflict = func(context.Context) {}
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = DefaultCache
	}
	l.cache = newCache(c.CacheBytes)
	l.meanItem.Store(guessItem)
	for s := range l.lanes {
		l.lanes[s] = make(chan struct{}, 1)
	}
	return l
}

// openKeys prepares the ciphers of RIDs. A RID stays the same when the ring gets
// a new key, so the ledger has one key for ever, named by its root.
func (l *Ledger) openKeys(ring *keys.Ring) error {
	id := l.root.Load().ridKey
	for _, k := range ring.All(keys.RIDs) {
		block, err := aes.NewCipher(k.Secret[:])
		if err != nil {
			return fmt.Errorf("prepare key %d: %w", k.ID, err)
		}
		l.ridKeys = append(l.ridKeys, block)
		if k.ID == id {
			l.ridSeal = block
		}
	}
	if l.ridSeal == nil {
		return fmt.Errorf("the key ring lacks key %d, which this ledger was made with", id)
	}
	return nil
}

// commitTime is the time of a new batch in microseconds: that of the clock, but
// never that of another batch of this process or before it.
func (l *Ledger) commitTime() int64 {
	now := min(max(l.now().UnixMicro(), 0), activity.MaxWhen*1e6)
	for {
		last := l.lastCommit.Load()
		t := max(now, last+1)
		if l.lastCommit.CompareAndSwap(last, t) {
			return t
		}
	}
}

// saw notes that the log of a shard reaches to p, where a batch ends. What it
// keeps is a place to begin reading from, never a reason to believe that nothing
// follows.
func (l *Ledger) saw(s Shard, p Position) {
	for {
		old := l.seen[s].Load()
		if uint64(p) < old {
			return
		}
		if l.seen[s].CompareAndSwap(old, uint64(p)) {
			l.seenAt[s].Store(l.now().UnixMicro())
			return
		}
	}
}

// seenLife is how long a place in a log may be gone by that was once its end: its
// tombstone, if it was compacted since, lives longer.
const seenLife = 24 * time.Hour

// reached is the position last seen, 0 if that is too long ago.
func (l *Ledger) reached(s Shard) Position {
	age := l.now().UnixMicro() - l.seenAt[s].Load()
	if age > seenLife.Microseconds() || -age > seenLife.Microseconds() {
		return 0
	}
	return Position(l.seen[s].Load())
}

// transient says whether a table's error may pass: the call can be repeated.
func transient(err error) bool {
	return errors.Is(err, table.ErrBusy) || errors.Is(err, table.ErrUnavailable)
}
