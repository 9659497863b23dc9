package ledger

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"docket/shared/segment"
	"docket/shared/table"
)

// Append stores a batch durably. The steps are in doc.go. Its errors:
//
//	nil             stored, now or before (Receipt.Duplicate), and visible to
//	                every read that begins from now on
//	ErrInvalid, ErrTooLarge, ErrKeyReused, *DamageError
//	                nothing was stored
//	all others      stored once or never: with a Key, the same Append again
//	                finds out
//
// It costs one Write of one item and the segment's bytes, or a transaction of
// more if the batch has a Key or takes several items; after a start or lost races
// a Query of one item in front; a repetition reads what it repeats. Writers of one
// process queue for a shard.
func (l *Ledger) Append(ctx context.Context, b Batch) (Receipt, error) {
	w, err := l.prepare(b)
	if err != nil {
		return Receipt{}, fmt.Errorf("append: %w", err)
	}
	select {
	case l.lanes[w.shard] <- struct{}{}:
	case <-ctx.Done():
		return Receipt{}, fmt.Errorf("append: wait for shard %d: %w", w.shard, ctx.Err())
	}
	defer func() { <-l.lanes[w.shard] }()
	receipt, err := w.land(ctx)
	if err != nil {
		return Receipt{}, fmt.Errorf("append to shard %d: %w", w.shard, err)
	}
	return receipt, nil
}

// writing is a batch on its way into a shard.
type writing struct {
	l       *Ledger
	shard   Shard
	token   Token
	key     *Key
	call    callID  // of this Append
	old     *uint64 // version of the token item to replace; nil if there is none
	pieces  []packed
	n       int // records
	stamped bool

	conflicts int
	pace      *pace
}

// prepare does all that needs no table: the commit time is fixed before the first
// attempt, so that every attempt writes the same (design, section 6.2).
func (l *Ledger) prepare(b Batch) (*writing, error) {
	if len(b.Records) == 0 {
		return nil, fmt.Errorf("%w: no records", ErrInvalid)
	}
	if b.Key != nil && b.Key.Text == "" {
		return nil, fmt.Errorf("%w: empty key", ErrInvalid)
	}
	token, call, err := l.newToken(b.Key)
	if err != nil {
		return nil, err
	}
	p := packer{room: table.MaxOps, maxItem: l.maxItem}
	if b.Key != nil {
		p.room--
	}
	p.run = segment.Run{Committed: l.commitTime(), Token: token, Principal: b.Principal, RequestID: b.RequestID}
	pieces, err := p.pack(b.Records)
	if err != nil {
		return nil, err
	}
	return &writing{
		l: l, token: token, call: call, key: b.Key, pieces: pieces, n: len(b.Records), pace: l.pace(),
		shard: Shard(binary.BigEndian.Uint64(token[8:]) % uint64(l.root.Load().shards)),
	}, nil
}

// newToken is random, or that of the key; the call is random in any case.
func (l *Ledger) newToken(k *Key) (Token, callID, error) {
	var t Token
	if err := l.random(t[:]); err != nil {
		return t, callID{}, err
	}
	call := callID(t[:])
	if k != nil {
		name := k.name()
		t = Token(name[:])
	}
	return t, call, nil
}

// land tries until the batch is stored or cannot be. It goes on to another
// position only when it has seen that the one it tried is taken by others: then
// no attempt there, however late, can succeed any more.
func (w *writing) land(ctx context.Context) (Receipt, error) {
	at := w.l.reached(w.shard)
	lost := at == 0 // whether to look for the end of the log first
	for {
		if lost {
			tail, err := w.l.tail(ctx, w.shard)
			if err != nil {
				if err := w.again(ctx, err); err != nil {
					return Receipt{}, err
				}
				continue
			}
			at = tail.end
		}
		if at+Position(w.n) > End {
			return Receipt{}, fmt.Errorf("%w: the shard is full", ErrTooLarge)
		}
		receipt, next, err := w.try(ctx, at)
		if err != nil || next == at {
			return receipt, err
		}
		at, lost = next, w.conflicts >= 2 || next == unknown
	}
}

