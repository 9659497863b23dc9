package segment

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"

	"docket/shared/activity"
)

const (
	version  = 2
	sumAt    = 1 // of the checksum
	headAt   = 5
	byteIDs  = 1 << 8  // values up to which an id has one byte
	shortIDs = 1 << 16 // and two
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrRefused says that Encode was given what a segment cannot hold.
var ErrRefused = errors.New("cannot encode segment")

// Encode appends the segment of recs to dst. runs say which batches they come
// from, in order; their N add up to len(recs). It is safe for concurrent use.
// Errors are ErrRefused.
func Encode(dst []byte, recs []activity.Record, runs []Run) ([]byte, error) {
	e := encoders.Get().(*columns)
	defer func() {
		e.forget()
		encoders.Put(e)
	}()
	return e.encode(dst, recs, runs)
}

// encoders keeps the memory of encodings for the next.
var encoders = sync.Pool{New: func() any { return &columns{distinct: map[string]uint32{}} }}

// columns is the working memory of an encoding.
type columns struct {
	raw      [numSections][]byte
	distinct map[string]uint32 // value to its number by first occurrence
	values   []string          // by first occurrence
	numbers  []uint32          // per row
	order    []uint32          // numbers in the order of their values
	rank     []uint32          // number to id
	shared   []int             // by id: bytes in common with the value before
	packed   []byte
}

func (e *columns) encode(dst []byte, recs []activity.Record, batches []Run) ([]byte, error) {
	h := head{n: len(recs)}
	h.runs.list = batches
	if err := h.count(recs); err != nil {
		return dst, err
	}
	h.zone = newZone(recs)
	e.fixed(recs, &h)
	for c := Who; c < numColumns; c++ {
		if long := e.text(c, recs); long > maxRaw {
			return dst, fmt.Errorf("%w: distinct values of %d bytes in a column", ErrRefused, long)
		}
	}
	total := 0
	for _, raw := range e.raw {
		total += len(raw)
		if len(raw) > maxRaw {
			return dst, fmt.Errorf("%w: a column of %d bytes", ErrRefused, len(raw))
		}
	}
	h.packed = total < packBelow
	base := len(dst)
	dst = append(dst, version, 0, 0, 0, 0)
	dst = h.append(dst)
	if h.packed {
		dst = appendSection(dst, e.pack())
	} else {
		for _, raw := range e.raw {
			dst = appendSection(dst, raw)
		}
	}
	binary.LittleEndian.PutUint32(dst[base+sumAt:], crc32.Checksum(dst[base+headAt:], castagnoli))
	return dst, nil
}

// count checks the numbers of records, details and runs.
func (h *head) count(recs []activity.Record) error {
	total := 0
	for i := range h.runs.list {
		if h.runs.list[i].N == 0 {
			return fmt.Errorf("%w: run %d is of no record", ErrRefused, i)
		}
		total += int(h.runs.list[i].N)
	}
	if len(recs) == 0 || len(recs) > MaxRecords || total != len(recs) {
		return fmt.Errorf("%w: %d records, %d in its runs, limit %d", ErrRefused, len(recs), total, MaxRecords)
	}
	for i := range recs {
		r := &recs[i]
		h.details += len(r.Details)
		if !r.Action.Valid() || r.When < activity.MinWhen || r.When > activity.MaxWhen {
			return fmt.Errorf("%w: record %d has action %d at %d", ErrRefused, i, r.Action, r.When)
		}
	}
	if h.details > maxDetails {
		return fmt.Errorf("%w: %d details, limit %d", ErrRefused, h.details, maxDetails)
	}
	return nil
}

// fixed fills the sections that are not text.
func (e *columns) fixed(recs []activity.Record, h *head) {
	when, actions, counts := e.raw[sectionWhen][:0], e.raw[sectionActions][:0], e.raw[sectionDetails][:0]
	archive := e.raw[sectionArchive][:0]
	same := true
	before := h.zone.MinWhen
	for i := range recs {
		r := &recs[i]
		when = binary.AppendVarint(when, r.When-before)
		before = r.When
		actions = append(actions, byte(r.Action))
		same = same && r.Action == recs[0].Action
		if h.details > 0 {
			counts = binary.AppendUvarint(counts, uint64(len(r.Details)))
		}
	}
	if same {
		actions = actions[:1]
	}
	if h.zone.ArchiveOnly > 0 && h.zone.ArchiveOnly < len(recs) {
		archive = append(archive, make([]byte, (len(recs)+7)/8)...)
		for i := range recs {
			if recs[i].ArchiveOnly {
				archive[i/8] |= 1 << (i % 8)
			}
		}
	}
	e.raw[sectionWhen], e.raw[sectionActions], e.raw[sectionArchive], e.raw[sectionDetails] = when, actions, archive, counts
}

// text fills the two sections of a column and returns how many bytes its
// distinct values have.
func (e *columns) text(c Column, recs []activity.Record) (long int) {
	e.values, e.numbers = e.values[:0], e.numbers[:0]
	clear(e.distinct)
	if c < DetailName {
		for i := range recs {
			e.add(*c.field(&recs[i]))
		}
	} else {
		for i := range recs {
			for j := range recs[i].Details {
				e.add(*c.detailField(&recs[i].Details[j]))
			}
		}
	}
	e.sort()
	e.raw[dictionarySection(c)], long = e.dictionary(e.raw[dictionarySection(c)][:0])
	e.raw[idsSection(c)] = e.ids(e.raw[idsSection(c)][:0])
	return long
}

// add takes the next row's value. Neighbours are often equal.
func (e *columns) add(v string) {
	if n := len(e.numbers); n > 0 {
		if last := e.numbers[n-1]; e.values[last] == v {
			e.numbers = append(e.numbers, last)
			return
		}
	}
	number, ok := e.distinct[v]
	if !ok {
		number = uint32(len(e.values))
		e.distinct[v] = number
		e.values = append(e.values, v)
	}
	e.numbers = append(e.numbers, number)
}

// sort ranks the distinct values bytewise.
func (e *columns) sort() {
	e.order = e.order[:0]
	for i := range e.values {
		e.order = append(e.order, uint32(i))
	}
	slices.SortFunc(e.order, func(a, b uint32) int { return cmp.Compare(e.values[a], e.values[b]) })
	e.rank = slices.Grow(e.rank[:0], len(e.order))[:len(e.order)]
	for id, number := range e.order {
		e.rank[number] = uint32(id)
	}
}

// dictionary appends the values in order, each without what it shares with the
// one before. long is how many bytes they have in full.
func (e *columns) dictionary(dst []byte) (_ []byte, long int) {
	dst = binary.AppendUvarint(dst, uint64(len(e.order)))
	e.shared = e.shared[:0]
	last := ""
	for i, number := range e.order {
		v := e.values[number]
		shared := commonPrefix(last, v)
		if i > 0 {
			dst = binary.AppendUvarint(dst, uint64(shared))
		}
		e.shared = append(e.shared, shared)
		long += len(v)
		last = v
	}
	for i, number := range e.order {
		dst = binary.AppendUvarint(dst, uint64(len(e.values[number])-e.shared[i]))
	}
	for i, number := range e.order {
		dst = append(dst, e.values[number][e.shared[i]:]...)
	}
	return dst, long
}

func (e *columns) ids(dst []byte) []byte {
	for plane := range idWidth(len(e.order)) {
		for _, number := range e.numbers {
			dst = append(dst, byte(e.rank[number]>>(8*plane)))
		}
	}
	return dst
}

// idWidth is the number of bytes of an id among k values.
func idWidth(k int) int {
	switch {
	case k <= 1:
		return 0
	case k <= byteIDs:
		return 1
	case k <= shortIDs:
		return 2
	}
	return 4
}

// pack puts all sections into one.
func (e *columns) pack() []byte {
	e.packed = e.packed[:0]
	for _, raw := range e.raw {
		e.packed = append(binary.AppendUvarint(e.packed, uint64(len(raw))), raw...)
	}
	return e.packed
}

// forget drops the texts of others, and what one large batch made large.
func (e *columns) forget() {
	held := cap(e.packed) + 4*(cap(e.numbers)+cap(e.order)+cap(e.rank))
	for _, raw := range e.raw {
		held += cap(raw)
	}
	if held > maxKept {
		*e = columns{distinct: map[string]uint32{}}
		return
	}
	clear(e.distinct)
	clear(e.values)
}
