package bolt

import (
	"context"
	"fmt"

	"docket/shared/table"
)

// write is a Write on its way to the committer.
type write struct {
	ctx   context.Context
	table *boltTable
	ops   []op
	size  int        // bytes of keys and stored items
	done  chan error // takes the answer without waiting
}

// op is a table.Op in the form of the file.
type op struct {
	kind    table.Kind
	cond    table.Op // only its condition is used
	name    table.Key
	key     []byte // name in the form of the file
	value   []byte // stored item of a Put
	expires int64
}

// Write implements table.Table.
func (t *boltTable) Write(ctx context.Context, ops ...table.Op) error {
	if err := t.ready(ctx, table.Validate(ops)); err != nil {
		return fmt.Errorf("write to %s: %w", t.name, err)
	}
	w := t.encode(ctx, ops)
	if err := t.db.send(ctx, w); err != nil {
		return fmt.Errorf("write to %s: %w", t.name, err)
	}
	select {
	case err := <-w.done:
		if err != nil {
			return fmt.Errorf("write to %s: %w", t.name, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write to %s: %w: gave up waiting for the outcome: %w", t.name, table.ErrUnavailable, ctx.Err())
	}
}

// encode does all that needs no transaction, so that the committer need not.
func (t *boltTable) encode(ctx context.Context, ops []table.Op) *write {
	w := &write{ctx: ctx, table: t, ops: make([]op, len(ops)), done: make(chan error, 1)}
	for i := range ops {
		o := &w.ops[i]
		o.kind, o.name = ops[i].Kind, ops[i].Item.Key
		o.cond = table.Op{If: ops[i].If, IfVersion: ops[i].IfVersion}
		o.key = appendKey(make([]byte, 0, lengthBytes+len(o.name.Partition)+len(o.name.Sort)), o.name)
		if o.kind == table.Put {
			o.value = encodeItem(o.key, &ops[i].Item)
			o.expires = ops[i].Item.Expires
		}
		w.size += len(o.key) + len(o.value)
	}
	return w
}