// unknown is not a position: where the log ends must be read.
const unknown = End + 1

// try writes the batch at a position until it is stored there, which it reports
// by next == at, or the position turns out to be taken.
func (w *writing) try(ctx context.Context, at Position) (r Receipt, next Position, err error) {
	for {
		err := w.l.table.Write(ctx, w.ops(at)...)
		var failed *table.ConditionError
		switch {
		case err == nil:
			return w.stored(at), at, nil
		case errors.As(err, &failed):
			token, item := w.existing(failed)
			if w.outlived(token) {
				if err := w.passed(ctx); err != nil {
					return r, at, err
				}
				continue
			}
			next, r, err = w.judge(at, token, item)
			switch {
			case err != nil:
			case next != at:
				err = w.passed(ctx)
			case w.key != nil || len(w.pieces) > 1:
				err = w.confirm(ctx, r)
			}
			return r, next, err
		case errors.Is(err, table.ErrTooLarge):
			return r, at, fmt.Errorf("%w: %w", ErrTooLarge, err)
		case !transient(err):
			return r, at, fmt.Errorf("write at %d: %w", at, err)
		}
		busy := errors.Is(err, table.ErrBusy) // then nothing was done
		if err := w.again(ctx, err); err != nil {
			return r, at, err
		}
		if !busy {
			r, next, settled, err := w.find(ctx, at)
			if err != nil || settled {
				return r, next, err
			}
		}
	}
}

// find reads after a write of unknown outcome what is at its position. Nothing
// there settles nothing: the write may be applied yet, and is tried again at the
// same position, where it can happen once.
//
// A transaction is not looked for: one of its items may be seen before the others
// are. The write that is tried again finds out, and confirm waits for the rest.
func (w *writing) find(ctx context.Context, at Position) (r Receipt, next Position, settled bool, err error) {
	if w.key != nil || len(w.pieces) > 1 {
		return r, at, false, nil
	}
	for {
		items, err := w.l.table.Get(ctx, logKey(w.shard, at))
		if err == nil && len(items) == 0 {
			return r, at, false, nil
		}
		if err == nil {
			next, r, err = w.judge(at, nil, &items[0])
			return r, next, true, err
		}
		if err := w.again(ctx, fmt.Errorf("read back at %d: %w", at, err)); err != nil {
			return r, at, false, err
		}
	}
}

// confirm waits until a batch that a condition has shown can be read, all of it.
// The condition may be judged on one item of a transaction while another is not
// visible yet, and what is acknowledged must be in every read that follows.
func (w *writing) confirm(ctx context.Context, r Receipt) error {
	end := r.First + Position(r.N)
	for at := r.First; at < end; {
		parts, err := w.l.Scan(ctx, r.Shard, at, end, table.MaxWriteBytes)
		if len(parts) > 0 {
			at = parts[len(parts)-1].end()
			continue
		}
		if err == nil || errors.Is(err, ErrBeyond) {
			err = ErrGap // the log does not reach to the batch yet
		}
		if !transient(err) && !errors.Is(err, ErrGap) {
			return fmt.Errorf("confirm the batch at %d: %w", r.First, err)
		}
		if werr := w.pace.wait(ctx); werr != nil {
			return fmt.Errorf("confirm the batch at %d: %w: %w", r.First, werr, err)
		}
	}
	return nil
}

// existing returns what stood in the way of a write.
func (w *writing) existing(failed *table.ConditionError) (token, item *table.Item) {
	for _, f := range failed.Failed {
		switch {
		case w.key != nil && f.Op == 0:
			token = f.Existing
			w.old = nil // unless outlived says so again
		case f.Existing == nil:
		case item == nil || f.Existing.Sort < item.Sort:
			item = f.Existing
		}
	}
	return token, item
}

