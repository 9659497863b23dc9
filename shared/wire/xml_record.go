package wire

import "docket/shared/activity"

// xmlReader reads the documents that hold records.
type xmlReader struct {
	*xmlScanner
	out   collector
	draft draft
	mark  string
}

func readXMLRecords(body []byte) ([]activity.Record, error) {
	r, err := newXMLReader(body, false)
	if err != nil {
		return nil, (&problems{}).result(err)
	}
	r.out.records = make([]activity.Record, 0, guess(body))
	return r.out.written(r.list())
}

func readXMLPage(body []byte) ([]activity.Stored, string, error) {
	r, err := newXMLReader(body, true)
	if err != nil {
		return nil, "", (&problems{}).result(err)
	}
	r.out.stored = make([]activity.Stored, 0, guess(body))
	err = r.list()
	return r.out.read(r.mark, err)
}

func newXMLReader(body []byte, page bool) (*xmlReader, error) {
	s, err := newXMLScanner(body, elemRecordList)
	if err != nil {
		return nil, err
	}
	return &xmlReader{xmlScanner: s, out: collector{at: &s.at, page: page}}, nil
}

// list reads the whole document: a mark, which may be missing, and records.
func (r *xmlReader) list() error {
	if err := r.document(); err != nil {
		return err
	}
	mark := false
	for {
		name, more, err := r.child()
		if err != nil {
			return err
		}
		if !more {
			return r.end()
		}
		switch name {
		case elemRecord:
			r.at = place{root: elemRecordList, record: r.at.record + 1}
			err = r.record()
		case elemMark:
			if mark {
				return r.twice(name)
			}
			mark = true
			r.at.field = elemMark
			r.mark, err = r.text(true)
		default:
			err = r.unknown(name)
		}
		if err != nil {
			return err
		}
	}
}

// record reads one record; its start tag has been read.
func (r *xmlReader) record() error {
	d := &r.draft
	d.reset()
	for {
		name, more, err := r.child()
		if err != nil {
			return err
		}
		if !more {
			return r.out.add(d)
		}
		f := recordField(name)
		if f == noField {
			if err := r.unknown(name); err != nil {
				return err
			}
			continue
		}
		if !d.seen.add(uint8(f)) {
			return r.twice(name)
		}
		r.at.field = fieldNames[f]
		switch {
		case f < numTexts:
			d.text[f], err = r.text(f == fieldWhen)
		case f == fieldPlan:
			err = r.part(planField)
		case f == fieldItem:
			err = r.part(itemField)
		case f == fieldArchiveOnly:
			d.archiveOnly, err = r.boolean()
		case f == fieldDetailList:
			err = r.details()
		}
		if err != nil {
			return err
		}
		r.at.group, r.at.field = "", ""
	}
}

// part reads an element with texts that belong to the record.
func (r *xmlReader) part(find func(string) field) error {
	d := &r.draft
	r.at.group, r.at.field = r.at.field, ""
	for {
		name, more, err := r.child()
		if err != nil || !more {
			return err
		}
		f := find(name)
		if f == noField {
			if err := r.unknown(name); err != nil {
				return err
			}
			continue
		}
		if !d.seen.add(uint8(f)) {
			return r.twice(name)
		}
		r.at.field = fieldNames[f]
		if d.text[f], err = r.text(false); err != nil {
			return err
		}
		r.at.field = ""
	}
}

// details reads the DetailList of the record at hand.
func (r *xmlReader) details() error {
	r.at.group, r.at.field = r.at.field, ""
	for {
		name, more, err := r.child()
		if err != nil {
			return err
		}
		switch {
		case !more:
			r.at.detail = 0
			return nil
		case name != elemDetail:
			err = r.unknown(name)
		default:
			r.at.detail++
			err = r.detail()
		}
		if err != nil {
			return err
		}
	}
}

func (r *xmlReader) detail() error {
	var d activity.Detail
	var seen set
	for {
		name, more, err := r.child()
		if err != nil {
			return err
		}
		if !more {
			r.draft.addDetail(d, r.out.page)
			return nil
		}
		f := detailField(name)
		if f == noField {
			if err := r.unknown(name); err != nil {
				return err
			}
			continue
		}
		if !seen.add(uint8(f)) {
			return r.twice(name)
		}
		r.at.field = fieldNames[f]
		text, err := r.text(false)
		if err != nil {
			return err
		}
		setDetail(&d, f, text, r.out.page)
		r.at.field = ""
	}
}

// boolean reads the lexical forms of xs:boolean; nothing counts as absent.
func (r *xmlReader) boolean() (bool, error) {
	text, err := r.text(true)
	if err != nil {
		return false, err
	}
	switch text {
	case "true", "1":
		return true, nil
	case "false", "0", "":
		return false, nil
	}
	return false, r.out.problems.add(InputError, r.at.String(), "The value must be true or false, not %s.", quote(text))
}

// unknown skips an element that is not known, and reports it: a misspelt field
// must not vanish silently.
func (r *xmlReader) unknown(name string) error {
	location := r.at.String()
	if err := r.skip(); err != nil {
		return err
	}
	return r.out.problems.add(XMLError, location, "There is no element %s here.", quote(name))
}

func (s *xmlScanner) twice(name string) error {
	return s.fail("The element %s stands here twice.", quote(name))
}
