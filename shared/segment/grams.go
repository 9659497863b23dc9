package segment

// gramBits is the logarithm of the bits of a set of grams. Some ten thousand
// occur in the names and paths of a block, so few bits are set for others.
const gramBits = 18

// gramsFrom is how many bytes of values there must be for a set of grams.
const gramsFrom = 64 << 10

// grams is a set of the pairs and triples of neighbouring bytes of a text. It may
// have others too.
type grams []uint64

// gramsOf is nil, which has everything, if the text is short.
func gramsOf(text []byte) grams {
	if len(text) < gramsFrom {
		return nil
	}
	g := make(grams, 1<<(gramBits-6))
	pair := uint32(text[0])
	for _, c := range text[1:] {
		triple := (pair<<8 | uint32(c)) & 0xffffff
		pair = triple & 0xffff
		g.set(pairBit(pair))
		g.set(tripleBit(triple))
	}
	return g
}

func (g grams) set(bit uint32) { g[bit/64] |= 1 << (bit % 64) }

func (g grams) has(bit uint32) bool { return g[bit/64]>>(bit%64)&1 == 1 }

// A pair has a bit of its own in the first quarter of the set, triples share the
// others.
func pairBit(pair uint32) uint32 { return pair }

func tripleBit(triple uint32) uint32 {
	const room = 3 << (gramBits - 2)
	return 1<<(gramBits-2) + uint32(uint64(triple*2654435761)*room>>32)
}

// MayContain says whether any of the values can have a folded text in it. It is
// false only if none has.
func (f *Folding) MayContain(folded string) bool {
	if f.grams == nil {
		return true
	}
	for i := 1; i < len(folded); i++ {
		pair := uint32(folded[i-1])<<8 | uint32(folded[i])
		if !f.grams.has(pairBit(pair)) || i > 1 && !f.grams.has(tripleBit(uint32(folded[i-2])<<16|pair)) {
			return false
		}
	}
	return true
}
