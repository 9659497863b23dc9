package ledger

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/segment"
	"docket/shared/table"
)

const (
	// tornTries bounds how often a log is read again that does not go on where
	// it must: half a second of waiting at most, and transactions take a
	// fiftieth of that.
	tornTries = 7

	// guessItem is the size of items before any was read.
	guessItem = 8 << 10
)

// errTorn is a log that shows part of a batch, or has a gap: while a transaction
// is applied a query may see some of its items (design, section 6.4).
var errTorn = errors.New("log shows part of a batch")

// errMoved is a position that a reference covers which begins before it.
var errMoved = errors.New("position was compacted")

// Part is one stored segment. It covers the positions from First to
// First+Segment.Len() of its shard.
type Part struct {
	Shard   Shard
	First   Position
	Segment *segment.Segment
	Bytes   int // as stored
}

// end is the position behind the part.
func (p Part) end() Position { return p.First + Position(p.Segment.Len()) }

// Scan reads a shard from a position on: parts without a hole between them, the
// first of which contains from. It stops at to (exclusive; End is the end of the
// log) and once it has maxBytes of segments, but never within a batch, of which
// there are at most 4 MB, and gives at least one part if there is one. A part may
// begin before from and end behind to: the rows outside are not asked for.
//
// No parts and no error mean that, at some moment during the call, the log ended
// at from. Otherwise, if it cannot give at least one part, it fails:
//
//	*DamageError   the item at from is not what was written
//	ErrGap         the log does not go on at from, however often it was read
//	ErrBeyond      the log ended before from
//	others         those of the table and of ctx
//
// What lies before a fault is given out first; the next Scan meets it.
//
// A Scan at the end of a log costs one strong Query that finds nothing; the
// process's first Scan of a shard, and one from within a segment that is not in
// the cache, a Query of one item in front. Damage does not hide behind the cache:
// what is in it was read whole once and does not change.
func (l *Ledger) Scan(ctx context.Context, s Shard, from, to Position, maxBytes int) ([]Part, error) {
	if from >= to {
		return nil, nil
	}
	if s >= MaxShards || from > End {
		return nil, fmt.Errorf("scan shard %d at %d: %w", s, from, ErrInvalid)
	}
	for try := 0; ; try++ {
		sc := scan{l: l, shard: s, next: from, to: to, maxBytes: maxBytes, deep: try == tornTries}
		parts, err := sc.run(ctx)
		torn := errors.Is(err, errTorn) || errors.Is(err, errMoved) || errors.Is(err, errMissing)
		if !torn && !errors.Is(err, ErrBeyond) {
			return parts, err
		}
		if try == tornTries {
			if torn {
				err = fmt.Errorf("%w: %w", ErrGap, err)
			}
			return nil, fmt.Errorf("scan shard %d at %d: %w", s, from, err)
		}
		if err := l.jitter(ctx, try); err != nil {
			return nil, fmt.Errorf("scan shard %d at %d: %w", s, from, err)
		}
	}
}

// scan is one reading of a shard.
type scan struct {
	l        *Ledger
	shard    Shard
	to       Position
	maxBytes int
	deep     bool // the last try: look further back

	next  Position // where the next item must begin
	last  *place   // the item before it, if it is known
	items []opened
	whole int // items[:whole] end with a batch
	bytes int

	covered bool // the last item is what a reference names
}

// opened is a part and its place.
type opened struct {
	place
	Part
}

// run reads until there is enough or nothing more, and drops a batch that is not
// all there.
func (sc *scan) run(ctx context.Context) ([]Part, error) {
	sc.readCache()
	err := sc.read(ctx)
	if sc.whole == 0 {
		if err == nil && sc.within() {
			err = errTorn
		}
		return nil, err
	}
	sc.l.saw(sc.shard, sc.items[sc.whole-1].place.end())
	return sc.result(), nil
}

// within says whether the next item belongs to the same batch as the last.
func (sc *scan) within() bool { return sc.last != nil && !sc.last.last() }

