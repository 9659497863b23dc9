package search

import (
	"slices"

	"docket/shared/activity"
)

// pager collects the records of a page up to its limits.
type pager struct {
	records  []activity.Stored
	count    int
	size     func(*activity.Stored) int
	bytes    int
	maxBytes int
	closed   bool // by a record that did not fit
}

func newPager(r *Request) *pager {
	p := &pager{count: max(r.Count, 1), size: r.Size, maxBytes: r.MaxBytes}
	if p.size == nil || p.maxBytes <= 0 {
		p.size, p.maxBytes = nil, 0
	}
	return p
}

// room is how many more records may be added, as far as is known.
func (p *pager) room() int {
	if p.closed {
		return 0
	}
	return p.count - len(p.records)
}

// expect makes place for up to n more records.
func (p *pager) expect(n int) {
	p.records = slices.Grow(p.records, min(n, p.room()))
}

// add takes a record, or closes the page if it does not fit.
func (p *pager) add(r *activity.Stored) bool {
	if p.room() == 0 {
		return false
	}
	*p.slot() = *r
	return p.keep()
}

// slot is the place for the next record: fill it and call keep.
func (p *pager) slot() *activity.Stored {
	p.records = append(p.records, activity.Stored{})
	return &p.records[len(p.records)-1]
}

// keep takes the record in the last slot, or gives the slot back and closes the
// page if it does not fit.
func (p *pager) keep() bool {
	if p.size == nil {
		return true
	}
	last := len(p.records) - 1
	n := p.size(&p.records[last])
	if last > 0 && p.bytes+n > p.maxBytes {
		p.records = p.records[:last]
		p.closed = true
		return false
	}
	p.bytes += n
	return true
}

// smallest is a lower bound of the bytes of any record in either format, to
// bound what is selected for a page by its size.
const smallest = 120

// most is how many records the page can hold at all.
func (p *pager) most() int {
	if p.size == nil {
		return p.count
	}
	return min(p.count, p.maxBytes/smallest+1)
}

// guess is how many of the records that follow may still fit, 1 to max, if they
// are as large as those before.
func (p *pager) guess(max int) int {
	if p.size == nil || p.bytes == 0 {
		return max
	}
	return min(max, 1+(p.maxBytes-p.bytes)*len(p.records)/p.bytes)
}
