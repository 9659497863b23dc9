package ledger

import (
	"fmt"

	"docket/shared/activity"
	"docket/shared/segment"
	"docket/shared/table"
)

// Batch is what one writer stores at once: all of it or nothing, next to each
// other and in order.
type Batch struct {
	Records   []activity.Record // checked by whoever read them; at least one
	Principal string            // the account that writes
	RequestID string            // of the request that brought it
	Key       *Key              // nil: a repetition is another batch
}

// Receipt says where a batch lies: positions First to First+N of Shard.
type Receipt struct {
	Shard Shard
	First Position
	N     int
	// Duplicate says that an earlier batch with the same key is meant and
	// nothing was stored now.
	Duplicate bool
}

// rawPart is how many bytes of text one segment is tried with at first: packed
// to a tenth or less, as records are, they fit an item. What does not is halved.
const rawPart = 4 << 20

// fieldOverhead keeps records and details without text from counting nothing.
const fieldOverhead = 8

// packed is a piece of a batch in the form of a log item's value, its first
// headerSize bytes still to be stamped.
type packed struct {
	value []byte
	n     int
}

// packer turns a batch into the values of as many items as it needs.
type packer struct {
	run     segment.Run
	room    int // items that the transaction has room for
	maxItem int // bytes
	bytes   int // so far
	done    []packed
}

// pack cuts records into segments of one item each.
func (p *packer) pack(records []activity.Record) ([]packed, error) {
	for len(records) > 0 {
		n := rawPrefix(records)
		if err := p.add(records[:n]); err != nil {
			return nil, err
		}
		records = records[n:]
	}
	return p.done, nil
}

// rawPrefix is the number of records, at least one, that have rawPart bytes.
func rawPrefix(records []activity.Record) int {
	size := 0
	for i := range records {
		if size += rawSize(&records[i]); size > rawPart && i > 0 {
			return i
		}
	}
	return len(records)
}

func rawSize(r *activity.Record) int {
	n := len(r.Who) + len(r.Where) + len(r.ObjectType) + len(r.What) + len(r.Plan.ID) + len(r.Plan.Name) +
		len(r.Item) + len(r.DataSource) + len(r.Workstation)
	for i := range r.Details {
		d := &r.Details[i]
		n += fieldOverhead + len(d.PropertyName) + len(d.Message) + len(d.Before) + len(d.After)
	}
	return n + fieldOverhead
}

// add packs records into one item or, if they do not fit, their halves.
func (p *packer) add(records []activity.Record) error {
	run := p.run
	run.N = uint32(len(records))
	value, err := segment.Encode(make([]byte, headerSize), records, []segment.Run{run})
	if err != nil {
		return fmt.Errorf("encode %d records: %w", len(records), err)
	}
	size := len(value) + keySize
	if size > p.maxItem {
		if len(records) == 1 {
			return fmt.Errorf("%w: a record takes %d bytes, limit %d", ErrTooLarge, size, p.maxItem)
		}
		half := len(records) / 2
		if err := p.add(records[:half]); err != nil {
			return err
		}
		return p.add(records[half:])
	}
	p.bytes += size
	p.done = append(p.done, packed{value, len(records)})
	if len(p.done) > p.room || p.bytes > table.MaxWriteBytes-tokenRoom {
		return fmt.Errorf("%w: over %d items or %d bytes", ErrTooLarge, p.room, table.MaxWriteBytes)
	}
	return nil
}

const (
	keySize = len("log/00") + 8
	// tokenRoom is what a transaction keeps free for the token item.
	tokenRoom = 256
)
