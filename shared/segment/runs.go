package segment

import (
	"encoding/binary"
	"slices"
)

// Run is one original batch, or the part of one that a segment holds. A merged
// segment has several, so that who wrote what, and when, survives.
type Run struct {
	N                    uint32 // records
	Committed            int64  // microseconds since 1970-01-01T00:00:00Z
	Token                [16]byte
	Principal, RequestID string
}

// runs is the table of runs. Of more than one, the ends and times are read with
// the head, since every RID needs them; who wrote is read when it is asked for.
type runs struct {
	list      []Run    // of an encoder, or of a segment with one run
	ends      []uint32 // the row behind each run
	committed []int64
	origins   section
}

// tokens of a table of runs: a merge may leave them out, all of them.
const (
	tokensLeftOut = 0
	tokensKept    = 1
)

func appendRuns(dst []byte, list []Run) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	if len(list) == 1 {
		r := &list[0]
		dst = binary.AppendVarint(dst, r.Committed)
		dst = append(dst, r.Token[:]...)
		return appendText(appendText(dst, r.Principal), r.RequestID)
	}
	var times []byte
	for i := range list {
		times = binary.AppendUvarint(times, uint64(list[i].N))
	}
	before := int64(0)
	for i := range list {
		times = binary.AppendVarint(times, list[i].Committed-before)
		before = list[i].Committed
	}
	return appendSection(appendSection(dst, times), origins(list))
}

// origins says who wrote.
func origins(list []Run) []byte {
	raw := []byte{tokensLeftOut}
	if slices.ContainsFunc(list, func(r Run) bool { return r.Token != [16]byte{} }) {
		raw[0] = tokensKept
		for i := range list {
			raw = append(raw, list[i].Token[:]...)
		}
	}
	numbers, principals := map[string]int{}, []string{}
	for i := range list {
		if _, ok := numbers[list[i].Principal]; !ok {
			numbers[list[i].Principal] = len(principals)
			principals = append(principals, list[i].Principal)
		}
	}
	raw = binary.AppendUvarint(raw, uint64(len(principals)))
	for _, p := range principals {
		raw = appendText(raw, p)
	}
	for i := range list {
		raw = binary.AppendUvarint(raw, uint64(numbers[list[i].Principal]))
	}
	for i := range list {
		raw = appendText(raw, list[i].RequestID)
	}
	return raw
}

// runs reads the table of a segment of n records.
func (r *reader) runs(n int) runs {
	count := int(r.uvarint("number of runs", maxRuns))
	if r.err == nil && (count < 1 || count > n) {
		r.fail("number of runs")
	}
	if r.err != nil {
		return runs{}
	}
	if count == 1 {
		run := Run{N: uint32(n), Committed: r.varint("commit time")}
		copy(run.Token[:], r.bytes(16, "writer token"))
		run.Principal = r.text("principal")
		run.RequestID = r.text("request id")
		return runs{list: []Run{run}}
	}
	times := r.section()
	t := runs{origins: r.section(), ends: make([]uint32, count), committed: make([]int64, count)}
	if r.err == nil {
		r.err = times.use(func(raw []byte) error { return t.times(raw, n) })
	}
	return t
}

// times reads where runs end and when they were committed.
func (t *runs) times(raw []byte, n int) error {
	r := &reader{data: raw}
	end := 0
	for i := range t.ends {
		k := int(r.uvarint("records of a run", uint64(n)))
		if end += k; r.err == nil && (k == 0 || end > n) {
			r.fail("records of a run")
		}
		t.ends[i] = uint32(end)
	}
	if r.err == nil && end != n {
		r.fail("runs do not add up")
	}
	before := int64(0)
	for i := range t.committed {
		before += r.varint("commit time")
		t.committed[i] = before
	}
	if r.err == nil && len(r.data) != 0 {
		r.fail("bytes after the commit times")
	}
	return r.err
}

// Runs are the batches that the records come from, in order. Errors are
// ErrDamaged.
func (s *Segment) Runs() ([]Run, error) {
	t := &s.head.runs
	if t.list != nil {
		return t.list, nil
	}
	return s.origins.get(func() ([]Run, error) {
		var list []Run
		err := t.origins.use(func(raw []byte) (err error) {
			list, err = t.who(raw)
			return err
		})
		s.decoded.Add(int64(len(list)) * runSize)
		return list, err
	})
}

// runSize is about what a Run takes in memory, its texts included.
const runSize = 112

// who makes the runs of the table's ends and times and of the raw origins.
func (t *runs) who(raw []byte) ([]Run, error) {
	r := &reader{data: raw}
	list := make([]Run, len(t.ends))
	before := uint32(0)
	for i := range list {
		list[i].N, list[i].Committed = t.ends[i]-before, t.committed[i]
		before = t.ends[i]
	}
	switch kept := r.bytes(1, "writer tokens"); {
	case r.err != nil:
	case kept[0] == tokensKept:
		for i := range list {
			copy(list[i].Token[:], r.bytes(16, "writer token"))
		}
	case kept[0] != tokensLeftOut:
		r.fail("writer tokens")
	}
	principals := make([]string, r.uvarint("number of principals", uint64(len(list))))
	for i := range principals {
		principals[i] = r.text("principal")
	}
	for i := range list {
		if k := r.uvarint("principal of a run", uint64(len(list))); k < uint64(len(principals)) {
			list[i].Principal = principals[k]
		} else {
			r.fail("principal of a run")
		}
	}
	for i := range list {
		list[i].RequestID = r.text("request id")
	}
	if r.err == nil && len(r.data) != 0 {
		r.fail("bytes after the request ids")
	}
	if r.err != nil {
		return nil, r.err
	}
	return list, nil
}

// Committed is when the batch of a row was committed, in microseconds since
// 1970-01-01T00:00:00Z.
func (s *Segment) Committed(row int) int64 {
	t := &s.head.runs
	if t.list != nil {
		return t.list[0].Committed
	}
	i, _ := slices.BinarySearch(t.ends, uint32(row)+1)
	return t.committed[i]
}
