package filter

// dictionary is the distinct values of a column and their case-folded forms,
// which stand one behind the other in blob: value i is blob[starts[i]:ends[i]].
type dictionary struct {
	blob   string
	starts []uint32
	ends   []uint32
	text   func(i int) string
}

func (d dictionary) value(i int) value {
	return value{d.text(i), d.blob[d.starts[i]:d.ends[i]]}
}
func (d dictionary) find(id, pos int) int {
	for int(d.ends[id]) <= pos {
		id++
	}
	return id
}
