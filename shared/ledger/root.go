package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"docket/shared/table"
)

const (
	rootVersion = 1

	// maxEpochs bounds the restores of a ledger, so that the root stays a small
	// item that is read with every request: 64 shards take 400 bytes each.
	maxEpochs = 256
)

// errRoot is a root item that is not what was written.
var errRoot = errors.New("root item of the ledger is damaged")

// root is what all of a ledger's processes share. It is never modified.
type root struct {
	epoch  Epoch
	ridKey uint32 // number of the ring key of its RIDs
	shards int    // 1 to MaxShards
	past   []past // oldest first
	stored uint64 // Version of the item
}

// past is an epoch that ended with a restore.
type past struct {
	epoch Epoch
	tails Vector // where the restored table stood
}

func rootKey() table.Key { return table.Key{Partition: "ledger", Sort: "root"} }

// item is the stored form; doc.go has its layout.
func (r *root) item() table.Item {
	key := rootKey()
	v := []byte{rootVersion, byte(r.shards)}
	v = binary.BigEndian.AppendUint64(v, uint64(r.epoch))
	v = binary.BigEndian.AppendUint32(v, r.ridKey)
	for _, p := range r.past {
		v = binary.BigEndian.AppendUint64(v, uint64(p.epoch))
		v = append(v, byte(len(p.tails)))
		for _, t := range p.tails {
			v = binary.BigEndian.AppendUint64(v, uint64(t))
		}
	}
	v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
	return table.Item{Key: key, Value: v, Version: r.stored}
}

func readRoot(it *table.Item) (*root, error) {
	const fixed = 1 + 1 + 8 + 4
	v := it.Value
	if len(v) < fixed+4 || v[0] != rootVersion {
		return nil, fmt.Errorf("%w: %d bytes of an unknown version", errRoot, len(v))
	}
	v, sum := v[:len(v)-4], binary.BigEndian.Uint32(v[len(v)-4:])
	if keyedSum(it.Key, v) != sum {
		return nil, fmt.Errorf("%w: wrong checksum", errRoot)
	}
	r := &root{
		shards: int(v[1]),
		epoch:  Epoch(binary.BigEndian.Uint64(v[2:])),
		ridKey: binary.BigEndian.Uint32(v[10:]),
		stored: it.Version,
	}
	for v = v[fixed:]; len(v) > 0; {
		if len(v) < 9 || len(v) < 9+8*int(v[8]) || v[8] > MaxShards {
			return nil, fmt.Errorf("%w: cut list of epochs", errRoot)
		}
		p := past{epoch: Epoch(binary.BigEndian.Uint64(v)), tails: make(Vector, v[8])}
		for s := range p.tails {
			p.tails[s] = Position(binary.BigEndian.Uint64(v[9+8*s:]))
		}
		r.past = append(r.past, p)
		v = v[9+8*len(p.tails):]
	}
	if r.shards < 1 || r.shards > MaxShards || r.epoch == 0 || len(r.past) > maxEpochs {
		return nil, fmt.Errorf("%w: %d shards, epoch %d, %d past epochs", errRoot, r.shards, r.epoch, len(r.past))
	}
	return r, nil
}

// loadRoot reads the root strongly; nil if there is none.
func (l *Ledger) loadRoot(ctx context.Context) (*root, error) {
	items, err := l.table.Get(ctx, rootKey())
	if err != nil {
		return nil, fmt.Errorf("read root of the ledger: %w", err)
	}
	if len(items) == 0 {
		return nil, nil
	}
	return readRoot(&items[0])
}

// refresh reads the root and remembers it.
func (l *Ledger) refresh(ctx context.Context) (*root, error) {
	r, err := l.loadRoot(ctx)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("%w: it is gone", errRoot)
	}
	l.remember(r)
	return r, nil
}

// remember keeps the newest root seen.
func (l *Ledger) remember(r *root) {
	for {
		old := l.root.Load()
		if old != nil && old.stored >= r.stored {
			return
		}
		if l.root.CompareAndSwap(old, r) {
			return
		}
	}
}

// change replaces the root by what next makes of it, by compare-and-swap, until
// it succeeds or next returns nil: nothing to change. next may be called again on
// a newer root.
func (l *Ledger) change(ctx context.Context, next func(*root) (*root, error)) error {
	p := l.pace()
	for {
		old, err := l.loadRoot(ctx)
		if err == nil {
			var r *root
			if r, err = next(old); err != nil || r == nil {
				return err
			}
			err = l.swapRoot(ctx, old, r)
			if err == nil {
				return nil
			}
		}
		var lost *table.ConditionError
		if !errors.As(err, &lost) && !transient(err) {
			return fmt.Errorf("change root of the ledger: %w", err)
		}
		if werr := p.wait(ctx); werr != nil {
			return fmt.Errorf("change root of the ledger: %w", errors.Join(err, werr))
		}
	}
}

