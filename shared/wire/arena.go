package wire

import "unsafe"

// arena holds text that had to be unescaped, many strings to one allocation.
type arena struct{ block []byte }

// arenaBlock is how much is allocated at a time: the escaped strings of some
// hundred records.
const arenaBlock = 32 << 10

// keep returns a string with a copy of b. rest is how many bytes of the body have
// not been read yet: no more than that will be asked for later.
func (a *arena) keep(b []byte, rest int) string {
	if len(b) == 0 {
		return ""
	}
	if cap(a.block)-len(a.block) < len(b) {
		if len(b) > arenaBlock/4 {
			return string(b) // the rest of the block is worth more than this string
		}
		a.block = make([]byte, 0, min(arenaBlock, len(b)+rest))
	}
	n := len(a.block)
	a.block = append(a.block, b...)
	return alias(a.block[n:])
}

// alias is a string of the same memory as b, which must never change again.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
