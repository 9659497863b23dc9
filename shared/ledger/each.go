package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"docket/shared/activity"
	"docket/shared/segment"
	"docket/shared/table"
)

// AppendEach stores batches that have a Key each, as if each were given to Append,
// but in as few transactions as they fit: a transaction has one log item, with a run
// for each batch, and a token item for each key. The results are those of Append, in
// the order of batches; one that fails says nothing of the others. It is for many
// small batches that come together but are identified alone: messages and events
// (design, section 6.10).
//
// A transaction of which a key is taken stores nothing, and never will, because that
// key stays taken for longer than any attempt may be late. So the batch of that key
// is settled, and the others are tried anew without it. Nothing else differs from
// Append: tokens decide, and positions are left only when they are seen to be taken.
func (l *Ledger) AppendEach(ctx context.Context, batches []Batch) ([]Receipt, []error) {
	e := &appendEach{l: l, batches: batches, receipts: make([]Receipt, len(batches)), errs: make([]error, len(batches))}
	var left []int
	for i := range batches {
		left = append(left, i)
	}
	for len(left) > 0 {
		var group []int
		group, left = e.group(left)
		e.store(ctx, group)
	}
	return e.receipts, e.errs
}

// maxEach is how many keys a transaction has room for beside one log item.
const maxEach = table.MaxOps - 1

// appendEach is one call of AppendEach.
type appendEach struct {
	l        *Ledger
	batches  []Batch
	receipts []Receipt
	errs     []error
}

// group takes batches that may go together, in order, and returns those that are
// left. The same key does not occur twice in one transaction: its second batch comes
// later, and finds the first.
func (e *appendEach) group(from []int) (group, left []int) {
	keys := map[Key]bool{}
	size := 0
	for _, i := range from {
		b := &e.batches[i]
		fits := b.Key != nil && b.Key.Text != "" && len(b.Records) > 0
		var id Key
		for k := 0; fits && k < len(b.Records); k++ {
			size += rawSize(&b.Records[k])
		}
		if fits {
			id = Key{Owner: b.Key.Owner, Text: b.Key.Text}
		}
		if len(group) > 0 && (!fits || keys[id] || size > rawPart || len(group) == maxEach) {
			left = append(left, i)
			continue
		}
		group = append(group, i)
		keys[id] = true
		if !fits {
			size = rawPart // it goes alone, and Append says why
		}
	}
	return group, left
}

// store settles every batch of a group.
func (e *appendEach) store(ctx context.Context, group []int) {
	for len(group) > 0 {
		if len(group) == 1 {
			e.receipts[group[0]], e.errs[group[0]] = e.l.Append(ctx, e.batches[group[0]])
			return
		}
		t, err := e.together(group)
		if err == nil {
			group, err = t.land(ctx)
		}
		if errors.Is(err, ErrTooLarge) {
			half := len(group) / 2
			e.store(ctx, group[:half])
			e.store(ctx, group[half:])
			return
		}
		if err != nil {
			for _, i := range group {
				e.errs[i] = fmt.Errorf("append together with others: %w", err)
			}
			return
		}
	}
}

// together is a group on its way into a shard. What it has in common with a single
// batch, above all what a taken position means, is that of writing.
type together struct {
	writing
	e     *appendEach
	group []int
	value []byte // of the log item
}

// together packs a group into one item.
func (e *appendEach) together(group []int) (*together, error) {
	token, call, err := e.l.newToken(e.batches[group[0]].Key)
	if err != nil {
		return nil, err
	}
	var records []activity.Record
	var runs []segment.Run
	committed := e.l.commitTime()
	for _, i := range group {
		b := &e.batches[i]
		name := b.Key.name()
		records = append(records, b.Records...)
		runs = append(runs, segment.Run{N: uint32(len(b.Records)), Committed: committed, Token: Token(name[:16]), Principal: b.Principal, RequestID: b.RequestID})
	}
	value, err := segment.Encode(make([]byte, headerSize), records, runs)
	if err != nil {
		return nil, fmt.Errorf("encode %d records: %w", len(records), err)
	}
	if len(value)+keySize > e.l.maxItem {
		return nil, ErrTooLarge
	}
	return &together{e: e, group: group, value: value, writing: writing{
		l: e.l, token: token, call: call, key: e.batches[group[0]].Key, n: len(records), pieces: []packed{{value, len(records)}}, pace: e.l.pace(),
		shard: Shard(binary.BigEndian.Uint64(token[8:]) % uint64(e.l.root.Load().shards)),
	}}, nil
}

