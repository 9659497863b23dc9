package segment

import "fmt"

// Text is a column of text.
type Text struct {
	*Dictionary
	ids  []uint32 // nil if all rows have value 0
	rows int
}

// newText reads the ids of a column. It does not keep raw.
func newText(d *Dictionary, raw []byte, rows int) (*Text, error) {
	t := &Text{Dictionary: d, rows: rows}
	k := d.Entries()
	width := idWidth(k)
	if len(raw) != width*rows {
		return nil, fmt.Errorf("%w: %d bytes of ids", ErrDamaged, len(raw))
	}
	if width == 0 {
		return t, nil
	}
	t.ids = make([]uint32, rows)
	planes := raw
	for plane := range width {
		for i, b := range planes[:rows] {
			t.ids[i] |= uint32(b) << (8 * plane)
		}
		planes = planes[rows:]
	}
	greatest := uint32(0)
	for _, id := range t.ids {
		greatest = max(greatest, id)
	}
	if int(greatest) >= k {
		return nil, fmt.Errorf("%w: id %d of %d values", ErrDamaged, greatest, k)
	}
	return t, nil
}

// Rows is the number of rows.
func (t *Text) Rows() int { return t.rows }

// ID is the index of a row's value.
func (t *Text) ID(row int) uint32 {
	if t.ids == nil {
		return 0
	}
	return t.ids[row]
}

// IDs are the indices of all rows' values; nil means that each is 0.
func (t *Text) IDs() []uint32 { return t.ids }

// Row is a row's value.
func (t *Text) Row(row int) string { return t.Entry(int(t.ID(row))) }
