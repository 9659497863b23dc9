package segment

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"docket/shared/activity"
)

// Zone is what a segment holds at most: a search that cannot match it need not
// look inside.
type Zone struct {
	MinWhen, MaxWhen int64
	Plans            []activity.Plan // distinct, sorted by ID and name; the zero Plan if records have none
	DataSources      []string        // distinct, sorted
	ArchiveOnly      int             // records that enum and search never show
}

// head is everything before the sections.
type head struct {
	n, details int
	zone       Zone
	runs       runs
	packed     bool
}

func comparePlans(a, b activity.Plan) int {
	if c := strings.Compare(a.ID, b.ID); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// newZone works the zone of records out.
func newZone(recs []activity.Record) Zone {
	z := Zone{MinWhen: recs[0].When, MaxWhen: recs[0].When}
	plans, sources := map[activity.Plan]struct{}{}, map[string]struct{}{}
	for i := range recs {
		r := &recs[i]
		z.MinWhen, z.MaxWhen = min(z.MinWhen, r.When), max(z.MaxWhen, r.When)
		if r.ArchiveOnly {
			z.ArchiveOnly++
		}
		if i == 0 || r.Plan != recs[i-1].Plan {
			plans[r.Plan] = struct{}{}
		}
		if i == 0 || r.DataSource != recs[i-1].DataSource {
			sources[r.DataSource] = struct{}{}
		}
	}
	for p := range plans {
		z.Plans = append(z.Plans, p)
	}
	for s := range sources {
		z.DataSources = append(z.DataSources, s)
	}
	slices.SortFunc(z.Plans, comparePlans)
	slices.Sort(z.DataSources)
	return z
}

func (h *head) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(h.n))
	dst = binary.AppendUvarint(dst, uint64(h.details))
	dst = binary.AppendUvarint(dst, uint64(h.zone.ArchiveOnly))
	dst = binary.AppendVarint(dst, h.zone.MinWhen)
	dst = binary.AppendUvarint(dst, uint64(h.zone.MaxWhen-h.zone.MinWhen))
	dst = binary.AppendUvarint(dst, uint64(len(h.zone.Plans)))
	for _, p := range h.zone.Plans {
		dst = appendText(appendText(dst, p.ID), p.Name)
	}
	dst = binary.AppendUvarint(dst, uint64(len(h.zone.DataSources)))
	for _, s := range h.zone.DataSources {
		dst = appendText(dst, s)
	}
	dst = appendRuns(dst, h.runs.list)
	if h.packed {
		return append(dst, 1)
	}
	return append(dst, 0)
}

const hexDigits = "0123456789abcdef"

// appendText writes a text; request ids are hexadecimal and take half.
func appendText(dst []byte, s string) []byte {
	if len(s) >= 8 && len(s)%2 == 0 && strings.Trim(s, hexDigits) == "" {
		dst = binary.AppendUvarint(dst, uint64(len(s))<<1|1)
		dst, _ = hex.AppendDecode(dst, []byte(s)) // the digits were checked
		return dst
	}
	return append(binary.AppendUvarint(dst, uint64(len(s))<<1), s...)
}

// reader takes the head apart. After the first failure everything is zero.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrDamaged, what)
	}
	r.data = nil
}

func (r *reader) uvarint(what string, limit uint64) uint64 {
	if len(r.data) > 0 && r.data[0] < 0x80 && uint64(r.data[0]) <= limit { // nearly all
		v := r.data[0]
		r.data = r.data[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v > limit {
		r.fail(what)
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) varint(what string) int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail(what)
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) bytes(n uint64, what string) []byte {
	if n > uint64(len(r.data)) {
		r.fail(what)
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) text(what string) string {
	v := r.uvarint(what, maxRaw<<1)
	if v&1 == 0 {
		return string(r.bytes(v>>1, what))
	}
	if v>>1&1 == 1 && r.err == nil {
		r.fail(what)
	}
	return hex.EncodeToString(r.bytes(v>>2, what))
}

func (r *reader) head() head {
	var h head
	h.n = int(r.uvarint("number of records", MaxRecords))
	h.details = int(r.uvarint("number of details", maxDetails))
	h.zone.ArchiveOnly = int(r.uvarint("number of archive-only records", uint64(h.n)))
	h.zone.MinWhen = r.varint("least When")
	h.zone.MaxWhen = h.zone.MinWhen + int64(r.uvarint("greatest When", uint64(activity.MaxWhen-activity.MinWhen)))
	// Each takes at least two bytes, so the data bounds what is allocated.
	for n := r.uvarint("number of plans", uint64(len(r.data))); n > 0 && r.err == nil; n-- {
		id := r.text("plan ID")
		h.zone.Plans = append(h.zone.Plans, activity.Plan{ID: id, Name: r.text("plan name")})
	}
	for n := r.uvarint("number of data sources", uint64(len(r.data))); n > 0 && r.err == nil; n-- {
		h.zone.DataSources = append(h.zone.DataSources, r.text("data source"))
	}
	h.runs = r.runs(h.n)
	layout := r.bytes(1, "layout")
	if r.err == nil && layout[0] > 1 {
		r.fail("layout")
	}
	if r.err == nil {
		h.packed = bytes.Equal(layout, []byte{1})
	}
	if r.err == nil && (h.n == 0 || h.zone.MinWhen < activity.MinWhen || h.zone.MaxWhen > activity.MaxWhen) {
		r.fail("head")
	}
	return h
}
