package wire

import (
	"docket/shared/activity"
)

// ReadRecords reads the body of a write request: a JSON array or an
// ActivityRecordList of records, or an answer of the API with its output-only
// fields, which are ignored (contract, section 3). The records are in the order
// of the body and have passed activity.Record.Check; there is at least one. Plan
// is as given, with a name, an ID, both or neither. Strings may point into body.
// The error is an *Invalid.
func ReadRecords(f Format, body []byte) ([]activity.Record, error) {
	if f == JSON {
		return readJSONRecords(body)
	}
	return readXMLRecords(body)
}

func readJSONRecords(body []byte) ([]activity.Record, error) {
	r, err := newJSONReader(body, false)
	if err != nil {
		return nil, (&problems{}).result(err)
	}
	r.out.records = make([]activity.Record, 0, guess(body))
	if r.peek() == kindObject {
		err = r.answer()
	} else {
		err = r.recordList()
	}
	if err == nil {
		err = r.end()
	}
	return r.out.written(err)
}

// guess is how many records a body holds, rather a few too many: growing the list
// copies it. The smallest record takes over a hundred bytes, a usual one over six
// hundred.
func guess(body []byte) int { return len(body)/512 + 1 }

// written is the result of a reader of records to be written.
func (c *collector) written(err error) ([]activity.Record, error) {
	if err == nil && len(c.list) == 0 && len(c.records) == 0 {
		err = c.problems.add(InputError, "/"+elemRecordList, "There must be at least one record.")
	}
	if err := c.result(err); err != nil {
		return nil, err
	}
	return c.records, nil
}

// ReadPage reads an answer of enum or search: its records, which may be none,
// and its mark, which is always there. Records are taken as they are. Strings may
// point into body. The error is an *Invalid.
func ReadPage(f Format, body []byte) (recs []activity.Stored, mark string, err error) {
	if f == JSON {
		return readJSONPage(body)
	}
	return readXMLPage(body)
}

func readJSONPage(body []byte) ([]activity.Stored, string, error) {
	r, err := newJSONReader(body, true)
	if err != nil {
		return nil, "", (&problems{}).result(err)
	}
	r.out.stored = make([]activity.Stored, 0, guess(body))
	if err = r.answer(); err == nil {
		err = r.end()
	}
	return r.out.read(r.mark, err)
}

// read is the result of a reader of pages.
func (c *collector) read(mark string, err error) ([]activity.Stored, string, error) {
	if err == nil && len(c.list) == 0 && mark == "" {
		err = c.problems.add(InputError, "/"+elemRecordList+"/"+elemMark, "A page must have a continuation mark.")
	}
	if err := c.result(err); err != nil {
		return nil, "", err
	}
	return c.stored, mark, nil
}
