package ledger

import (
	"context"
	"errors"
	"fmt"

	"docket/shared/segment"
	"docket/shared/table"
)

// piece is what a merge takes or leaves as a whole: a batch in the log, or a
// merged segment.
type piece struct {
	first   Position
	n       int // records
	bytes   int
	form    form
	id      SegmentID // of a merged segment
	version uint64    // of the log's item at first
	token   Token     // of that item
	parts   []pieceItem
}

func (p *piece) end() Position { return p.first + Position(p.n) }

// pieceItem is an item of the log that a piece consists of.
type pieceItem struct {
	place
	token   Token
	version uint64
	bytes   int
	zone    segment.Zone
	segment *segment.Segment // nil until it is needed
}

// readPieces reads the log from the first position that is not settled: whole
// batches only, and no further than it is sound.
func (c *compacting) readPieces(ctx context.Context) error {
	r := pieceReader{compacting: c, next: c.root.open, last: place{parts: 1}}
	for {
		page, more, err := c.l.forward(ctx, c.shard, r.next, End, 0)
		ended := false
		for i := range page {
			if ended, err = r.take(ctx, &page[i]); ended || err != nil {
				c.capped = c.capped && (more || i+1 < len(page))
				break
			}
		}
		var damaged *DamageError
		switch {
		case errors.As(err, &damaged) && len(c.pieces) > 0:
			ended = true // readers report it
		case err != nil:
			return err
		}
		if ended || !more {
			break
		}
	}
	return c.agree()
}

// agree says whether the log was read in the state that the root tells of. The two
// are read one after the other, and of a transaction the one may be seen and the
// other not yet: a merge planned on such a log would overlap what is published.
func (c *compacting) agree() error {
	listed, end := c.listed, c.root.open
	for i := range c.pieces {
		for k := range c.pieces[i].parts {
			it := &c.pieces[i].parts[k]
			if len(listed) == 0 {
				return nil
			}
			if e := &listed[0]; e.First != it.first || e.N != int(it.n) || e.Segment != c.pieces[i].id {
				return fmt.Errorf("the manifest lists segment %x at %d, the log has %x at %d: %w", uint64(e.Segment), e.First, uint64(c.pieces[i].id), it.first, table.ErrBusy)
			}
			listed, end = listed[1:], it.end()
		}
	}
	if len(listed) > 0 {
		return fmt.Errorf("the manifest reaches to %d, the log to %d: %w", c.root.high, end, ErrGap)
	}
	return nil
}

// pieceReader makes pieces of the items of a log.
type pieceReader struct {
	*compacting
	next    Position
	last    place
	covered bool // the item before next is a reference
	batch   piece
	bytes   int
	items   int
}

// take adds an item. The pieces end before one that does not follow: a part of a
// transaction, or damage.
func (r *pieceReader) take(ctx context.Context, it *stored) (ended bool, err error) {
	if it.end() <= r.next && r.covered {
		return false, nil // a tombstone, or not yet one
	}
	if it.first != r.next || it.form == tombstone || !it.follows(r.last) {
		return true, nil
	}
	part := pieceItem{place: it.place, token: it.token, version: it.version, bytes: it.bytes()}
	if known := r.known(it); known != nil {
		part.zone = known.Zone
	} else {
		o, err := r.l.open(ctx, it)
		if errors.Is(err, errMissing) {
			err = fmt.Errorf("%w: %w", table.ErrBusy, err) // replaced by another compactor
		}
		if err != nil {
			return false, err
		}
		part.segment, part.zone = o.Segment, o.Segment.Zone()
	}
	if it.form == data {
		runs, err := part.segment.Runs()
		if err != nil {
			return false, &DamageError{r.shard, it.first, err}
		}
		part.token = runs[0].Token
	}
	r.batch.add(it, part)
	r.next, r.last, r.covered = it.end(), it.place, it.form == reference
	r.bytes += part.bytes
	r.items++
	if !it.last() {
		return false, nil
	}
	r.pieces = append(r.pieces, r.batch)
	r.batch = piece{}
	r.capped = r.next >= r.root.high && (r.items >= roundItems || r.bytes >= roundBytes)
	return r.capped, nil
}

// known is the entry of a reference that is listed: its segment need not be read.
func (r *pieceReader) known(it *stored) *Entry {
	for i := range r.listed {
		if it.form == reference && r.listed[i].Segment == it.id {
			return &r.listed[i]
		}
	}
	return nil
}

func (p *piece) add(it *stored, part pieceItem) {
	if len(p.parts) == 0 {
		*p = piece{first: it.first, form: it.form, id: it.id, version: it.version, token: part.token}
	}
	p.parts = append(p.parts, part)
	p.n += int(it.n)
	p.bytes += part.bytes
}

// load opens the segment of a part that was not needed before.
func (c *compacting) load(ctx context.Context, p *piece, part *pieceItem) (*segment.Segment, error) {
	if part.segment != nil {
		return part.segment, nil
	}
	ref := stored{place: part.place, form: reference, id: p.id, size: part.bytes}
	o, err := c.l.open(ctx, &ref)
	if errors.Is(err, errMissing) {
		err = fmt.Errorf("%w: %w", table.ErrBusy, err)
	}
	return o.Segment, err
}