func (l *Ledger) swapRoot(ctx context.Context, old, r *root) error {
	op := table.Op{Kind: table.Put, If: table.Absent}
	r.stored = 1
	if old != nil {
		op.If, op.IfVersion = table.VersionIs, old.stored
		r.stored = old.stored + 1
	}
	op.Item = r.item()
	if err := l.table.Write(ctx, op); err != nil {
		return err
	}
	l.remember(r)
	return nil
}

// create makes the root if there is none.
func (l *Ledger) create(ctx context.Context, shards int, ridKey uint32) error {
	return l.change(ctx, func(old *root) (*root, error) {
		if old != nil {
			l.remember(old)
			return nil, nil
		}
		epoch, err := l.newEpoch()
		if err != nil {
			return nil, err
		}
		return &root{epoch: epoch, shards: shards, ridKey: ridKey}, nil
	})
}

func (l *Ledger) newEpoch() (Epoch, error) {
	var b [8]byte
	for {
		if err := l.random(b[:]); err != nil {
			return 0, err
		}
		if e := binary.BigEndian.Uint64(b[:]); e != 0 {
			return Epoch(e), nil
		}
	}
}

// Shards returns the number of shards, read strongly: one Get of a small item.
// A reader calls it on every request and reads them all, for a writer anywhere may
// use a new shard as soon as the number is raised (design, section 6.6).
func (l *Ledger) Shards(ctx context.Context) (int, error) {
	r, err := l.refresh(ctx)
	if err != nil {
		return 0, err
	}
	return r.shards, nil
}

// Grow raises the number of shards to n, 1 to MaxShards. It never falls: with n or
// more already there, nothing changes.
func (l *Ledger) Grow(ctx context.Context, n int) error {
	if n < 1 || n > MaxShards {
		return fmt.Errorf("%w: %d shards, must be 1 to %d", ErrInvalid, n, MaxShards)
	}
	return l.change(ctx, func(old *root) (*root, error) {
		if old == nil {
			return nil, fmt.Errorf("%w: it is gone", errRoot)
		}
		l.remember(old)
		if old.shards >= n {
			return nil, nil
		}
		r := *old
		r.shards = n
		return &r, nil
	})
}

// Epoch is the ledger's current epoch, as last read: Shards reads it again.
func (l *Ledger) Epoch() Epoch { return l.root.Load().epoch }

// BeginEpoch ends the current epoch and begins another: what a restore does, on
// the restored table and before anybody writes to it. Marks of the epochs before
// then mean positions up to the tails of this moment (design, section 6.8).
func (l *Ledger) BeginEpoch(ctx context.Context) (Epoch, error) {
	epoch, err := l.newEpoch()
	if err != nil {
		return 0, err
	}
	err = l.change(ctx, func(old *root) (*root, error) {
		if old == nil {
			return nil, fmt.Errorf("%w: it is gone", errRoot)
		}
		l.remember(old)
		if old.epoch == epoch { // done by a write whose answer was lost
			return nil, nil
		}
		if len(old.past) >= maxEpochs {
			return nil, fmt.Errorf("%w: over %d restores", ErrInvalid, maxEpochs)
		}
		tails, err := l.Tails(ctx)
		if err != nil {
			return nil, err
		}
		r := *old
		r.past = append(append([]past(nil), old.past...), past{old.epoch, tails})
		r.epoch = epoch
		return &r, nil
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}

// Clamp translates a vector of an earlier epoch to the current one: no position
// is behind the tails at the restores since. A vector of the current epoch is
// returned as it is; one of no epoch of this ledger, or that names a shard the
// ledger does not have, is ErrForeign or ErrBeyond. It reads nothing: call it
// after Shards. Positions of the current epoch behind the end of their shard are
// found by Scan, as ErrBeyond.
func (l *Ledger) Clamp(e Epoch, v Vector) (Vector, error) {
	r := l.root.Load()
	if e != r.epoch {
		clamped, ok := r.clamp(e, v)
		if !ok {
			return nil, fmt.Errorf("epoch %x: %w", uint64(e), ErrForeign)
		}
		v = clamped
	}
	for s := r.shards; s < len(v); s++ {
		if v[s] > 0 {
			return nil, fmt.Errorf("shard %d of %d: %w", s, r.shards, ErrBeyond)
		}
	}
	return v, nil
}

func (r *root) clamp(e Epoch, v Vector) (Vector, bool) {
	found := false
	clamped := append(Vector(nil), v...)
	for _, p := range r.past {
		found = found || p.epoch == e
		if !found {
			continue
		}
		for s := range clamped {
			tail := Position(0)
			if s < len(p.tails) {
				tail = p.tails[s]
			}
			clamped[s] = min(clamped[s], tail)
		}
	}
	return clamped, found
}

// random fills b. The source need not be safe for concurrent use.
func (l *Ledger) random(b []byte) error {
	l.randMu.Lock()
	defer l.randMu.Unlock()
	if _, err := io.ReadFull(l.rand, b); err != nil {
		return fmt.Errorf("draw %d random bytes: %w", len(b), err)
	}
	return nil
}