func (sc *scan) enough() bool {
	return !sc.within() && len(sc.items) > 0 && (sc.bytes >= sc.maxBytes || sc.next >= sc.to)
}

// readCache takes what follows from in the cache. What is there belongs to whole
// batches.
func (sc *scan) readCache() {
	for !sc.enough() {
		o, ok := sc.l.cache.get(sc.shard, sc.next)
		if !ok {
			return
		}
		sc.add(o)
	}
}

// read takes the rest from the source.
func (sc *scan) read(ctx context.Context) error {
	if len(sc.items) == 0 {
		if err := sc.begin(ctx); err != nil {
			return err
		}
	}
	for !sc.enough() {
		to := sc.to
		if sc.within() {
			to = End // a batch is read to its end
		}
		items, more, err := sc.l.forward(ctx, sc.shard, sc.next, to, sc.limit())
		if err != nil {
			return err
		}
		sc.l.measure(items)
		if err := sc.takeAll(ctx, items); err != nil {
			return err
		}
		if !more && (to == End || !sc.within()) {
			return sc.hole(ctx, to)
		}
	}
	return nil
}

// hole looks behind a range in which nothing was found: if there is something, the
// log does not end here, but lacks an item.
func (sc *scan) hole(ctx context.Context, to Position) error {
	if to == End || len(sc.items) > 0 {
		return nil
	}
	after, _, err := sc.l.forward(ctx, sc.shard, sc.next, End, 1)
	if err != nil {
		return err
	}
	if len(after) > 0 {
		return errTorn
	}
	return nil
}

// begin finds the item that contains the position to begin at. Where a batch is
// known to end there is nothing to find.
func (sc *scan) begin(ctx context.Context) error {
	if sc.deep {
		over, err := sc.l.above(ctx, sc.shard, sc.next)
		if err != nil {
			return err
		}
		if over != nil {
			sc.next = over.first
			return sc.take(ctx, over)
		}
	}
	if sc.next == 0 || sc.next == sc.l.reached(sc.shard) {
		sc.last = &place{parts: 1}
		return nil
	}
	return sc.find(ctx)
}

// find reads back from the position to begin at to the item that covers it.
func (sc *scan) find(ctx context.Context) error {
	it, err := sc.l.covering(ctx, sc.shard, sc.next)
	if err != nil {
		return err
	}
	if it != nil && it.end() > sc.next {
		sc.next = it.first
		return sc.take(ctx, it)
	}
	if it != nil && it.end() == sc.next {
		sc.last = &it.place
		if it.last() {
			sc.l.saw(sc.shard, sc.next)
		}
		return nil
	}
	after, _, err := sc.l.forward(ctx, sc.shard, sc.next, End, 1)
	if err != nil {
		return err
	}
	if len(after) > 0 {
		return errTorn
	}
	return ErrBeyond
}

