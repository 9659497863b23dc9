package ledger

import (
	"bytes"
	"container/list"
	"sync"
)

// cache keeps opened segments, those used last, within a number of bytes. They
// tell it when they grow as their columns are decoded.
type cache struct {
	max int64

	mu      sync.Mutex
	bytes   int64
	entries map[cacheKey]*list.Element
	recent  *list.List // of *cached, the last used in front
}

type cacheKey struct {
	shard Shard
	first Position
}

type cached struct {
	opened
	size int64
}

// newCache returns a cache of at most max bytes; of nothing if that is negative.
func newCache(max int64) *cache {
	return &cache{max: max, entries: map[cacheKey]*list.Element{}, recent: list.New()}
}

// own returns data for a segment that may be cached.
func (c *cache) own(data []byte) []byte {
	if c.max <= 0 {
		return data
	}
	return bytes.Clone(data)
}

// get returns the part that begins at a position.
func (c *cache) get(s Shard, first Position) (opened, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[cacheKey{s, first}]
	if !ok {
		return opened{}, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached).opened, true
}

// put keeps a part. What is there already stays: it may be decoded further. A
// part that covers other positions replaces it: they were compacted since.
func (c *cache) put(o opened) {
	if c.max <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey{o.Shard, o.First}
	if e, ok := c.entries[key]; ok {
		if e.Value.(*cached).n == o.n {
			c.recent.MoveToFront(e)
			return
		}
		c.drop(e)
	}
	at := c.recent.PushFront(&cached{opened: o})
	c.entries[key] = at
	o.Segment.Watch(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.measure(at)
	})
	c.measure(at)
}

// measure counts what an entry has now and drops those over the limit, the least
// used first.
func (c *cache) measure(at *list.Element) {
	e := at.Value.(*cached)
	if c.entries[cacheKey{e.Shard, e.First}] != at {
		return // dropped while it grew
	}
	size := int64(e.Segment.MemSize()) + entryOverhead
	c.bytes += size - e.size
	e.size = size
	for c.bytes > c.max && c.recent.Len() > 0 {
		c.drop(c.recent.Back())
	}
}

func (c *cache) drop(at *list.Element) {
	e := c.recent.Remove(at).(*cached)
	delete(c.entries, cacheKey{e.Shard, e.First})
	e.Segment.Watch(nil)
	c.bytes -= e.size
}

// entryOverhead is what an entry takes besides its segment: map, list, structs.
const entryOverhead = 512
