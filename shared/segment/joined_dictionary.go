package segment

import (
	"encoding/binary"
	"errors"
	"math"
)

// Folding is the values of a dictionary as they are compared without case, one
// behind the other: that of value i is Blob[Ends[i-1]:Ends[i]].
type Folding struct {
	Blob  string
	Ends  []uint32
	grams []grams // of Blob
}

// original says what values are of which only the folding is kept. Most differ
// from it by the capitals of ASCII: a bit for each byte of the folding. The
// others are kept whole.
type original struct {
	Folding
	capitals []uint64
	others   map[uint32]string
}

var errColumn = errors.New("values of a joined column exceed 4 GiB")

// newJoinedDictionary keeps values as their folding and what it lacks. They
// differ from each other, and are not kept.
func newJoinedDictionary(values []string, fold func(dst []byte, value string) []byte) (*Dictionary, error) {
	total := 0
	for _, v := range values {
		total += len(v)
	}
	blob := make([]byte, 0, total+total/64)
	o := &original{others: map[uint32]string{}, Folding: Folding{Ends: make([]uint32, len(values))}}
	o.capitals = make([]uint64, total/64+1)
	held := 0
	for i, v := range values {
		start := len(blob)
		blob = fold(blob, v)
		if len(blob) > math.MaxUint32 {
			return nil, errColumn
		}
		o.Ends[i] = uint32(len(blob))
		for len(blob)/64 >= len(o.capitals) {
			o.capitals = append(o.capitals, 0)
		}
		if !o.noteCapitals(blob[start:], v, start) {
			o.others[uint32(i)] = string(append([]byte(nil), v...))
			held += len(v) + perOther
		}
	}
	if cap(blob)-len(blob) > len(blob)/16 {
		blob = append(make([]byte, 0, len(blob)), blob...)
	}
	o.Blob, o.grams = alias(blob), gramsOf(blob)
	d := &Dictionary{original: o, held: new(gauge)}
	d.held.Add(int64(cap(blob) + 4*len(o.Ends) + 8*len(o.capitals) + len(o.grams)<<(gramBits-3) + held))
	return d, nil
}

// perOther is what an entry of the map takes besides its text.
const perOther = 48

// noteCapitals notes where v has capitals and its folding, which begins at start,
// has not. It is false if they differ otherwise.
func (o *original) noteCapitals(folded []byte, v string, start int) bool {
	if len(folded) != len(v) {
		return false
	}
	for i := range folded {
		if f, c := folded[i], v[i]; f != c && (c < 'A' || c > 'Z' || f != c|0x20) {
			return false
		}
	}
	for i := range folded {
		if folded[i] != v[i] {
			o.capitals[(start+i)/64] |= 1 << ((start + i) % 64)
		}
	}
	return true
}

// append appends value i.
func (o *original) append(dst []byte, i int) []byte {
	if v, ok := o.others[uint32(i)]; ok {
		return append(dst, v...)
	}
	start, end := o.start(i), int(o.Ends[i])
	base := len(dst)
	dst = append(dst, o.Blob[start:end]...)
	v := dst[base:]
	for ; len(v) >= 8; v, start = v[8:], start+8 {
		if bits := o.capitalsAt(start); bits != 0 {
			binary.LittleEndian.PutUint64(v, binary.LittleEndian.Uint64(v)&^(spread(bits)>>2))
		}
	}
	for k := range v {
		v[k] -= byte(o.capitals[(start+k)/64]>>((start+k)%64)&1) << 5
	}
	return dst
}

// capitalsAt is the bits of eight bytes from at on.
func (o *original) capitalsAt(at int) byte {
	word, shift := at/64, at%64
	bits := o.capitals[word] >> shift
	if shift > 56 {
		bits |= o.capitals[word+1] << (64 - shift)
	}
	return byte(bits)
}

// spread makes each bit the top bit of a byte, the lowest of the first.
func spread(bits byte) uint64 {
	const each, top = 0x8040201008040201, 0x8080808080808080
	single := uint64(bits) * 0x0101010101010101 & each
	return (single | (single + 0x7f7f7f7f7f7f7f7f)) & top
}

func (o *original) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(o.Ends[i-1])
}
