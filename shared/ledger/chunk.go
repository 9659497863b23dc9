package ledger

import (
	"encoding/binary"
	"fmt"

	"docket/shared/activity"
	"docket/shared/segment"
	"docket/shared/table"
)

// Entry is what the manifest knows of one segment.
type Entry struct {
	First Position
	N     int // records
	Bytes int // as stored
	// Segment names a merged segment; 0 is one that lies in the log.
	Segment SegmentID
	Zone    segment.Zone
}

// End is the position behind the entry.
func (e *Entry) End() Position { return e.First + Position(e.N) }

// chunkItem stores entries that follow each other; doc.go has the layout.
func chunkItem(s Shard, id SegmentID, entries []Entry) table.Item {
	key := chunkKey(s, id)
	plans, sources := map[activity.Plan]int{}, map[string]int{}
	var planList []activity.Plan
	var sourceList []string
	for i := range entries {
		for _, p := range entries[i].Zone.Plans {
			if _, ok := plans[p]; !ok {
				plans[p] = len(planList)
				planList = append(planList, p)
			}
		}
		for _, d := range entries[i].Zone.DataSources {
			if _, ok := sources[d]; !ok {
				sources[d] = len(sourceList)
				sourceList = append(sourceList, d)
			}
		}
	}
	v := []byte{chunkVersion, byte(s)}
	v = binary.BigEndian.AppendUint64(v, uint64(entries[0].First))
	v = binary.AppendUvarint(v, uint64(len(planList)))
	for _, p := range planList {
		v = appendText(appendText(v, p.ID), p.Name)
	}
	v = binary.AppendUvarint(v, uint64(len(sourceList)))
	for _, d := range sourceList {
		v = appendText(v, d)
	}
	v = binary.AppendUvarint(v, uint64(len(entries)))
	before := int64(0)
	for i := range entries {
		e := &entries[i]
		v = binary.AppendUvarint(v, uint64(e.N))
		v = binary.AppendUvarint(v, uint64(e.Bytes))
		if e.Segment == 0 {
			v = append(v, 0)
		} else {
			v = append(v, 1)
			v = binary.BigEndian.AppendUint64(v, uint64(e.Segment))
		}
		v = binary.AppendVarint(v, e.Zone.MinWhen-before)
		before = e.Zone.MinWhen
		v = binary.AppendUvarint(v, uint64(e.Zone.MaxWhen-e.Zone.MinWhen))
		v = binary.AppendUvarint(v, uint64(e.Zone.ArchiveOnly))
		v = binary.AppendUvarint(v, uint64(len(e.Zone.Plans)))
		for _, p := range e.Zone.Plans {
			v = binary.AppendUvarint(v, uint64(plans[p]))
		}
		v = binary.AppendUvarint(v, uint64(len(e.Zone.DataSources)))
		for _, d := range e.Zone.DataSources {
			v = binary.AppendUvarint(v, uint64(sources[d]))
		}
	}
	v = binary.BigEndian.AppendUint32(v, keyedSum(key, v))
	return table.Item{Key: key, Value: v}
}

func appendText(v []byte, s string) []byte {
	return append(binary.AppendUvarint(v, uint64(len(s))), s...)
}

// readChunk checks that an item is the chunk that ref names.
func readChunk(s Shard, ref chunkRef, it *table.Item) ([]Entry, error) {
	r, err := openValue(it, chunkVersion, s)
	if err != nil {
		return nil, err
	}
	at := Position(r.fixed())
	plans := make([]activity.Plan, r.count(len(it.Value), 2))
	for i := range plans {
		plans[i] = activity.Plan{ID: r.text(), Name: r.text()}
	}
	sources := make([]string, r.count(len(it.Value), 1))
	for i := range sources {
		sources[i] = r.text()
	}
	entries := make([]Entry, r.count(len(it.Value), 8))
	before := int64(0)
	for i := range entries {
		e := &entries[i]
		e.First, e.N, e.Bytes = at, int(r.uvarint(segment.MaxRecords)), int(r.uvarint(table.MaxItem))
		switch r.byte() {
		case 0:
		case 1:
			e.Segment = SegmentID(r.fixed())
		default:
			r.fail()
		}
		e.Zone.MinWhen = before + r.varint()
		before = e.Zone.MinWhen
		e.Zone.MaxWhen = e.Zone.MinWhen + int64(r.uvarint(uint64(activity.MaxWhen-activity.MinWhen)))
		e.Zone.ArchiveOnly = int(r.uvarint(uint64(e.N)))
		e.Zone.Plans = pick(r, plans)
		e.Zone.DataSources = pick(r, sources)
		if at = e.End(); e.N == 0 {
			r.fail()
		}
	}
	if !r.done() || len(entries) != ref.n || ref.n == 0 || entries[0].First != ref.first || at > End {
		return nil, fmt.Errorf("%w: chunk %x of shard %d", errManifest, uint64(ref.id), s)
	}
	return entries, nil
}

// pick reads numbers of list. Lists are short and shared by most entries: one that
// is all of list is not copied.
func pick[T any](r *values, list []T) []T {
	n := r.count(len(list), 1)
	var picked []T
	all := n == len(list)
	for k := range n {
		i := int(r.uvarint(uint64(len(list))))
		if i >= len(list) {
			r.fail()
			return nil
		}
		all = all && i == k
		picked = append(picked, list[i])
	}
	if all {
		return list
	}
	return picked
}
