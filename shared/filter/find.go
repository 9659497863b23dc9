package filter

import "strings"

// commonest are the bytes of folded paths, names and settings, the most common
// first. All others are rarer.
const commonest = `\/ .eaiostrnlcdum-_phgbf0123456789ykvw:xzqj`

// rarest is the place of the byte of a pattern that should occur least often.
func rarest(pattern string) int {
	best, rank := 0, -1
	for i := range len(pattern) {
		r := strings.IndexByte(commonest, pattern[i])
		if r < 0 {
			return i
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best
}

// maxMisses is how many misses in a row end the search for a single byte.
const maxMisses = 16

// index is strings.Index for a pattern whose byte at rare seldom occurs: looking
// for one byte is several times as fast as looking for two, unless it is found
// too often.
func index(s, pattern string, rare int) int {
	c, misses := pattern[rare], 0
	for from := 0; ; {
		last := len(s) - (len(pattern) - rare) + 1
		if from+rare >= last {
			return -1
		}
		n := strings.IndexByte(s[from+rare:last], c)
		if n < 0 {
			return -1
		}
		from += n
		if s[from:from+len(pattern)] == pattern {
			return from
		}
		from++
		// A miss costs about as much as 32 bytes of search for the whole.
		if misses++; misses >= maxMisses && from < misses*32 {
			if n = strings.Index(s[from:], pattern); n < 0 {
				return -1
			}
			return from + n
		}
	}
}
