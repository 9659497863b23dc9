package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"

	"docket/shared/ledger"
	"docket/shared/segment"

	"golang.org/x/sync/errgroup"
)

// growBytes is how much of a shard is read at a time to learn its zones.
const growBytes = 1 << 20

// catalog knows the zone of every segment up to where it has read: from the
// manifest as far as that reaches, and behind it from the log.
type catalog struct {
	epoch  ledger.Epoch
	shards [ledger.MaxShards]shardCatalog
	kinds  kinds
}

// shardCatalog is one shard's part.
type shardCatalog struct {
	growing chan struct{} // holds one value while somebody reads further
	high    ledger.Position
	asked   int // entries behind high when the manifest was read last

	mu      sync.RWMutex // guards entries, of which none changes
	entries []entry
}

// entry is what is known of the records from first on, n of them. The segment
// that has them may have others around them: what one reads of a log, and when,
// decides how it is cut, so nothing may depend on that.
type entry struct {
	first            ledger.Position
	n                uint32
	kind             kind
	minWhen, maxWhen int64
	merged           *ledger.Entry // of the segment that has them, if the manifest knows it
}

func (e *entry) end() ledger.Position { return e.first + ledger.Position(e.n) }

// from is the entry without what lies before a position within it, to without what
// lies behind.
func (e entry) from(p ledger.Position) entry {
	if p > e.first {
		e.n -= uint32(p - e.first)
		e.first = p
	}
	return e
}

func (e entry) to(p ledger.Position) entry {
	e.n = uint32(min(e.end(), p) - e.first)
	return e
}

func newCatalog(epoch ledger.Epoch) *catalog {
	c := &catalog{epoch: epoch}
	for s := range c.shards {
		c.shards[s].growing = make(chan struct{}, 1)
	}
	return c
}

// known returns the entries so far. They do not change.
func (c *shardCatalog) known() []entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.entries
}

func endOf(entries []entry) ledger.Position {
	if len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].end()
}

// grow reads every shard up to a vector. It fails with ErrOutOfTime when the
// budget is spent first; what was read stays.
func (c *catalog) grow(ctx context.Context, log Log, to ledger.Vector, b budget, workers int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for s, end := range to {
		shard := ledger.Shard(s)
		if endOf(c.shards[s].known()) >= end {
			continue
		}
		g.Go(func() error { return c.growShard(ctx, log, shard, end, b) })
	}
	return g.Wait()
}

func (c *catalog) growShard(ctx context.Context, log Log, s ledger.Shard, to ledger.Position, b budget) error {
	if err := ctx.Err(); err != nil { // of the two below, either might be chosen
		return fmt.Errorf("learn zones of shard %d: %w", s, err)
	}
	shard := &c.shards[s]
	select {
	case shard.growing <- struct{}{}:
		defer func() { <-shard.growing }()
	case <-ctx.Done():
		return fmt.Errorf("learn zones of shard %d: %w", s, ctx.Err())
	}
	for first := true; ; first = false {
		from := endOf(shard.known())
		if from >= to {
			return nil
		}
		if b.spent() {
			return fmt.Errorf("learn zones of shard %d at %d: %w", s, from, ErrOutOfTime)
		}
		if first && shard.outdated() {
			if err := c.readManifest(ctx, log, s); err != nil {
				return err
			}
			continue
		}
		parts, err := log.Scan(ctx, s, from, to, growBytes)
		if err != nil {
			return fmt.Errorf("learn zones of shard %d at %d: %w", s, from, err)
		}
		if len(parts) == 0 {
			return fmt.Errorf("learn zones of shard %d: log ends at %d before its tail %d: %w", s, from, to, ledger.ErrGap)
		}
		added := make([]entry, len(parts))
		for i, p := range parts {
			added[i] = c.entry(p.First, p.Segment.Len(), p.Segment.Zone()).from(from)
		}
		shard.mu.Lock()
		shard.entries = append(shard.entries, added...)
		shard.mu.Unlock()
	}
}

// manifestAfter is how many segments of the log are learned before the manifest
// is asked whether they were merged. While they are not, it is asked after twice
// as many.
const manifestAfter = 64

// outdated says whether the manifest may know better. The caller holds growing.
func (c *shardCatalog) outdated() bool {
	known := c.known()
	if len(known) == 0 {
		return true
	}
	return len(known)-len(within(known, 0, c.high)) >= 2*c.asked+manifestAfter
}

// readManifest takes the entries of a shard's manifest and keeps those of the log
// behind them. The caller holds growing.
func (c *catalog) readManifest(ctx context.Context, log Log, s ledger.Shard) error {
	m, err := log.Manifest(ctx, s)
	if err != nil {
		return fmt.Errorf("learn zones of shard %d: %w", s, err)
	}
	shard := &c.shards[s]
	known := shard.known()
	if m.High >= shard.high { // else a chunk of it could not be read now
		entries := make([]entry, 0, len(m.Entries)+manifestAfter)
		for i := range m.Entries {
			e := &m.Entries[i]
			added := c.entry(e.First, e.N, e.Zone)
			if e.Segment != 0 {
				added.merged = e
			}
			entries = append(entries, added)
		}
		for _, e := range within(known, m.High, ledger.End) {
			entries = append(entries, e.from(m.High))
		}
		shard.high, known = m.High, entries
		shard.mu.Lock()
		shard.entries = entries
		shard.mu.Unlock()
	}
	shard.asked = len(known) - len(within(known, 0, shard.high))
	return nil
}

func (c *catalog) entry(first ledger.Position, n int, z segment.Zone) entry {
	return entry{first: first, n: uint32(n), kind: c.kinds.number(z), minWhen: z.MinWhen, maxWhen: z.MaxWhen}
}

// within returns the entries that have positions from one up to another.
func within(entries []entry, from, to ledger.Position) []entry {
	low, _ := slices.BinarySearchFunc(entries, from, func(e entry, p ledger.Position) int {
		if e.end() <= p {
			return -1
		}
		return 1
	})
	high, _ := slices.BinarySearchFunc(entries, to, func(e entry, p ledger.Position) int {
		return cmp.Compare(e.first, p)
	})
	return entries[low:max(low, high)]
}

// cuts are the entries of all shards as they are at one time: what one search works
// with, whatever others learn meanwhile.
type cuts [ledger.MaxShards][]entry

func (c *catalog) cuts() *cuts {
	var known cuts
	for s := range known {
		known[s] = c.shards[s].known()
	}
	return &known
}

// layout is a hash of how a window is cut into segments. While it is the same,
// a task means the same.
func (c *cuts) layout(w window) uint64 {
	h := fnv.New64a()
	var b []byte
	for shard, to := range w.to {
		for _, e := range within(c[shard], at(w.from, ledger.Shard(shard)), to) {
			b = append(b[:0], byte(shard))
			b = binary.BigEndian.AppendUint64(b, uint64(e.first))
			b = binary.BigEndian.AppendUint32(b, e.n)
			b = binary.BigEndian.AppendUint64(b, uint64(e.maxWhen))
			h.Write(b)
		}
	}
	return h.Sum64()
}

// through says whether a position lies within an entry.
func (c *cuts) through(s ledger.Shard, p ledger.Position) bool {
	has := within(c[s], p, p+1)
	return len(has) > 0 && has[0].first < p
}
