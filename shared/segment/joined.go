package segment

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"docket/shared/activity"
)

// Opener finds the segment that has piece i, and at which of its rows that begins.
// It must find the same records whenever it is asked.
type Opener func(i int) (s *Segment, first int, err error)

// Joined has the records of several segments, one behind the other, in memory:
// parts of them, decoded. Values that occur in many of the segments are there
// once, so it takes less memory than the segments and is searched faster. It is
// safe for concurrent use.
type Joined struct {
	pieces []int // records of each
	n      int
	fold   func(dst []byte, value string) []byte

	mu    sync.Mutex
	view  View
	bytes [numParts]int64
}

// Join prepares pieces of so many records; nothing is read yet. fold appends a value
// as it is compared without case: a part keeps that form of its values, and
// beside it no more than is needed to know the value.
func Join(pieces []int, fold func(dst []byte, value string) []byte) *Joined {
	j := &Joined{pieces: slices.Clone(pieces), fold: fold}
	for _, p := range pieces {
		j.n += p
	}
	j.view.n = j.n
	return j
}

// Len is the number of records.
func (j *Joined) Len() int { return j.n }

// Bytes is how much memory a part takes, 0 if it is not there.
func (j *Joined) Bytes(p Part) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bytes[p]
}

// View returns what is there if it has all the parts asked for. It stays as it
// is whatever is loaded and dropped later.
func (j *Joined) View(parts Parts) (*View, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.view.parts.Has(parts) {
		return nil, false
	}
	v := j.view
	return &v, true
}

// Drop forgets a part. Memory is free when no view has it any more.
func (j *Joined) Drop(p Part) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.view.parts &^= p.Of()
	j.bytes[p] = 0
	switch p {
	case Times:
		j.view.times = times{}
	case Actions:
		j.view.actions = nil
	case Details:
		j.view.starts = nil
	default:
		j.view.texts[p] = nil
	}
}

// Load decodes a part of all pieces. open is called once for each, in order, and
// what it opens is not kept. Errors are those of open and ErrDamaged; then the
// part is not there.
func (j *Joined) Load(p Part, open Opener) error {
	var v View
	size, err := j.load(&v, p, open)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.view.parts |= p.Of()
	j.bytes[p] = size
	switch p {
	case Times:
		j.view.times = v.times
	case Actions:
		j.view.actions = v.actions
	case Details:
		j.view.starts = v.starts
	default:
		j.view.texts[p] = v.texts[p]
	}
	return nil
}

func (j *Joined) load(v *View, p Part, open Opener) (int64, error) {
	switch p {
	case Times:
		return v.times.load(j, open)
	case Actions:
		return j.loadActions(v, open)
	case Details:
		return j.loadStarts(v, open)
	}
	if p >= numParts {
		return 0, fmt.Errorf("no part %d", p)
	}
	t, size, err := j.loadText(Column(p), open)
	v.texts[p] = t
	return size, err
}

// each calls take with the segment of every piece.
func (j *Joined) each(open Opener, take func(s *Segment, from, end int) error) error {
	for i, n := range j.pieces {
		s, first, err := open(i)
		if err != nil {
			return err
		}
		if first < 0 || first+n > s.Len() {
			return fmt.Errorf("join rows %d to %d of %d", first, first+n, s.Len())
		}
		if err := take(s, first, first+n); err != nil {
			return err
		}
	}
	return nil
}

// times is what belongs to every record and is no text.
type times struct {
	zone      Zone
	whens     []int64
	runEnds   []uint32
	committed []int64
	archive   []uint64 // bits, nil if none is for the archive alone
	spans     []Span
}

// Span bounds the When of the records of spanRows rows, or of what is left at the
// end.
type Span struct{ Min, Max int64 }

// SpanRows is how many rows a Span is of: few enough that most records of a span
// are near each other in time, if a log is at all.
const SpanRows = 2048

func spansOf(whens []int64) []Span {
	var list []Span
	for some := range slices.Chunk(whens, SpanRows) {
		list = append(list, Span{slices.Min(some), slices.Max(some)})
	}
	return list
}

func (t *times) load(j *Joined, open Opener) (int64, error) {
	t.whens = make([]int64, 0, j.n)
	flags := make([]uint64, (j.n+63)/64)
	plans, sources := map[activity.Plan]struct{}{}, map[string]struct{}{}
	err := j.each(open, func(s *Segment, from, end int) error {
		whens, err := s.Whens()
		if err != nil {
			return err
		}
		for row := from; row < end; row++ {
			if c := s.Committed(row); len(t.committed) == 0 || t.committed[len(t.committed)-1] != c {
				t.committed, t.runEnds = append(t.committed, c), append(t.runEnds, 0)
			}
			t.runEnds[len(t.runEnds)-1] = uint32(len(t.whens) + 1)
			if s.ArchiveOnly(row) {
				flags[len(t.whens)/64] |= 1 << (len(t.whens) % 64)
			}
			t.whens = append(t.whens, whens[row])
		}
		z := s.Zone()
		for _, plan := range z.Plans {
			plans[plan] = struct{}{}
		}
		for _, name := range z.DataSources {
			sources[name] = struct{}{}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	t.spans = spansOf(t.whens)
	t.zone.MinWhen, t.zone.MaxWhen = slices.Min(t.whens), slices.Max(t.whens)
	for plan := range plans {
		t.zone.Plans = append(t.zone.Plans, plan)
	}
	for name := range sources {
		t.zone.DataSources = append(t.zone.DataSources, name)
	}
	slices.SortFunc(t.zone.Plans, comparePlans)
	slices.Sort(t.zone.DataSources)
	for _, word := range flags {
		t.zone.ArchiveOnly += bits.OnesCount64(word)
	}
	if t.zone.ArchiveOnly > 0 {
		t.archive = flags
	}
	return int64(8*len(t.whens) + 12*len(t.committed) + 8*len(t.archive) + 16*len(t.spans)), nil
}

func (j *Joined) loadActions(v *View, open Opener) (int64, error) {
	v.actions = make([]activity.Action, 0, j.n)
	err := j.each(open, func(s *Segment, from, end int) error {
		list, err := s.Actions()
		if err == nil {
			v.actions = append(v.actions, list[from:end]...)
		}
		return err
	})
	return int64(len(v.actions)), err
}

func (j *Joined) loadStarts(v *View, open Opener) (int64, error) {
	v.starts = make([]uint32, 1, j.n+1)
	err := j.each(open, func(s *Segment, from, end int) error {
		list, err := s.DetailStarts()
		if err != nil {
			return err
		}
		shift := v.starts[len(v.starts)-1] - list[from]
		for _, start := range list[from+1 : end+1] {
			v.starts = append(v.starts, start+shift)
		}
		return nil
	})
	return int64(4 * len(v.starts)), err
}

// errAbsent is a part that a view lacks: its user did not ask for it.
var errAbsent = errors.New("part is not loaded")