// entries are what the manifest says of a piece that stays as it is.
func (p *piece) entries(list []Entry) []Entry {
	for i := range p.parts {
		it := &p.parts[i]
		list = append(list, Entry{First: it.first, N: int(it.n), Bytes: it.bytes, Segment: p.id, Zone: it.zone})
	}
	return list
}

// settled says whether a piece is never merged again: it is big.
func (c *compacting) settled(p *piece) bool {
	return p.form == data && p.bytes >= c.AdoptBytes || p.bytes >= c.l.maxItem/2 || p.n*5 >= c.MaxRecords*2
}

// level is 0 for the smallest pieces; each further one has Fan times the records.
func (c *compacting) level(p *piece) int {
	switch {
	case p.n < c.Fan:
		return 0
	case p.n < c.Fan*c.Fan:
		return 1
	default:
		return 2
	}
}

const levels = 3

// plan is what a round is to do with its pieces.
type plan struct {
	merges  []pieceRange // of pieces, in order
	publish int          // pieces[:publish] are to be listed
	adopted int          // of them, those that are not listed now and stay as they are
	open    int          // pieces[open:] may be merged again
}

// pieceRange is a range of pieces.
type pieceRange struct{ from, to int }

// plan decides what to merge: between two settled pieces whatever there is, at the
// end of the log only Fan pieces of about one size, or what fills a segment.
func (c *compacting) plan() plan {
	var p plan
	for i := 0; i < len(c.pieces) && len(p.merges) < roundMerges; {
		if c.settled(&c.pieces[i]) {
			i++
			p.publish, p.open = i, i
			continue
		}
		j := i
		for j < len(c.pieces) && !c.settled(&c.pieces[j]) {
			j++
		}
		switch {
		case j == len(c.pieces) && c.capped && c.groups(&p, i, j, j-i+1):
			// What does not fill a segment is left to the next round, which
			// sees what follows.
		case j < len(c.pieces) || c.All:
			c.groups(&p, i, j, 2)
		default:
			c.tiers(&p, i, j)
		}
		switch {
		case j < len(c.pieces):
			p.publish, p.open = j, j
		case c.All:
			p.publish = j
		default:
			p.publish = max(p.publish, c.lastListed(&p, i, j))
		}
		i = j
	}
	// Merges leave pieces that may be merged again.
	if len(p.merges) > 0 {
		p.open = min(p.open, p.merges[0].from)
		for p.open > 0 && !c.settled(&c.pieces[p.open-1]) {
			p.open--
		}
	}
	for i := range c.pieces[:p.publish] {
		if !p.merging(i) && c.pieces[i].end() > c.root.high {
			p.adopted++
		}
	}
	return p
}

// lastListed is where the run of pieces i to j at the end of the log stops being
// worth listing: behind its last merged segment, old or new.
func (c *compacting) lastListed(p *plan, i, j int) int {
	for k := j; k > i; k-- {
		if p.merging(k-1) || c.pieces[k-1].form == reference {
			return k
		}
	}
	return 0
}

func (p *plan) merging(i int) bool {
	for _, m := range p.merges {
		if m.from <= i && i < m.to {
			return true
		}
	}
	return false
}

// tiers plans merges of the open end of the log.
func (c *compacting) tiers(p *plan, i, j int) {
	for level := range levels {
		for a := i; a < j; {
			b, records := a, 0
			for b < j && c.level(&c.pieces[b]) <= level {
				records += c.pieces[b].n
				b++
			}
			if b-a >= c.Fan {
				c.groups(p, a, b, c.Fan)
			} else if records >= c.MaxRecords {
				c.groups(p, a, b, b-a+1) // only what fills a segment
			}
			a = b + 1
		}
		if len(p.merges) > 0 {
			return // the next round goes on with what they become
		}
	}
}

// groups cuts the pieces i to j into merges: each fills a segment, the last one
// may be of at least least pieces. It says whether there was any.
func (c *compacting) groups(p *plan, i, j, least int) bool {
	before := len(p.merges)
	for i < j && len(p.merges) < roundMerges {
		k, records, bytes := i, 0, 0
		for k < j && (k == i || records+c.pieces[k].n <= c.MaxRecords && c.estimate(records+c.pieces[k].n, bytes+c.pieces[k].bytes) <= c.l.maxItem) {
			records += c.pieces[k].n
			bytes += c.pieces[k].bytes
			k++
		}
		if full := k < j; k-i >= 2 && (full || k-i >= least) {
			p.merges = append(p.merges, pieceRange{i, k})
		}
		i = k
	}
	return len(p.merges) > before
}

// estimate is how many bytes a merge may take: never much more than its pieces,
// and lately about so many for each record.
func (c *compacting) estimate(records, bytes int) int {
	ratio := c.l.mergeRatio.Load() // bytes per 16 records
	if ratio == 0 {
		return bytes / 8
	}
	return min(bytes, int(int64(records)*ratio/16))
}

// debt is what stays behind the manifest when a plan is carried out.
func (c *compacting) debt(p plan) Debt {
	var d Debt
	for i := p.publish; i < len(c.pieces); i++ {
		d.Items += len(c.pieces[i].parts)
		d.Bytes += c.pieces[i].bytes
	}
	return d
}
