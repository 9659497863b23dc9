package search

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"time"

	"docket/shared/filter"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/table"
)

const (
	progressPartition = "search/progress"

	// progressLife is how long a request may be resumed (design, section 6.3).
	progressLife = time.Hour

	// maxSavedHits bounds the hits of a progress item to some 120 KB; a page
	// that is resumed with more holds this many.
	maxSavedHits = 4000

	// maxLayers bounds how often a resumed walk may take in what was committed
	// since; after that its window stays as it is.
	maxLayers = 8
)

// progress is what a call that ran out of time leaves to the next one.
type progress struct {
	// Of an enum: everything before it was passed, and none of it is visible.
	reached ledger.Vector

	// Of a search: what of the window was looked at, and what was found there.
	started int64
	layers  []layer
	layout  uint64 // of the segments that the layers speak of
	max     int    // of the hits: with as many, later ones were dropped
	hits    []hit
}

// layer says how far the segments before a vector (and not before that of the
// layer below) were looked at: all up to a place in the order of tasks.
type layer struct {
	to   ledger.Vector
	done turn
}

// progressKey names the progress of a request: nobody can tell from it what was
// asked, and another scope has another name.
func (e *Engine) progressKey(kind mark.Kind, epoch ledger.Epoch, r *Request, entries []filter.Entry) table.Key {
	key := e.Ring.Current(keys.Progress)
	mac := hmac.New(sha256.New, key.Secret[:])
	text := func(s string) {
		mac.Write(binary.AppendUvarint(nil, uint64(len(s))))
		mac.Write([]byte(s))
	}
	mac.Write(binary.BigEndian.AppendUint64([]byte{byte(kind)}, uint64(epoch)))
	text(r.Mark)
	text(string(filter.Marshal(entries)))
	if r.Scope.All {
		mac.Write([]byte{1})
	} else {
		mac.Write([]byte{0})
		plans := make([]string, 0, len(r.Scope.Plans))
		for id, sees := range r.Scope.Plans {
			if sees {
				plans = append(plans, id)
			}
		}
		slices.Sort(plans)
		for _, id := range plans {
			text(id)
		}
	}
	return table.Key{Partition: progressPartition, Sort: hex.EncodeToString(mac.Sum(nil))}
}

// saveProgress stores progress and returns ErrOutOfTime, or what kept it from
// being stored.
func (e *Engine) saveProgress(ctx context.Context, key table.Key, p *progress) error {
	err := e.State.Write(ctx, table.Op{Item: table.Item{
		Key: key, Value: p.marshal(), Expires: e.Now().Add(progressLife).Unix(),
	}})
	if err != nil {
		return fmt.Errorf("save progress: %w", err)
	}
	return ErrOutOfTime
}

// loadProgress returns what an earlier call with the same request left; nil if
// there is none.
func (e *Engine) loadProgress(ctx context.Context, key table.Key) (*progress, error) {
	items, err := e.State.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("load progress: %w", err)
	}
	if len(items) == 0 {
		return nil, nil
	}
	p, err := unmarshalProgress(items[0].Value)
	if err != nil {
		return nil, fmt.Errorf("load progress: %w", err)
	}
	return p, nil
}

// forgetProgress removes an item whose page was found. It need not succeed: what
// is left is true as long as it lives, only longer than it has to be.
func (e *Engine) forgetProgress(ctx context.Context, key table.Key) {
	if err := e.State.Write(ctx, table.Op{Kind: table.Delete, Item: table.Item{Key: key}}); err != nil {
		e.Log.Warn("progress item was not removed", "error", err.Error())
	}
}

// to is the end of what the layers speak of.
func (p *progress) to() ledger.Vector { return p.layers[len(p.layers)-1].to }

// fits says whether tasks of a window mean what they meant to the calls that left
// the progress. They do not once segments were merged, nor where a segment begins in
// one layer and ends behind it: those calls looked at its first rows only.
func (p *progress) fits(known *cuts, w window) bool {
	if p.layout != known.layout(window{w.from, p.to()}) {
		return false
	}
	for _, l := range p.layers {
		for s, end := range l.to {
			if end < w.to[s] && known.through(ledger.Shard(s), end) {
				return false
			}
		}
	}
	return true
}

// has says whether a task was done.
func (p *progress) has(t *turn) bool {
	if p == nil {
		return false
	}
	for i := range p.layers {
		if t.first < at(p.layers[i].to, t.shard) {
			return compareTurns(t, &p.layers[i].done) <= 0
		}
	}
	return false
}

// best begins with the hits that were found. If some were dropped, a page can
// hold no more than were kept.
func (p *progress) best(max int) *best {
	if len(p.hits) == p.max {
		max = min(max, p.max)
	}
	b := newBest(max)
	for _, h := range p.hits {
		b.add(h)
	}
	return b
}

// progress is what the next call with the same request needs of a scan that was
// cut off. One that used what is warm tells nothing: what that is may change, and
// the next call does without and gets further each time.
func (w *walk) progress(s *scan) *progress {
	if s.warm {
		return &progress{
			started: w.mark.Started, max: s.best.max, layout: s.known.layout(s.window),
			layers: []layer{{to: w.mark.To, done: turn{newest: math.MaxInt64}}},
		}
	}
	p := &progress{started: w.mark.Started, max: s.best.max, hits: s.best.sorted()}
	if len(p.hits) > maxSavedHits {
		p.hits, p.max = p.hits[:maxSavedHits], maxSavedHits
	}
	var layers []layer
	if w.saved != nil {
		layers = slices.Clone(w.saved.layers)
	}
	layers = append(layers, layer{to: w.mark.To, done: turn{newest: math.MaxInt64}}) // nothing yet
	for _, l := range layers {
		if s.done != nil && compareTurns(&l.done, s.done) < 0 {
			l.done = *s.done
		}
		if n := len(p.layers); n > 0 && p.layers[n-1].done == l.done {
			p.layers[n-1].to = l.to
			continue
		}
		p.layers = append(p.layers, l)
	}
	p.layout = s.known.layout(s.window)
	return p
}
