package segment

import "sync/atomic"

// gauge is how many bytes something holds. It only grows.
type gauge struct {
	bytes atomic.Int64
	watch atomic.Pointer[func()]
}

func (g *gauge) Load() int64 { return g.bytes.Load() }

func (g *gauge) Add(n int64) {
	g.bytes.Add(n)
	if watch := g.watch.Load(); watch != nil {
		(*watch)()
	}
}

// Watch has grown called whenever MemSize has grown, until it is called with nil.
// A cache that counts what its segments hold has to know.
func (s *Segment) Watch(grown func()) {
	if grown == nil {
		s.decoded.watch.Store(nil)
		return
	}
	s.decoded.watch.Store(&grown)
}
