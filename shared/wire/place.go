package wire

import "strconv"

// place is where in a body a reader stands, in XML terms. It is kept in small
// pieces and printed only if something is wrong there.
type place struct {
	root   string // element name of the root
	record int    // from 1; 0 is outside a record
	group  string // MonitoringPlan, Item, DetailList or FilterList
	detail int    // from 1; 0 is outside a detail
	field  string // innermost element name, with an index where it may repeat
}

func (p *place) String() string {
	b := make([]byte, 0, 80)
	b = append(append(b, '/'), p.root...)
	if p.record > 0 {
		b = appendRecordIndex(b, p.record)
	}
	if p.group != "" {
		b = append(append(b, '/'), p.group...)
	}
	if p.detail > 0 {
		b = append(strconv.AppendInt(append(b, "/Detail["...), int64(p.detail), 10), ']')
	}
	if p.field != "" {
		b = append(append(b, '/'), p.field...)
	}
	return string(b)
}

func appendRecordIndex(b []byte, index int) []byte {
	b = append(b, "/"+elemRecord+"["...)
	return append(strconv.AppendInt(b, int64(index), 10), ']')
}

// RecordLocation is the Location of the record with this index, from 0, of a
// write request: the same for both formats.
func RecordLocation(_ Format, i int) string {
	return string(appendRecordIndex([]byte("/"+elemRecordList), i+1))
}
