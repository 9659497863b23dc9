package wire

// jsonReader reads the documents that hold records.
type jsonReader struct {
	*jsonScanner
	out   collector
	draft draft
	mark  string
}

func newJSONReader(body []byte, page bool) (*jsonReader, error) {
	s, err := newJSONScanner(body, elemRecordList)
	if err != nil {
		return nil, err
	}
	return &jsonReader{jsonScanner: s, out: collector{at: &s.at, page: page}}, nil
}

// answer reads {"ActivityRecordList":[…],"ContinuationMark":"…"}.
func (r *jsonReader) answer() error {
	if ok, err := r.enter(kindObject, "an object"); !ok {
		return err
	}
	list, mark := false, false
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch {
		case sameName(name, elemRecordList):
			if list {
				return r.twice(name)
			}
			list = true
			err = r.recordList()
		case sameName(name, elemMark):
			if mark {
				return r.twice(name)
			}
			mark = true
			r.at = place{root: elemRecordList, field: elemMark}
			r.mark, err = r.text(nil, noField)
		default:
			r.at = place{root: elemRecordList}
			err = r.unknown(name)
		}
		if err != nil {
			return err
		}
	}
	r.at = place{root: elemRecordList}
	if !list {
		return r.out.problems.add(InputError, r.at.String(), "%s is required.", elemRecordList)
	}
	return nil
}

// recordList reads an array of records.
func (r *jsonReader) recordList() error {
	r.at = place{root: elemRecordList}
	if ok, err := r.enter(kindArray, "an array of records"); !ok {
		return err
	}
	for first := true; ; first = false {
		more, err := r.element(first)
		if err != nil || !more {
			return err
		}
		r.at = place{root: elemRecordList, record: r.at.record + 1}
		if ok, err := r.enter(kindObject, "a record, which is an object"); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := r.record(); err != nil {
			return err
		}
	}
}

// record reads one record; its opening brace has been read.
func (r *jsonReader) record() error {
	d := &r.draft
	d.reset()
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil {
			return err
		}
		if !more {
			return r.out.add(d)
		}
		f := r.field(recordField, name)
		switch {
		case f == noField:
			err = r.unknown(name)
		case !d.seen.add(uint8(f)):
			return r.twice(name)
		case f < numTexts:
			d.text[f], err = r.text(d, f)
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

// field finds a field and notes where the reader stands.
func (r *jsonReader) field(find func(string) field, name string) field {
	f := find(name)
	if f == noField {
		f = anyCase(find, name)
	}
	r.at.field = fieldNames[f]
	return f
}

// part reads an object of texts that belong to the record: a plan or an item.
func (r *jsonReader) part(find func(string) field) error {
	d := &r.draft
	r.at.group, r.at.field = r.at.field, ""
	if r.peek() == kindNull {
		return r.literal("null")
	}
	if ok, err := r.enter(kindObject, "an object"); !ok {
		return err
	}
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil || !more {
			return err
		}
		f := r.field(find, name)
		switch {
		case f == noField:
			err = r.unknown(name)
		case !d.seen.add(uint8(f)):
			return r.twice(name)
		default:
			d.text[f], err = r.text(d, f)
		}
		if err != nil {
			return err
		}
	}
}

// boolean reads true, false or null.
func (r *jsonReader) boolean() (bool, error) {
	switch r.peek() {
	case kindBool:
		yes := r.b[r.i] == 't'
		return yes, r.skip(0)
	case kindNull:
		return false, r.literal("null")
	}
	return false, r.mismatch("true or false")
}

// text reads a string; null is the empty one. In place of another value it
// returns a stand-in, having reported it. d may be nil.
func (r *jsonReader) text(d *draft, f field) (string, error) {
	switch r.peek() {
	case kindString:
		return r.str()
	case kindNull:
		return "", r.literal("null")
	}
	if d != nil {
		d.bad.add(uint8(f))
	}
	return badText, r.mismatch("a string")
}

// enter begins to read an object or array. If the value is something else, it
// is reported and skipped, and ok is false.
func (r *jsonReader) enter(k kind, what string) (ok bool, err error) {
	if r.peek() != k {
		return false, r.mismatch(what)
	}
	r.i++
	return true, nil
}

// mismatch skips a value and reports that something else should be there.
func (r *jsonReader) mismatch(want string) error {
	if err := r.skip(jsonDepth); err != nil {
		return err
	}
	return r.out.problems.add(InputError, r.at.String(), "The value must be %s.", want)
}

// unknown skips the value of a name that is not known, and reports it: a
// misspelt field must not vanish silently.
func (r *jsonReader) unknown(name string) error {
	r.at.field = ""
	location := r.at.String()
	if err := r.skip(jsonDepth); err != nil {
		return err
	}
	return r.out.problems.add(InputError, location, "There is no field %s here.", quote(name))
}

// jsonDepth is how deep values may stand where a reader skips one.
const jsonDepth = 6

func (r *jsonReader) twice(name string) error {
	return r.fail("The name %s stands here twice.", quote(name))
}
