package access

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"docket/shared/table"
)

// Limits of a commit.
const (
	// commitOps and commitBytes bound the one transaction that a small edit is,
	// with room below the limits of a table. Beyond them the leaves go first.
	commitOps   = table.MaxOps - 10
	commitBytes = table.MaxWriteBytes - 512<<10
	// maxWrites bounds how often a transaction is sent.
	maxWrites = 8
)

// errBehind says that another edit came first.
var errBehind = errors.New("another edit came first")

// commit is an edit on its way into the table.
type commit struct {
	table table.Table
	base  *version
	next  *version
	now   int64
	fresh []content
	gone  []*leaf
	log   []table.Item
}

// newCommit works out what must be written to get from base to next.
func newCommit(d *Directory, base *version, next *state, rand io.Reader, by string, list []Change) (*commit, error) {
	var raw [16]byte
	if _, err := io.ReadFull(rand, raw[:]); err != nil {
		return nil, fmt.Errorf("make token: %w", err)
	}
	token := hex.EncodeToString(raw[:])
	c := &commit{table: d.table, base: base, now: d.now().Unix()}
	c.next = &version{head: head{Format: format, Token: token, version: base.version + 1}}
	old, new := stored(base.snapshot.state, next)
	var err error
	c.next.tree, c.fresh, c.gone, err = base.tree.edit(old, new, func(i int) string { return leafName(token, i) })
	if err != nil {
		return nil, err
	}
	c.next.snapshot = newSnapshot(c.next.version, next)
	c.log, err = logItems(LogEntry{Version: c.next.version, When: c.now, By: by, Changes: list}, token)
	return c, err
}

// run writes the edit. It returns errBehind if nothing was changed because
// another edit came first, and ErrUnknown if the table did not tell.
func (c *commit) run(ctx context.Context) error {
	last, err := c.last()
	if err != nil {
		return err
	}
	leaves := c.leafOps()
	if len(leaves)+len(last)+len(c.gone) <= commitOps && size(leaves)+size(last) <= commitBytes {
		ops := append(append(leaves, last...), c.removals()...)
		return c.write(ctx, ops)
	}
	if err := c.stage(ctx, leaves); err != nil {
		return err
	}
	if err := c.write(ctx, last); err != nil {
		return err
	}
	c.sweep(ctx)
	return nil
}

// last are the writes that make the edit visible.
func (c *commit) last() ([]table.Op, error) {
	value, err := json.Marshal(c.next.head)
	if err != nil {
		return nil, fmt.Errorf("encode head: %w", err)
	}
	index, err := c.next.tree.marshalIndex()
	if err != nil {
		return nil, fmt.Errorf("encode index: %w", err)
	}
	op := table.Op{Item: table.Item{Key: headKey(), Value: value, Version: c.next.version}, If: table.Absent}
	if c.base.version > 0 {
		op.If, op.IfVersion = table.VersionIs, c.base.version
	}
	ops := []table.Op{op, c.put(indexName(c.next.Token), index)}
	for _, it := range c.log {
		ops = append(ops, table.Op{Item: it})
	}
	if c.base.version > 0 {
		ops = append(ops, table.Op{Kind: table.Delete, Item: table.Item{Key: contentKey(indexName(c.base.Token))}})
	}
	return ops, nil
}

// put writes content. Its Version is the time, by which a sweep knows its age.
func (c *commit) put(name string, value []byte) table.Op {
	return table.Op{Item: table.Item{Key: contentKey(name), Value: value, Version: uint64(max(c.now, 0))}}
}

func (c *commit) leafOps() []table.Op {
	ops := make([]table.Op, 0, len(c.fresh)+len(c.gone)+8)
	for _, f := range c.fresh {
		ops = append(ops, c.put(f.leaf.name, f.value))
	}
	return ops
}

func (c *commit) removals() []table.Op {
	ops := make([]table.Op, len(c.gone))
	for i, l := range c.gone {
		ops[i] = table.Op{Kind: table.Delete, Item: table.Item{Key: contentKey(l.name)}}
	}
	return ops
}

func size(ops []table.Op) int {
	total := 0
	for i := range ops {
		total += ops[i].Item.Size()
	}
	return total
}

// write sends the transaction that replaces the head until its outcome is known.
func (c *commit) write(ctx context.Context, ops []table.Op) error {
	var err error
	unknown := false
	for range maxWrites {
		err = c.table.Write(ctx, ops...)
		var failed *table.ConditionError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &failed):
			// An earlier attempt whose answer was lost may have moved the head.
			return c.settle(ctx)
		case errors.Is(err, table.ErrTooLarge), errors.Is(err, table.ErrInvalid):
			return fmt.Errorf("write directory: %w", err)
		case ctx.Err() != nil:
			return fmt.Errorf("write directory: %w: %w", ErrUnknown, err)
		}
		unknown = unknown || !errors.Is(err, table.ErrBusy)
	}
	if !unknown {
		return fmt.Errorf("write directory: %w", err)
	}
	return fmt.Errorf("write directory: %w: %w", ErrUnknown, err)
}

// settle finds out who wrote the version that this edit was to be: its log entry
// bears the writer's token.
func (c *commit) settle(ctx context.Context) error {
	items, err := c.table.Get(ctx, c.log[0].Key)
	if err != nil {
		return fmt.Errorf("write directory: %w: %w", ErrUnknown, err)
	}
	if len(items) == 0 {
		return errBehind
	}
	e, err := parseLogItem(&items[0])
	if err != nil {
		return err
	}
	if e.Token == c.next.Token {
		return nil
	}
	return errBehind
}

// stage writes leaves where no reader looks until the head names them.
func (c *commit) stage(ctx context.Context, ops []table.Op) error {
	for len(ops) > 0 {
		n, bytes := 0, 0
		for n < len(ops) && n < commitOps && bytes+ops[n].Item.Size() <= commitBytes {
			bytes += ops[n].Item.Size()
			n++
		}
		if err := c.send(ctx, ops[:n]); err != nil {
			return fmt.Errorf("write directory leaves: %w", err)
		}
		ops = ops[n:]
	}
	return nil
}

// send writes what may be written twice.
func (c *commit) send(ctx context.Context, ops []table.Op) (err error) {
	for range maxWrites {
		err = c.table.Write(ctx, ops...)
		if err == nil || ctx.Err() != nil || errors.Is(err, table.ErrTooLarge) || errors.Is(err, table.ErrInvalid) {
			return err
		}
	}
	return err
}
