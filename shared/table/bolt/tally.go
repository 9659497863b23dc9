package bolt

import (
	"encoding/binary"

	"go.etcd.io/bbolt"
)

const tallyPrefix = "tally/" // of the keys in the meta bucket

// tally says how many items a table has, the expired ones that are still there
// included, and the sum of their checksums: so that items which a damaged tree
// has lost are missed.
type tally struct {
	count, sum uint64
}

const tallyBytes = 16 // count and sum, big-endian

func (t *tally) add(sum uint32)    { t.count++; t.sum += uint64(sum) }
func (t *tally) remove(sum uint32) { t.count--; t.sum -= uint64(sum) }

// readTally returns the tally of a table, zero if it has none.
func readTally(tx *bbolt.Tx, name string) tally {
	meta := tx.Bucket([]byte(metaBucket))
	if meta == nil {
		return tally{}
	}
	b := meta.Get([]byte(tallyPrefix + name))
	if len(b) != tallyBytes {
		return tally{}
	}
	return tally{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[tallyBytes/2:])}
}

func writeTally(tx *bbolt.Tx, name string, t tally) error {
	meta, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
	if err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, tallyBytes), t.count)
	return meta.Put([]byte(tallyPrefix+name), binary.BigEndian.AppendUint64(b, t.sum))
}

// count makes the tally of items anew. It is needed after a damaged item was
// replaced or deleted, of which nobody knows what it had added.
func count(items *bbolt.Bucket) tally {
	var t tally
	c := items.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		t.add(checksumOf(v))
	}
	return t
}
