package ledger

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/segment"
	"docket/shared/table"
)

// FindingKind is what a check has found.
type FindingKind string

// The kinds of findings.
const (
	FoundDamage   FindingKind = "damage"   // what is stored is not what was written
	FoundHole     FindingKind = "hole"     // positions that nothing covers
	FoundOverlap  FindingKind = "overlap"  // positions that two segments claim
	FoundManifest FindingKind = "manifest" // the manifest says other than the log; Rebuild repairs it
	FoundToken    FindingKind = "token"    // a key whose batch is not there
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind       FindingKind
	Shard      Shard
	First, End Position // of what is affected, as far as it is known; End is 0 if not
	Text       string
}

func (f Finding) String() string {
	if f.End == 0 {
		return fmt.Sprintf("%s: shard %d at %d: %s", f.Kind, f.Shard, f.First, f.Text)
	}
	return fmt.Sprintf("%s: shard %d, %d to %d: %s", f.Kind, f.Shard, f.First, f.End, f.Text)
}

// Checked is what a check has read.
type Checked struct {
	Records    uint64
	Segments   int
	Bytes      int64
	Tombstones int
	Leftovers  int // items that a reference covers and that are no tombstones yet: no harm
	Entries    int // of manifests
	Tokens     int
	Findings   int
}

// CheckOptions are what a check tells while it runs.
type CheckOptions struct {
	Report   func(Finding)
	Progress func(s Shard, at, end Position) // may be nil
}

// Check reads everything that is stored and decodes it: every log from its first
// position to its end, every merged segment, the manifests and the tokens. It
// reports damage, holes, overlaps and what the manifests say otherwise than the
// logs; it changes nothing. It may run beside writers and compactors. The error is
// one of the table or of ctx: then the check has not ended.
func (l *Ledger) Check(ctx context.Context, o CheckOptions) (Checked, error) {
	if o.Progress == nil {
		o.Progress = func(Shard, Position, Position) {}
	}
	c := &checking{l: l, CheckOptions: o}
	n, err := l.Shards(ctx)
	if err != nil {
		return c.sum, err
	}
	ends := make(Vector, MaxShards)
	for s := range Shard(MaxShards) {
		if int(s) >= n {
			if err := c.beyond(ctx, s, n); err != nil {
				return c.sum, err
			}
			continue
		}
		if ends[s], err = c.log(ctx, s); err != nil {
			return c.sum, fmt.Errorf("check shard %d: %w", s, err)
		}
		if err := c.manifest(ctx, s, ends[s]); err != nil {
			return c.sum, fmt.Errorf("check manifest of shard %d: %w", s, err)
		}
	}
	if err := c.tokens(ctx, ends); err != nil {
		return c.sum, fmt.Errorf("check tokens: %w", err)
	}
	return c.sum, nil
}

type checking struct {
	l *Ledger
	CheckOptions
	sum Checked
}

func (c *checking) found(k FindingKind, s Shard, first, end Position, format string, args ...any) {
	c.sum.Findings++
	c.Report(Finding{k, s, first, end, fmt.Sprintf(format, args...)})
}

// beyond looks for logs that the root knows nothing of.
func (c *checking) beyond(ctx context.Context, s Shard, n int) error {
	page, err := c.l.table.Query(ctx, table.Query{Partition: partition(s), Limit: 1})
	if errors.Is(err, table.ErrDamaged) || err == nil && len(page.Items) > 0 {
		c.found(FoundDamage, s, 0, 0, "the ledger has %d shards, but there is a log of this one: its root was rolled back", n)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a log of shard %d: %w", s, err)
	}
	return nil
}

// logCheck is the reading of one log.
type logCheck struct {
	*checking
	shard   Shard
	next    Position // where the next segment must begin
	covered bool     // a reference reaches to next
	lost    bool     // the item before was damaged: next is not known
	last    place
}

// log reads a shard's log and returns where it ends.
func (c *checking) log(ctx context.Context, s Shard) (Position, error) {
	t, err := c.l.tail(ctx, s)
	var damaged *DamageError
	if err != nil && !errors.As(err, &damaged) {
		return 0, err
	}
	lc := &logCheck{checking: c, shard: s, last: place{parts: 1}}
	for from := Position(0); ; {
		c.Progress(s, lc.next, t.end)
		page, more, err := c.l.forward(ctx, s, from, End, 0)
		if errors.As(err, &damaged) {
			at := max(damaged.Position, from)
			c.found(FoundDamage, s, at, 0, "item of the log: %v", damaged.Err)
			lc.lost = true
			from = at + 1
			continue
		}
		if err != nil {
			return 0, err
		}
		for i := range page {
			if err := lc.item(ctx, &page[i]); err != nil {
				return 0, err
			}
		}
		if !more || len(page) == 0 {
			break
		}
		from = page[len(page)-1].first + 1
	}
	if !lc.last.last() && lc.next >= t.end {
		c.found(FoundHole, s, lc.next, 0, "the batch at %d is not whole", lc.last.batch)
	}
	return lc.next, nil
}

