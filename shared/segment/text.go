package segment

import (
	"fmt"
	"slices"
)

// Text is a column of text.
type Text struct {
	*Dictionary
	ids  IDs
	rows int
}

// IDs are the indices of a column's values, row by row, in the narrowest form
// that holds them: one of the three, or none where each is 0.
type IDs struct {
	Bytes  []uint8
	Shorts []uint16
	Longs  []uint32
}

// One says that all rows have value 0.
func (ids *IDs) One() bool { return ids.Bytes == nil && ids.Shorts == nil && ids.Longs == nil }

// At is the index of a row's value.
func (ids *IDs) At(row int) uint32 {
	switch {
	case ids.Bytes != nil:
		return uint32(ids.Bytes[row])
	case ids.Shorts != nil:
		return uint32(ids.Shorts[row])
	case ids.Longs != nil:
		return ids.Longs[row]
	}
	return 0
}

// size is how many bytes they take.
func (ids *IDs) size() int { return len(ids.Bytes) + 2*len(ids.Shorts) + 4*len(ids.Longs) }

// newText reads the ids of a column. It does not keep raw.
func newText(d *Dictionary, raw []byte, rows int) (*Text, error) {
	t := &Text{Dictionary: d, rows: rows}
	k := d.Entries()
	width := idWidth(k)
	if len(raw) != width*rows {
		return nil, fmt.Errorf("%w: %d bytes of ids", ErrDamaged, len(raw))
	}
	greatest := uint32(0)
	switch width {
	case 0:
		return t, nil
	case 1:
		t.ids.Bytes = slices.Clone(raw)
		greatest = greatestOf(t.ids.Bytes)
	case 2:
		t.ids.Shorts = make([]uint16, rows)
		high := raw[rows:]
		for i, b := range raw[:rows] {
			t.ids.Shorts[i] = uint16(b) | uint16(high[i])<<8
		}
		greatest = greatestOf(t.ids.Shorts)
	default:
		t.ids.Longs = make([]uint32, rows)
		for plane := range width {
			for i, b := range raw[plane*rows:][:rows] {
				t.ids.Longs[i] |= uint32(b) << (8 * plane)
			}
		}
		greatest = greatestOf(t.ids.Longs)
	}
	if int(greatest) >= k {
		return nil, fmt.Errorf("%w: id %d of %d values", ErrDamaged, greatest, k)
	}
	return t, nil
}

func greatestOf[T uint8 | uint16 | uint32](ids []T) uint32 {
	var greatest T
	for _, id := range ids {
		greatest = max(greatest, id)
	}
	return uint32(greatest)
}

// Rows is the number of rows.
func (t *Text) Rows() int { return t.rows }

// ID is the index of a row's value.
func (t *Text) ID(row int) uint32 { return t.ids.At(row) }

// IDs are the indices of all rows' values.
func (t *Text) IDs() *IDs { return &t.ids }

// Row is a row's value.
func (t *Text) Row(row int) string { return t.Entry(int(t.ID(row))) }
