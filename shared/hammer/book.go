package hammer

import (
	"hash/fnv"
	"sync"
	"sync/atomic"

	"docket/shared/activity"
)

// batch is what a run knows about one batch that it sent.
type batch struct {
	n   uint32
	bad bool // must never be visible

	// unknown is set by its writer, when it gives up without an answer.
	unknown bool

	// since is when the batch was first known to be visible, in nanoseconds of
	// the run: acknowledged, or seen. 0 is not yet.
	since atomic.Int64

	mu   sync.Mutex
	rids []uint32 // hashes of RIDs as first seen, 0 for not yet
}

// known notes that the batch is visible from now on.
func (b *batch) known(now int64) { b.since.CompareAndSwap(0, now) }

// due says whether whoever asks at that time must get the batch.
func (b *batch) due(asked int64) bool {
	since := b.since.Load()
	return since != 0 && since < asked
}

// sameRID says whether a record has the RID that it had before.
func (b *batch) sameRID(index uint32, rid activity.RID) bool {
	h := hashRID(rid)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rids == nil {
		b.rids = make([]uint32, b.n)
	}
	if b.rids[index] == 0 {
		b.rids[index] = h
	}
	return b.rids[index] == h
}

func hashRID(rid activity.RID) uint32 {
	h := fnv.New32a()
	h.Write(rid[:]) // a hash does not fail
	return max(h.Sum32(), 1)
}

// book has the batches of a run, by number.
type book struct {
	mu      sync.RWMutex
	batches []*batch
	records int64 // of those that are not bad
}

// open begins a batch before it is sent.
func (k *book) open(n int, bad bool) (uint32, *batch) {
	b := &batch{n: uint32(n), bad: bad}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.batches = append(k.batches, b)
	if !bad {
		k.records += int64(n)
	}
	return uint32(len(k.batches) - 1), b
}

// all returns the batches so far. The list only grows, so what is returned is
// never changed.
func (k *book) all() []*batch {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.batches
}

// sent is how many records were sent, or are about to be.
func (k *book) sent() int64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.records
}
