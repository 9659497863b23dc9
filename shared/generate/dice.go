package generate

import (
	"math/bits"
	"math/rand/v2"
	"sort"
)

// dice is the source of all choices.
type dice struct{ pcg *rand.PCG }

// below returns a number from 0 to n-1; n must be positive. Its bias is below
// n/2^64, so nothing is rejected and each call takes one step of the generator.
func (d dice) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// oneIn is true once in n times.
func (d dice) oneIn(n int) bool { return d.below(n) == 0 }

// choice draws indexes with fixed weights.
type choice struct {
	upTo  []uint64 // cumulative weights, ascending
	guide []int32  // guide[b] is the first index that the b-th equal part of the total can fall on
}

func newChoice(weights []uint64) choice {
	c := choice{upTo: make([]uint64, len(weights))}
	var total uint64
	for i, w := range weights {
		total += w
		c.upTo[i] = total
	}
	c.guide = make([]int32, len(weights)+1)
	for b := range c.guide {
		hi, lo := bits.Mul64(total, uint64(b))
		low, _ := bits.Div64(hi, lo, uint64(len(weights)+1))
		c.guide[b] = int32(sort.Search(len(weights), func(i int) bool { return c.upTo[i] > low }))
	}
	return c
}

// zipf is the choice among n in which the k-th has a weight of 1/k.
func zipf(n int) choice {
	const one = 1 << 40 // far over n, so that the last ranks still differ
	weights := make([]uint64, n)
	for k := range weights {
		weights[k] = one / uint64(k+1)
	}
	return newChoice(weights)
}

func (c choice) draw(d dice) int {
	total := c.upTo[len(c.upTo)-1]
	at, _ := bits.Mul64(d.pcg.Uint64(), total)
	hi, lo := bits.Mul64(at, uint64(len(c.guide)))
	bucket, _ := bits.Div64(hi, lo, total)
	i := int(c.guide[bucket])
	for c.upTo[i] <= at {
		i++
	}
	return i
}

// mix hashes a number, so that the properties of the i-th file or account
// follow from i alone (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pick takes one of list by a hash.
func pick(list []string, hash uint64) string {
	hi, _ := bits.Mul64(hash, uint64(len(list)))
	return list[hi]
}
