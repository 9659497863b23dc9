package wire

import "docket/shared/activity"

const pageProlog = `<?xml version="1.0" standalone="yes"?>` + "\n"

// AppendPageStart begins an answer of enum or search. Records follow, with
// AppendSeparator between them, then AppendPageEnd with the same mark. In XML the
// mark comes before the records, in JSON after them, as the original prints it.
func AppendPageStart(dst []byte, f Format, mark string) []byte {
	if f == JSON {
		return append(dst, `{"ActivityRecordList":[`...)
	}
	dst = append(dst, pageProlog+`<ActivityRecordList xmlns="`+recordsNamespace+`"><ContinuationMark>`...)
	dst = appendXMLText(dst, mark)
	return append(dst, `</ContinuationMark>`...)
}

// AppendSeparator separates two records of a page.
func AppendSeparator(dst []byte, f Format) []byte {
	if f == JSON {
		return append(dst, ',')
	}
	return dst
}

// AppendPageEnd ends an answer of enum or search.
func AppendPageEnd(dst []byte, f Format, mark string) []byte {
	if f == JSON {
		dst = append(dst, `],"ContinuationMark":`...)
		return append(appendJSONText(dst, mark), '}')
	}
	return append(dst, `</ActivityRecordList>`...)
}

// AppendRecord appends a record as answers have it. Fields that it lacks are left
// out; ArchiveOnly is not part of answers. It does not allocate beyond dst.
func AppendRecord(dst []byte, f Format, r *activity.Stored) []byte {
	if f == JSON {
		return appendJSONRecord(dst, &r.Record, r.RID[:])
	}
	return appendXMLRecord(dst, &r.Record, r.RID[:])
}

// AppendRecords appends the body of a write request. Output-only fields are left
// out, so what it writes is what ReadRecords gives, but for DataSource.
func AppendRecords(dst []byte, f Format, recs []activity.Record) []byte {
	if f == JSON {
		dst = append(dst, '[')
		for i := range recs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONRecord(dst, &recs[i], nil)
		}
		return append(dst, ']')
	}
	dst = append(dst, bodyProlog+`<ActivityRecordList xmlns="`+recordsNamespace+`">`...)
	for i := range recs {
		dst = appendXMLRecord(dst, &recs[i], nil)
	}
	return append(dst, `</ActivityRecordList>`...)
}

const bodyProlog = `<?xml version="1.0" encoding="utf-8"?>` + "\n"
