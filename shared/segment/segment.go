package segment

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"sync"
	"unsafe"

	"docket/shared/activity"
)

// Segment reads the columns of an encoded segment. It is safe for concurrent
// use. What it hands out is shared and must not be modified.
type Segment struct {
	size     int // of the encoded bytes
	head     head
	sections [numSections]section
	decoded  gauge // bytes held besides the encoded ones

	dictionaries [numColumns]lazy[*Dictionary]
	texts        [numColumns]lazy[*Text]
	whens        lazy[[]int64]
	actions      lazy[[]activity.Action]
	starts       lazy[[]uint32]
	origins      lazy[[]Run]
	whole        lazy[*all]
	archive      []byte
}

// lazy is a value that is worked out once, when it is first asked for.
type lazy[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (l *lazy[T]) get(make func() (T, error)) (T, error) {
	l.once.Do(func() { l.value, l.err = make() })
	return l.value, l.err
}

// Open reads the head of a segment and checks all its bytes against their
// checksum. It keeps data and never modifies it. Errors are ErrDamaged.
func Open(data []byte) (*Segment, error) {
	if len(data) < headAt || data[0] != version {
		return nil, fmt.Errorf("%w: %d bytes of an unknown version", ErrDamaged, len(data))
	}
	if binary.LittleEndian.Uint32(data[sumAt:]) != crc32.Checksum(data[headAt:], castagnoli) {
		return nil, fmt.Errorf("%w: checksum does not match", ErrDamaged)
	}
	r := &reader{data: data[headAt:]}
	s := &Segment{size: len(data), head: r.head()}
	s.decoded.Add(12 * int64(len(s.head.runs.ends)))
	if s.head.packed {
		s.unpack(r)
	} else {
		for i := range s.sections {
			s.sections[i] = r.section()
		}
	}
	if r.err == nil && len(r.data) != 0 {
		r.fail("bytes after the last section")
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, s.openArchive()
}

// unpack takes the one section that holds all apart.
func (s *Segment) unpack(outer *reader) {
	packed := outer.section()
	if outer.err != nil {
		return
	}
	raw, err := packed.open(nil)
	if err != nil {
		outer.err = err
		return
	}
	if packed.zipped {
		s.decoded.Add(int64(len(raw)))
	}
	r := &reader{data: raw}
	for i := range s.sections {
		n := r.uvarint("packed section", uint64(len(raw)))
		s.sections[i] = section{stored: r.bytes(n, "packed section"), raw: int(n)}
	}
	if r.err == nil && len(r.data) != 0 {
		r.fail("bytes after the last packed section")
	}
	outer.err = r.err
}

// openArchive reads the flags at once: every reader of rows needs them, and
// nearly always there are none.
func (s *Segment) openArchive() error {
	raw, err := s.sections[sectionArchive].open(nil)
	if err != nil {
		return err
	}
	if s.sections[sectionArchive].zipped {
		s.decoded.Add(int64(len(raw)))
	}
	want := s.head.zone.ArchiveOnly
	if want == s.head.n || want == 0 {
		if len(raw) != 0 {
			return fmt.Errorf("%w: archive-only flags", ErrDamaged)
		}
		return nil
	}
	flagged := 0
	for _, b := range raw {
		flagged += bits.OnesCount8(b)
	}
	if len(raw) != (s.head.n+7)/8 || flagged != want {
		return fmt.Errorf("%w: archive-only flags", ErrDamaged)
	}
	s.archive = raw
	return nil
}

// Len is the number of records.
func (s *Segment) Len() int { return s.head.n }

// Zone bounds what the segment holds.
func (s *Segment) Zone() Zone { return s.head.zone }

// overhead is a generous size of a Segment without its texts.
const overhead = 4 << 10

// MemSize is roughly how many bytes the segment holds now, encoded and
// decoded. It grows as columns are read.
func (s *Segment) MemSize() int { return overhead + s.size + int(s.decoded.Load()) }

// ArchiveOnly says whether a record is kept out of enum and search.
func (s *Segment) ArchiveOnly(row int) bool {
	if len(s.archive) == 0 {
		return s.head.zone.ArchiveOnly > 0
	}
	return s.archive[row/8]>>(row%8)&1 == 1
}

// Whens are the times of the records, in seconds since 1970.
func (s *Segment) Whens() ([]int64, error) {
	return s.whens.get(func() (list []int64, err error) {
		err = s.sections[sectionWhen].use(func(raw []byte) error {
			list, err = s.readWhens(raw)
			return err
		})
		s.decoded.Add(int64(8 * len(list)))
		return list, err
	})
}

func (s *Segment) readWhens(raw []byte) ([]int64, error) {
	r := &reader{data: raw}
	if len(raw) < s.head.n {
		r.fail("times")
		return nil, r.err
	}
	list := make([]int64, s.head.n)
	at := s.head.zone.MinWhen
	for i := range list {
		at += r.varint("times")
		if at < s.head.zone.MinWhen || at > s.head.zone.MaxWhen {
			r.fail("a time outside the zone")
		}
		if r.err != nil {
			return nil, r.err
		}
		list[i] = at
	}
	if len(r.data) != 0 {
		r.fail("bytes after the times")
	}
	return list, r.err
}

// Actions are the actions of the records.
func (s *Segment) Actions() ([]activity.Action, error) {
	return s.actions.get(func() (list []activity.Action, err error) {
		err = s.sections[sectionActions].use(func(raw []byte) error {
			list, err = s.readActions(raw)
			return err
		})
		s.decoded.Add(int64(len(list)))
		return list, err
	})
}

func (s *Segment) readActions(raw []byte) ([]activity.Action, error) {
	if len(raw) != 1 && len(raw) != s.head.n {
		return nil, fmt.Errorf("%w: %d actions", ErrDamaged, len(raw))
	}
	list := make([]activity.Action, s.head.n)
	for i := range list {
		a := activity.Action(raw[min(i, len(raw)-1)])
		if !a.Valid() {
			return nil, fmt.Errorf("%w: action %d", ErrDamaged, a)
		}
		list[i] = a
	}
	return list, nil
}

// DetailStarts has Len()+1 entries: the details of record i are the rows
// [starts[i], starts[i+1]) of the detail columns.
func (s *Segment) DetailStarts() ([]uint32, error) {
	return s.starts.get(func() (list []uint32, err error) {
		err = s.sections[sectionDetails].use(func(raw []byte) error {
			list, err = s.readStarts(raw)
			return err
		})
		s.decoded.Add(int64(4 * len(list)))
		return list, err
	})
}

func (s *Segment) readStarts(raw []byte) ([]uint32, error) {
	r := &reader{data: raw}
	list := make([]uint32, s.head.n+1)
	if s.head.details > 0 {
		for i := range s.head.n {
			list[i+1] = list[i] + uint32(r.uvarint("details of a record", uint64(s.head.details)-uint64(list[i])))
		}
	}
	if r.err == nil && (len(r.data) != 0 || int(list[s.head.n]) != s.head.details) {
		r.fail("details do not add up")
	}
	return list, r.err
}

// rows is the number of rows of a column.
func (s *Segment) rows(c Column) int {
	if c < DetailName {
		return s.head.n
	}
	return s.head.details
}

// Dictionary is the distinct values of a column, without its rows.
func (s *Segment) Dictionary(c Column) (*Dictionary, error) {
	return s.dictionaries[c].get(func() (d *Dictionary, err error) {
		err = s.sections[dictionarySection(c)].use(func(raw []byte) error {
			d, err = newDictionary(raw, s.rows(c), &s.decoded)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%w (column %s)", err, c)
		}
		return d, nil
	})
}

// Text is a column: its distinct values and its rows.
func (s *Segment) Text(c Column) (*Text, error) {
	return s.texts[c].get(func() (t *Text, err error) {
		d, err := s.Dictionary(c)
		if err != nil {
			return nil, err
		}
		err = s.sections[idsSection(c)].use(func(raw []byte) error {
			t, err = newText(d, raw, s.rows(c))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%w (column %s)", err, c)
		}
		s.decoded.Add(int64(t.ids.size()))
		return t, nil
	})
}

// alias is b as a text. b must never change.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
