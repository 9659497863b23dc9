package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"docket/shared/table"
)

const (
	// DefaultAdopt: on DynamoDB merging items of 16 KB and more costs more than
	// it saves (design, section 6.7).
	DefaultAdopt = 16 << 10

	// defaultFan pieces of about one size become one of the next: a record is
	// written again three times before its segment is full.
	defaultFan = 16

	// mergeRecords fit an item as they usually are (design, section 3).
	mergeRecords = 10_000

	// roundItems and roundBytes bound what one round holds in memory.
	roundItems = 16384
	roundBytes = 8 << 20

	// roundMerges bounds the transaction that ends a round.
	roundMerges = 48

	// adoptPieces is how many new big segments are worth a new chunk: it costs
	// a write unit a kilobyte.
	adoptPieces = 16

	// tombstoneLife is how long a position stays taken by a tombstone: far
	// longer than a writer may go by a place it has seen (seenLife).
	tombstoneLife = 30 * 24 * time.Hour

	// LeastTombstoneLife is enough where all who write have one clock, and no
	// write is applied after it was given up.
	LeastTombstoneLife = seenLife + time.Hour

	// retainReplaced is how long replaced segments stay for readers that are
	// about to open them; later they find the new ones.
	retainReplaced = 10 * time.Minute

	// busyFor is how long a round of another compactor is respected. Safety
	// does not depend on it.
	busyFor = 2 * time.Minute
)

// Compaction is how to compact. The zero value is right for DynamoDB.
type Compaction struct {
	// AdoptBytes is the size from which an item of the log stays where it is;
	// 0 is DefaultAdopt. Those of half an item and more always stay.
	AdoptBytes int
	// Fan is how many pieces of about one size are merged, 2 and up; 0 is 16.
	Fan int
	// All merges whatever can be merged, however few pieces.
	All bool
	// TombstonesPerWrite is how many are written at once, 1 to table.MaxOps;
	// 0 is 1. On DynamoDB transactions cost twice as much; on a file one is
	// one wait for the disk.
	TombstonesPerWrite int
	// TombstoneLife is how long positions stay taken by tombstones, at least
	// LeastTombstoneLife; 0 is 30 days.
	TombstoneLife time.Duration
	// Retain is how long replaced segments stay, 0 is 10 minutes; Busy how long
	// another's round is respected, 0 is 2 minutes. Both may be negative: not
	// at all.
	Retain, Busy time.Duration
	// MaxRecords of a merged segment; 0 is 10,000.
	MaxRecords int
	// Parallel is how many tombstones are written at a time; 0 is one after
	// the other, without a goroutine.
	Parallel int
}

func (c Compaction) withDefaults() Compaction {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.AdoptBytes, DefaultAdopt)
	set(&c.Fan, defaultFan)
	set(&c.TombstonesPerWrite, 1)
	set(&c.MaxRecords, mergeRecords)
	if c.TombstoneLife == 0 {
		c.TombstoneLife = tombstoneLife
	}
	if c.Retain == 0 {
		c.Retain = retainReplaced
	}
	if c.Busy == 0 {
		c.Busy = busyFor
	}
	return c
}

// Round says what one round of compaction did.
type Round struct {
	Shard    Shard
	Busy     bool // another compactor is at work: nothing was published
	Merged   int  // pieces that were merged
	Segments int  // into so many
	Records  int  // of so many records
	Before   int  // bytes of the pieces
	After    int  // bytes of the segments
	Adopted  int  // segments newly listed that stay as they are
	Swept    int  // tombstones written
	Removed  int  // replaced items removed
	High     Position
	Debt     Debt
	More     bool // another round has something to do at once
}

// Debt is what lies behind the manifest.
type Debt struct {
	Items int // of the log
	Bytes int // of their segments
}

// Compact does one round on a shard: it merges neighbouring small segments into
// bigger ones, lists those that stay in the manifest, and removes what was
// replaced earlier. It is bounded in time and memory; Round.More says that the
// next round has something to do. Readers, writers and other compactors need not
// know. The steps, and why nothing is lost at any of them, are in doc.go. Errors
// are those of Scan and of the table; whatever happened, the next round goes on.
func (l *Ledger) Compact(ctx context.Context, s Shard, options Compaction) (Round, error) {
	c := &compacting{l: l, shard: s, Compaction: options.withDefaults(), round: Round{Shard: s}}
	if s >= MaxShards || c.Fan < 2 || c.TombstonesPerWrite < 1 || c.TombstonesPerWrite > table.MaxOps || c.MaxRecords < 1 ||
		c.TombstoneLife < LeastTombstoneLife {
		return c.round, fmt.Errorf("compact shard %d: %w", s, ErrInvalid)
	}
	err := c.run(ctx)
	if errors.Is(err, errOvertaken) {
		c.round.Busy, c.round.More, err = true, false, nil
	}
	c.round.Swept = int(c.swept.Load())
	if err != nil {
		return c.round, fmt.Errorf("compact shard %d: %w", s, err)
	}
	return c.round, nil
}