// outlived says whether a token item is of a batch so long ago that its key's
// window has ended. Then it is to be replaced, on condition that nobody else does.
func (w *writing) outlived(token *table.Item) bool {
	if token == nil || !w.key.ended(token, w.call, w.l.now()) {
		return false
	}
	w.old = &token.Version
	return true
}

// judge says what it means that token and item, at least one of them, stand where
// the batch wants to be: next == at, it is stored (or can never be: an error);
// else the batch must go on to next.
//
// With a key, the token item alone decides: it is written together with the batch,
// for whatever instance, at whatever position. A log item with the token of the
// key may be of a batch whose token item has expired.
func (w *writing) judge(at Position, token, item *table.Item) (next Position, r Receipt, err error) {
	if token != nil {
		r, err := w.key.resolve(token, w.call)
		return at, r, err
	}
	if item == nil {
		return unknown, r, nil
	}
	it, err := read(item)
	if err != nil {
		return at, r, &DamageError{w.shard, positionOf(item), err}
	}
	if w.key == nil {
		own, err := w.wrote(&it)
		if err != nil {
			return at, r, &DamageError{w.shard, it.first, err}
		}
		if own {
			return at, w.stored(it.batch), nil
		}
	}
	if it.form == data && it.last() {
		w.l.saw(w.shard, it.end())
	}
	return it.end(), r, nil
}

// wrote says whether an item holds, or held before it was compacted, this batch.
func (w *writing) wrote(it *stored) (bool, error) {
	if it.form != data {
		return it.token == w.token, nil
	}
	seg, err := segment.Open(it.segment)
	if err != nil {
		return false, err
	}
	runs, err := seg.Runs()
	if err != nil {
		return false, err
	}
	for _, run := range runs {
		if run.Token == w.token {
			return true, nil
		}
	}
	return false, nil
}

// stored notes that the batch lies at a position.
func (w *writing) stored(at Position) Receipt {
	w.l.saw(w.shard, at+Position(w.n))
	return Receipt{Shard: w.shard, First: at, N: w.n}
}

// passed counts a lost race. Those who lose often step back for a while.
func (w *writing) passed(ctx context.Context) error {
	w.conflicts++
	w.l.conflict(ctx)
	switch {
	case w.conflicts > maxConflicts:
		return contended(w.shard)
	case w.conflicts > 2:
		return w.l.jitter(ctx, w.conflicts-3)
	}
	return nil
}

// again waits before a call is repeated that the table refused or did not answer;
// it returns the cause when it must not be.
func (w *writing) again(ctx context.Context, cause error) error {
	if !transient(cause) {
		return cause
	}
	if err := w.pace.wait(ctx); err != nil {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return nil
}

// ops is the transaction that stores the batch at a position. The token item comes
// first. A value that was given to the table is not touched again: an attempt of
// unknown outcome may still be on its way.
func (w *writing) ops(at Position) []table.Op {
	ops := make([]table.Op, 0, len(w.pieces)+1)
	if w.key != nil {
		item := w.key.tokenItem(Receipt{Shard: w.shard, First: at, N: w.n}, w.call, w.l.now())
		op := table.Op{Kind: table.Put, Item: item, If: table.Absent}
		if w.old != nil {
			op.If, op.IfVersion = table.VersionIs, *w.old
		}
		ops = append(ops, op)
	}
	p := place{shard: w.shard, first: at, batch: at, parts: uint8(len(w.pieces))}
	for i, piece := range w.pieces {
		value := piece.value
		if w.stamped {
			value = bytes.Clone(value)
		}
		p.n, p.part = uint32(piece.n), uint8(i)
		p.stamp(value)
		ops = append(ops, table.Op{Kind: table.Put, Item: table.Item{Key: logKey(w.shard, p.first), Value: value}, If: table.Absent})
		p.first = p.end()
	}
	w.stamped = true
	return ops
}
