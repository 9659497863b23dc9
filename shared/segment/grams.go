package segment

const (
	// gramBits is the logarithm of the bits of a set of grams. Some ten thousand
	// occur in the names and paths of a stretch, so few bits are set for others.
	gramBits = 17

	// stretch is how many bytes of values have a set of their own: a sixteenth
	// more memory, and values that are rare leave most stretches out. No pattern is
	// longer.
	stretch = 256 << 10

	// gramsFrom is how many bytes of values there must be for sets of grams.
	gramsFrom = 64 << 10
)

// grams is a set of the pairs and triples of neighbouring bytes that begin in a
// stretch of a text. It may have others too.
type grams []uint64

// gramsOf is nil if the text is short.
func gramsOf(text []byte) []grams {
	if len(text) < gramsFrom {
		return nil
	}
	list := make([]grams, (len(text)+stretch-1)/stretch)
	for i := range list {
		g := make(grams, 1<<(gramBits-6))
		end := min((i+1)*stretch+2, len(text))
		some := text[i*stretch : end]
		for k := range len(some) - 1 {
			pair := uint32(some[k])<<8 | uint32(some[k+1])
			g.set(pairBit(pair))
			if k+2 < len(some) {
				g.set(tripleBit(pair<<8 | uint32(some[k+2])))
			}
		}
		list[i] = g
	}
	return list
}

func (g grams) set(bit uint32) { g[bit/64] |= 1 << (bit % 64) }

func (g grams) has(bit uint32) bool { return g[bit/64]>>(bit%64)&1 == 1 }

// A pair has a bit of its own in the first half of the set, triples share the
// other.
func pairBit(pair uint32) uint32 { return pair }

func tripleBit(triple uint32) uint32 {
	return 1<<(gramBits-1) + triple*2654435761>>(32-(gramBits-1))
}

// Range is bytes of a text from From on and before To.
type Range struct{ From, To int }

// Ranges appends where in Blob a folded text may begin: nowhere else does it.
func (f *Folding) Ranges(list []Range, folded string) []Range {
	if f.grams == nil || len(folded) > stretch {
		return append(list, Range{0, len(f.Blob)})
	}
	for i := range f.grams {
		if !f.mayBegin(i, folded) {
			continue
		}
		from, to := i*stretch, min((i+1)*stretch, len(f.Blob))
		if n := len(list); n > 0 && list[n-1].To == from {
			list[n-1].To = to
		} else {
			list = append(list, Range{from, to})
		}
	}
	return list
}

// mayBegin says whether a text can begin in a stretch. Its end may lie in the
// next one, not beyond.
func (f *Folding) mayBegin(i int, folded string) bool {
	here, next := f.grams[i], f.grams[min(i+1, len(f.grams)-1)]
	for k := 1; k < len(folded); k++ {
		pair := uint32(folded[k-1])<<8 | uint32(folded[k])
		if bit := pairBit(pair); !here.has(bit) && !next.has(bit) {
			return false
		}
		if k == 1 {
			continue
		}
		if bit := tripleBit(uint32(folded[k-2])<<16 | pair); !here.has(bit) && !next.has(bit) {
			return false
		}
	}
	return true
}