// item checks one item against those before it.
func (c *logCheck) item(ctx context.Context, it *stored) error {
	switch {
	case it.form == tombstone && it.end() <= c.next && c.covered:
		c.sum.Tombstones++
		return nil
	case it.form == tombstone:
		if !c.lost {
			c.found(FoundHole, c.shard, it.first, it.end(), "a tombstone without a reference over it")
		}
		c.next, c.covered = max(c.next, it.end()), true
		return nil
	case it.end() <= c.next && c.covered:
		c.sum.Leftovers++
		return nil
	case it.first < c.next:
		c.found(FoundOverlap, c.shard, it.first, it.end(), "an item begins here, but the one before reaches to %d", c.next)
	case it.first > c.next && !c.lost:
		if moved, err := c.moved(ctx, it.first); err != nil || moved {
			return err
		}
		c.found(FoundHole, c.shard, c.next, it.first, "nothing is stored here")
	case !c.lost && !it.follows(c.last):
		c.found(FoundDamage, c.shard, it.first, it.end(), "part %d of the batch at %d does not follow what is before it", it.part, it.batch)
	}
	c.next, c.last, c.covered, c.lost = max(c.next, it.end()), it.place, it.form == reference, false
	return c.content(ctx, it)
}

// moved says whether a compaction beside the check has brought a reference over
// a position that was read as an item of its own.
func (c *logCheck) moved(ctx context.Context, p Position) (bool, error) {
	over, err := c.l.covering(ctx, c.shard, p)
	if err != nil || over == nil || over.first >= p || over.end() <= p || over.form != reference || over.first > c.next {
		return false, err
	}
	c.next, c.last, c.covered = over.end(), over.place, true
	return true, c.content(ctx, over)
}

// content decodes a segment whole.
func (c *logCheck) content(ctx context.Context, it *stored) error {
	o, err := c.read(ctx, it)
	var damaged *DamageError
	switch {
	case errors.As(err, &damaged):
		c.found(FoundDamage, c.shard, it.first, it.end(), "%v", damaged.Err)
		return nil
	case errors.Is(err, errMissing):
		now, err := c.l.covering(ctx, c.shard, it.first)
		if err != nil {
			return err
		}
		if now != nil && now.id != it.id {
			return c.content(ctx, now)
		}
		c.found(FoundDamage, c.shard, it.first, it.end(), "merged segment %x is not there", uint64(it.id))
		return nil
	case err != nil:
		return err
	}
	if err := decode(o.Segment); err != nil {
		c.found(FoundDamage, c.shard, it.first, it.end(), "%v", err)
	}
	c.sum.Segments++
	c.sum.Records += uint64(it.n)
	c.sum.Bytes += int64(it.bytes())
	return nil
}

// read opens what an item holds or names, past the cache.
func (c *logCheck) read(ctx context.Context, it *stored) (opened, error) {
	if it.form == reference {
		return c.l.fetch(ctx, it)
	}
	return c.l.opened(it.place, it.segment)
}

func decode(seg *segment.Segment) error {
	if _, err := seg.Runs(); err != nil {
		return err
	}
	_, err := seg.Records(nil)
	return err
}

// tokens reads the items of keys.
func (c *checking) tokens(ctx context.Context, ends Vector) error {
	for i := range 256 {
		q := table.Query{Partition: fmt.Sprintf("token/%02x", i)}
		for {
			page, err := c.l.table.Query(ctx, q)
			if errors.Is(err, table.ErrDamaged) {
				c.found(FoundDamage, 0, 0, 0, "a token: %v", err)
				break
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", q.Partition, err)
			}
			for k := range page.Items {
				if err := c.token(ctx, &page.Items[k], ends); err != nil {
					return err
				}
			}
			if !page.More {
				break
			}
			q.From = page.Items[len(page.Items)-1].Sort + "\x00"
		}
	}
	return nil
}

func (c *checking) token(ctx context.Context, it *table.Item, ends Vector) error {
	c.sum.Tokens++
	t, err := readToken(it)
	if err != nil {
		c.found(FoundDamage, 0, 0, 0, "token %x: %v", it.Sort, err)
		return nil
	}
	end := t.First + Position(t.N)
	if t.Shard < MaxShards && end > ends[t.Shard] {
		// It may be of a batch that was stored since the log was read.
		now, err := c.l.tail(ctx, t.Shard)
		if err != nil {
			return err
		}
		ends[t.Shard] = max(ends[t.Shard], now.end)
	}
	if t.Shard >= MaxShards || end > ends[t.Shard] {
		c.found(FoundToken, t.Shard, t.First, end, "token %x names a batch behind the end of the log", it.Sort)
	}
	return nil
}