// land tries until the group is stored, or keys of it turn out to be taken. It
// returns the batches that are not settled: none, or those to be tried anew.
func (t *together) land(ctx context.Context) (left []int, err error) {
	select {
	case t.l.lanes[t.shard] <- struct{}{}:
	case <-ctx.Done():
		return t.group, fmt.Errorf("wait for shard %d: %w", t.shard, ctx.Err())
	}
	defer func() { <-t.l.lanes[t.shard] }()
	at := t.l.reached(t.shard)
	lost := at == 0 // whether to look for the end of the log first
	for {
		if lost {
			tail, err := t.l.tail(ctx, t.shard)
			if err != nil {
				if err := t.again(ctx, err); err != nil {
					return t.group, err
				}
				continue
			}
			at = tail.end
		}
		if at+Position(t.n) > End {
			return t.group, errors.New("the shard is full")
		}
		next, left, err := t.tryAll(ctx, at)
		if err != nil || next == at {
			return left, err
		}
		at, lost = next, t.conflicts >= 2 || next == unknown
	}
}

// tryAll writes the group at a position until it is stored there, or keys of it
// turn out to be taken – both next == at – or the position does.
func (t *together) tryAll(ctx context.Context, at Position) (next Position, left []int, err error) {
	for {
		err := t.l.table.Write(ctx, t.opsOfAll(at)...)
		var failed *table.ConditionError
		switch {
		case err == nil:
			t.storedAll(at)
			return at, nil, nil
		case errors.As(err, &failed):
			tokens, item := t.inTheWay(failed)
			if len(tokens) > 0 {
				return at, t.taken(ctx, tokens), nil
			}
			next, _, err := t.judge(at, nil, item)
			if err == nil {
				err = t.passed(ctx)
			}
			return next, t.group, err
		case errors.Is(err, table.ErrTooLarge):
			return at, t.group, fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		if err := t.again(ctx, err); err != nil {
			return at, t.group, fmt.Errorf("write at %d: %w", at, err)
		}
	}
}

// inTheWay returns the tokens that stood in the way of a write, by their place in
// the group, and the log item.
func (t *together) inTheWay(failed *table.ConditionError) (tokens map[int]*table.Item, item *table.Item) {
	tokens = map[int]*table.Item{}
	for _, f := range failed.Failed {
		switch {
		case f.Existing == nil:
		case f.Op < len(t.group):
			tokens[f.Op] = f.Existing
		default:
			item = f.Existing
		}
	}
	return tokens, item
}

// taken settles the batches whose keys are there: by others, or by an attempt of
// this call that was applied, and then all of them are.
func (t *together) taken(ctx context.Context, tokens map[int]*table.Item) (left []int) {
	for k, i := range t.group {
		it, there := tokens[k]
		if !there {
			left = append(left, i)
			continue
		}
		r, err := t.e.batches[i].Key.resolve(it, t.call)
		if err == nil {
			err = t.confirm(ctx, r)
		}
		if err != nil {
			r, err = Receipt{}, fmt.Errorf("append to shard %d: %w", t.shard, err)
		}
		t.e.receipts[i], t.e.errs[i] = r, err
	}
	return left
}

// storedAll notes that the group lies at a position.
func (t *together) storedAll(at Position) {
	t.l.saw(t.shard, at+Position(t.n))
	for _, i := range t.group {
		n := len(t.e.batches[i].Records)
		t.e.receipts[i], t.e.errs[i] = Receipt{Shard: t.shard, First: at, N: n}, nil
		at += Position(n)
	}
}

// opsOfAll is the transaction that stores the group at a position, the tokens first,
// in the order of the group.
func (t *together) opsOfAll(at Position) []table.Op {
	ops := make([]table.Op, 0, len(t.group)+1)
	first := at
	for _, i := range t.group {
		b := &t.e.batches[i]
		item := b.Key.tokenItem(Receipt{Shard: t.shard, First: first, N: len(b.Records)}, t.call, t.l.now())
		ops = append(ops, table.Op{Kind: table.Put, Item: item, If: table.Absent})
		first += Position(len(b.Records))
	}
	single := t.writing
	single.key = nil // its token would be one of a single batch
	log := single.ops(at)
	t.stamped = true
	return append(ops, log...)
}