// compacting is one round.
type compacting struct {
	Compaction
	l     *Ledger
	shard Shard
	round Round

	root    *manifest
	entries []Entry // of the last chunk, up to root.open
	listed  []Entry // those behind, up to root.high
	pieces  []piece // from root.open on
	capped  bool    // the log goes on behind the pieces
	swept   atomic.Int64
}

func (c *compacting) run(ctx context.Context) error {
	roots, err := c.l.manifestRoots(ctx, []Shard{c.shard})
	if err != nil {
		return err
	}
	if c.root = roots[0]; c.root == nil {
		return fmt.Errorf("%w: rebuild it", errManifest)
	}
	c.round.High = c.root.high
	if c.root.active(c.l.now(), c.Busy) {
		c.round.Busy = true
		return nil
	}
	if err := c.readEntries(ctx); err != nil {
		return err
	}
	if err := c.readPieces(ctx); err != nil {
		return err
	}
	plan := c.plan()
	c.round.Debt = c.debt(plan)
	if !c.worth(plan) {
		return nil
	}
	return c.execute(ctx, plan)
}

// readEntries reads the last chunk.
func (c *compacting) readEntries(ctx context.Context) error {
	if len(c.root.chunks) == 0 {
		return nil
	}
	last := c.root.chunks[len(c.root.chunks)-1]
	m := &Manifest{Shard: c.shard, chunks: map[SegmentID][]Entry{}}
	if err := c.l.readChunks(ctx, m, []chunkRef{last}); err != nil {
		return err
	}
	entries := m.chunks[last.id]
	if entries == nil {
		// Another compactor may have replaced it since the root was read.
		return fmt.Errorf("chunk %x: %w", uint64(last.id), table.ErrBusy)
	}
	settled := 0
	for settled < len(entries) && entries[settled].First < c.root.open {
		settled++
	}
	c.entries, c.listed = entries[:settled:settled], entries[settled:]
	return nil
}

// worth says whether there is enough to do for a round.
func (c *compacting) worth(p plan) bool {
	now := c.l.now()
	due := false
	for _, d := range c.root.doomed {
		due = due || d.due(now, c.Retain)
	}
	return len(p.merges) > 0 || p.adopted >= adoptPieces || c.All && p.adopted > 0 || due || len(c.root.unswept) > 0
}

// execute carries a plan out, in the order that loses nothing (doc.go).
func (c *compacting) execute(ctx context.Context, p plan) error {
	merged, err := c.mergeAll(ctx, p)
	if err != nil {
		return err
	}
	changed := len(merged) > 0 || p.adopted > 0 && (p.adopted >= adoptPieces || c.All)
	begun, chunks, err := c.begin(ctx, merged, changed, p)
	if err != nil {
		return err
	}
	gone, err := c.remove(ctx)
	if err != nil {
		return err
	}
	for i := range merged {
		if err := c.put(ctx, merged[i].item); err != nil {
			return fmt.Errorf("write merged segment at %d: %w", merged[i].first, err)
		}
	}
	for _, it := range chunks.items {
		if err := c.put(ctx, it); err != nil {
			return fmt.Errorf("write chunk of the manifest: %w", err)
		}
	}
	published, err := c.publish(ctx, begun, gone, merged, chunks)
	if err != nil {
		return err
	}
	c.root = published
	c.round.High = published.high
	c.account(merged, p, changed)
	return c.sweep(ctx, merged)
}

// account fills in what the round did.
func (c *compacting) account(merged []merge, p plan, changed bool) {
	for i := range merged {
		m := &merged[i]
		c.round.Segments++
		c.round.Merged += len(m.pieces)
		c.round.Records += int(m.n)
		c.round.Before += m.before
		c.round.After += m.size
	}
	if changed {
		c.round.Adopted = p.adopted
	}
	c.round.More = len(merged) > 0 || c.capped && changed
}

// begin announces what the round is about to write, before any of it is there. It
// also fences every round that began before: those can publish nothing any more.
func (c *compacting) begin(ctx context.Context, merged []merge, changed bool, p plan) (*manifest, newChunks, error) {
	var chunks newChunks
	m := c.root.next()
	now := c.l.now().Unix()
	for i := range merged {
		m.doomed = append(m.doomed, doomed{pendingSegment, merged[i].id, now})
	}
	if changed {
		var err error
		if chunks, err = c.newChunks(p, merged); err != nil {
			return nil, chunks, err
		}
		for _, ref := range chunks.refs {
			m.doomed = append(m.doomed, doomed{pendingChunk, ref.id, now})
		}
	}
	if len(m.doomed) > maxDoomed {
		return nil, chunks, fmt.Errorf("%w: %d items of failed rounds wait to be removed", table.ErrBusy, len(m.doomed))
	}
	return m, chunks, c.swap(ctx, c.root, m)
}

