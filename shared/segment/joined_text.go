package segment

import "fmt"

// joiner makes one column of those of many segments.
type joiner struct {
	fold   func(dst []byte, value string) []byte
	ids    map[string]uint32
	values []string
	rows   []uint32
}

// loadText joins a column. Values are in the order in which they first occur.
func (j *Joined) loadText(c Column, open Opener) (*Text, int64, error) {
	b := joiner{fold: j.fold, ids: map[string]uint32{}}
	var translate []uint32
	err := j.each(open, func(s *Segment, from, end int) error {
		if c >= DetailName {
			starts, err := s.DetailStarts()
			if err != nil {
				return err
			}
			from, end = int(starts[from]), int(starts[end])
		}
		t, err := s.Text(c)
		if err != nil {
			return err
		}
		translate = translate[:0]
		for i := range t.Entries() {
			translate = append(translate, b.id(t.Entry(i)))
		}
		for row := from; row < end; row++ {
			b.rows = append(b.rows, translate[t.ID(row)])
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	t, err := b.text()
	if err != nil {
		return nil, 0, fmt.Errorf("%w (column %s)", err, c)
	}
	return t, t.held.Load() + int64(t.ids.size()), nil
}

// id numbers a value. It keeps the text, which shares its segment's memory, until
// the column is done.
func (b *joiner) id(v string) uint32 {
	id, ok := b.ids[v]
	if !ok {
		id = uint32(len(b.values))
		b.ids[v] = id
		b.values = append(b.values, v)
	}
	return id
}

func (b *joiner) text() (*Text, error) {
	d, err := newJoinedDictionary(b.values, b.fold)
	if err != nil {
		return nil, err
	}
	t := &Text{Dictionary: d, rows: len(b.rows)}
	switch idWidth(len(b.values)) {
	case 0:
	case 1:
		t.ids.Bytes = narrow[uint8](b.rows)
	case 2:
		t.ids.Shorts = narrow[uint16](b.rows)
	default:
		t.ids.Longs = narrow[uint32](b.rows)
	}
	return t, nil
}

func narrow[T uint8 | uint16 | uint32](ids []uint32) []T {
	list := make([]T, len(ids))
	for i, id := range ids {
		list[i] = T(id)
	}
	return list
}