// takeAll adds the items of a page. Once there is enough the rest is left: a
// reference costs another read.
func (sc *scan) takeAll(ctx context.Context, items []stored) error {
	for i := range items {
		if sc.enough() {
			return nil
		}
		err := sc.take(ctx, &items[i])
		if errors.Is(err, errMoved) && len(sc.items) == 0 {
			// What lies here was compacted since this process read up to it.
			if err := sc.find(ctx); err != nil || len(sc.items) > 0 {
				return err
			}
			return errTorn // the position is taken, and nothing covers it
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take adds the next item if it is the one that must follow. Items that the one
// before covers are what a compaction has left, and passed over.
func (sc *scan) take(ctx context.Context, it *stored) error {
	switch {
	case it.end() <= sc.next && sc.covered:
		return nil
	case it.first != sc.next:
		return errTorn
	case it.form == tombstone:
		return errMoved
	case sc.last != nil && !it.follows(*sc.last):
		return &DamageError{sc.shard, it.first, fmt.Errorf("%w: part %d of the batch at %d follows part %d of the batch at %d",
			errItem, it.part, it.batch, sc.last.part, sc.last.batch)}
	}
	o, err := sc.l.open(ctx, it)
	if err != nil {
		return err
	}
	sc.add(o)
	sc.covered = it.form == reference
	return nil
}

// follows says whether p can be what comes behind q.
func (p place) follows(q place) bool {
	if q.last() {
		return p.part == 0
	}
	return p.part == q.part+1 && p.parts == q.parts && p.batch == q.batch
}

func (sc *scan) add(o opened) {
	sc.items = append(sc.items, o)
	sc.bytes += o.Bytes
	sc.next, sc.last = o.place.end(), &sc.items[len(sc.items)-1].place
	if o.last() {
		sc.whole = len(sc.items)
	}
}

// result caches the whole batches and cuts what is behind the end asked for.
func (sc *scan) result() []Part {
	parts := make([]Part, 0, sc.whole)
	for _, o := range sc.items[:sc.whole] {
		sc.l.cache.put(o)
		if o.First < sc.to {
			parts = append(parts, o.Part)
		}
	}
	return parts
}

// limit is how many items the next query asks for, judged by the size of those
// read lately: not much more than is wanted is read and paid for.
func (sc *scan) limit() int {
	mean := max(sc.l.meanItem.Load(), 1)
	want := int64(max(sc.maxBytes-sc.bytes, 0))/mean + 1
	if want*mean >= table.MaxPage {
		return 0
	}
	return int(want)
}

// measure updates the mean size of items.
func (l *Ledger) measure(items []stored) {
	sum, n := 0, 0
	for i := range items {
		if items[i].form != tombstone {
			sum += items[i].bytes()
			n++
		}
	}
	if n > 0 {
		old := l.meanItem.Load()
		l.meanItem.Store((old + int64(sum/n)) / 2)
	}
}

// Load returns the part that covers a position: from the cache, or with a strong
// Get of what begins there and, if that was compacted, of what it leads to. Its
// errors are those of Scan, ErrGap if there is nothing.
func (l *Ledger) Load(ctx context.Context, s Shard, p Position) (Part, error) {
	if s >= MaxShards || p >= End {
		return Part{}, fmt.Errorf("load shard %d at %d: %w", s, p, ErrInvalid)
	}
	if o, ok := l.cache.get(s, p); ok {
		return o.Part, nil
	}
	for try := 0; ; try++ {
		o, err := l.load(ctx, s, p, try == tornTries)
		if err == nil {
			l.cache.put(o)
			return o.Part, nil
		}
		if !errors.Is(err, errMissing) && !errors.Is(err, errMoved) {
			return Part{}, fmt.Errorf("load shard %d at %d: %w", s, p, err)
		}
		if try == tornTries {
			return Part{}, fmt.Errorf("load shard %d at %d: %w: %w", s, p, ErrGap, err)
		}
		if err := l.jitter(ctx, try); err != nil {
			return Part{}, fmt.Errorf("load shard %d at %d: %w", s, p, err)
		}
	}
}

// load reads what covers a position now; deep looks further back than a log needs
// that was swept in time.
func (l *Ledger) load(ctx context.Context, s Shard, p Position, deep bool) (opened, error) {
	items, err := l.table.Get(ctx, logKey(s, p))
	if errors.Is(err, table.ErrDamaged) {
		return opened{}, &DamageError{s, p, err}
	}
	if err != nil {
		return opened{}, err
	}
	if len(items) > 0 {
		found, err := check(s, items[:1])
		if err != nil {
			return opened{}, err
		}
		if found[0].form != tombstone {
			return l.open(ctx, &found[0])
		}
	}
	it, err := l.covering(ctx, s, p)
	if err != nil {
		return opened{}, err
	}
	if deep && (it == nil || it.end() <= p) {
		if it, err = l.above(ctx, s, p); err != nil {
			return opened{}, err
		}
	}
	if it == nil || it.end() <= p {
		return opened{}, errMoved
	}
	return l.open(ctx, it)
}