// errOvertaken is a manifest or a log that another compactor has changed since it
// was read: the round ends, and what it has written will be removed.
var errOvertaken = errors.New("another compactor was faster")

// swap replaces the root and the items of refs with it, all or nothing, if the
// root still is what old was. After an answer that was lost it looks.
func (c *compacting) swap(ctx context.Context, old, m *manifest, refs ...table.Op) error {
	op := table.Op{Kind: table.Put, Item: m.item(), If: table.Absent}
	if old.stored > 0 {
		op.If, op.IfVersion = table.VersionIs, old.stored
	}
	ops := append(refs, op)
	pace := c.l.pace()
	for {
		err := c.l.table.Write(ctx, ops...)
		if err == nil {
			return nil
		}
		var failed *table.ConditionError
		if errors.As(err, &failed) {
			if c.wrote(failed, len(ops)-1, op.Item) {
				return nil
			}
			return fmt.Errorf("%w: %w", errOvertaken, err)
		}
		if !transient(err) {
			return fmt.Errorf("change manifest from version %d: %w", old.stored, err)
		}
		if werr := pace.wait(ctx); werr != nil {
			return fmt.Errorf("change manifest from version %d: %w: %w", old.stored, werr, err)
		}
	}
}

// wrote says whether a swap failed because it had succeeded already. Its content
// has random ids that nobody else knows, or it changes nothing that matters.
func (c *compacting) wrote(failed *table.ConditionError, at int, item table.Item) bool {
	for _, f := range failed.Failed {
		if f.Op == at && f.Existing != nil {
			return f.Existing.Version == item.Version && string(f.Existing.Value) == string(item.Value)
		}
	}
	return false
}

// put writes an item under a key that only this round knows.
func (c *compacting) put(ctx context.Context, it table.Item) error {
	return c.write(ctx, table.Op{Kind: table.Put, Item: it})
}

// write repeats a write that may be done twice.
func (c *compacting) write(ctx context.Context, ops ...table.Op) error {
	pace := c.l.pace()
	for {
		err := c.l.table.Write(ctx, ops...)
		if err == nil || !transient(err) {
			return err
		}
		if werr := pace.wait(ctx); werr != nil {
			return fmt.Errorf("%w: %w", werr, err)
		}
	}
}

// publish is the commit of the round: references and manifest in one transaction.
func (c *compacting) publish(ctx context.Context, begun *manifest, gone map[doomed]bool, merged []merge, chunks newChunks) (*manifest, error) {
	m := begun.next()
	now := c.l.now().Unix()
	kept := m.doomed[:0]
	for _, d := range m.doomed {
		if !gone[d] && !own(d, merged, chunks) {
			kept = append(kept, d)
		}
	}
	m.doomed = kept
	var ops []table.Op
	for i := range merged {
		mg := &merged[i]
		ops = append(ops, mg.referenceOp(c.shard))
		for _, p := range mg.pieces {
			if p.form == reference {
				m.doomed = append(m.doomed, doomed{replacedSegment, p.id, now})
			}
		}
		m.unswept = append(m.unswept, span{mg.first, mg.end()})
	}
	if len(chunks.refs) > 0 {
		if n := len(m.chunks); n > 0 {
			m.doomed = append(m.doomed, doomed{replacedChunk, m.chunks[n-1].id, now})
			m.chunks = m.chunks[:n-1]
		}
		m.chunks = append(m.chunks, chunks.refs...)
		m.high, m.open = chunks.high, chunks.open
	}
	if len(m.chunks) > maxChunks || len(m.doomed) > maxDoomed || len(m.unswept) > maxDoomed {
		return nil, fmt.Errorf("%w: manifest of %d chunks, %d replaced items", ErrTooLarge, len(m.chunks), len(m.doomed))
	}
	return m, c.swap(ctx, begun, m, ops...)
}

// own says whether an announcement is of what this round now publishes.
func own(d doomed, merged []merge, chunks newChunks) bool {
	for i := range merged {
		if d.kind == pendingSegment && d.id == merged[i].id {
			return true
		}
	}
	for _, ref := range chunks.refs {
		if d.kind == pendingChunk && d.id == ref.id {
			return true
		}
	}
	return false
}

// newID draws the name of an item that is to be written once.
func (l *Ledger) newID() (SegmentID, error) {
	var b [8]byte
	for {
		if err := l.random(b[:]); err != nil {
			return 0, err
		}
		if id := binary.BigEndian.Uint64(b[:]); id != 0 {
			return SegmentID(id), nil
		}
	}
}
