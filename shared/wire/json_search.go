package wire

import "docket/shared/filter"

// jsonSearcher reads search parameters.
type jsonSearcher struct {
	*jsonScanner
	out searcher
}

func readJSONSearch(body []byte) (Search, error) {
	s, err := newJSONScanner(body, elemSearch)
	if err != nil {
		return Search{}, (&problems{}).result(err)
	}
	r := &jsonSearcher{jsonScanner: s}
	list, err := r.read()
	if err == nil {
		err = r.end()
	}
	return r.out.result(err, list)
}

func readJSONMark(body []byte) (string, error) {
	var p problems
	s, err := newJSONScanner(body, elemMark)
	if err != nil {
		return "", p.result(err)
	}
	mark := ""
	if s.peek() == kindString {
		mark, err = s.str()
	} else if err = s.skip(0); err == nil {
		err = p.add(InputError, s.at.String(), "The body must be the continuation mark, a string.")
	}
	if err == nil {
		err = s.end()
	}
	return p.readMark(mark, err)
}

// read reads the whole body and says whether it has a FilterList. After a
// problem with the root it says so too, since that is problem enough.
func (r *jsonSearcher) read() (list bool, err error) {
	if r.peek() != kindObject {
		return true, r.mismatch("an object")
	}
	r.i++
	mark := false
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil || !more {
			return list, err
		}
		switch {
		case sameName(name, elemFilterList):
			r.at.field = elemFilterList
			if list {
				return list, r.twice(name)
			}
			if r.peek() == kindNull {
				err = r.literal("null")
				break
			}
			list = true
			err = r.filterList()
		case sameName(name, elemMark):
			r.at.field = elemMark
			if mark {
				return list, r.twice(name)
			}
			mark = true
			r.out.search.Mark, _, err = r.text(true)
		default:
			err = r.unknown(name, "field")
		}
		if err != nil {
			return list, err
		}
		r.at = place{root: elemSearch}
	}
}

// filterList reads the filters, each under its name.
func (r *jsonSearcher) filterList() error {
	r.at.group, r.at.field = r.at.field, ""
	if r.peek() != kindObject {
		return r.mismatch("an object")
	}
	r.i++
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil || !more {
			return err
		}
		f := fieldAnyCase(name)
		r.at.field = ""
		switch {
		case f == filter.NoField:
			err = r.unknown(name, "filter")
		case !r.out.seen.add(uint8(f)):
			return r.twice(name)
		case r.peek() == kindNull:
			err = r.literal("null")
		default:
			r.at.field = f.String()
			err = r.values(f, filter.Default, true)
		}
		if err != nil {
			return err
		}
	}
}

// values reads one value or an array of them. Objects with operators may stand
// in place of values unless the values stand in such an object already.
func (r *jsonSearcher) values(f filter.Field, o filter.Operator, operators bool) error {
	if r.peek() != kindArray {
		return r.value(f, o, operators)
	}
	r.i++
	for first := true; ; first = false {
		more, err := r.element(first)
		if err != nil {
			return err
		}
		if !more {
			if first {
				return r.wrong("%s has no value.", f)
			}
			return nil
		}
		if err := r.value(f, o, operators); err != nil {
			return err
		}
	}
}

func (r *jsonSearcher) value(f filter.Field, o filter.Operator, operators bool) error {
	switch k := r.peek(); {
	case k == kindString:
		text, err := r.str()
		if err != nil {
			return err
		}
		if text == "" && isTime(f) {
			return r.wrong("%s has no value.", f)
		}
		return r.out.add(filter.Entry{Field: f, Operator: o, Text: text})
	case k == kindObject && (operators || isTime(f)):
		return r.object(f, o, operators)
	case isTime(f):
		return r.mismatch("a range, a period, or an object with an operator")
	case operators:
		return r.mismatch("a string, or an object with an operator")
	}
	return r.mismatch("a string")
}

// object reads operators with their values and, for times, a range or a period.
func (r *jsonSearcher) object(f filter.Field, o filter.Operator, operators bool) error {
	r.i++
	span := filter.Entry{Field: f, Operator: o}
	var seen set
	before := r.out.found()
	for first := true; ; first = false {
		name, more, err := r.member(first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		op := filter.Default
		if operators {
			op = operatorAnyCase(name)
		}
		switch {
		case op != filter.Default:
			if !seen.add(uint8(op)) {
				return r.twice(name)
			}
			err = r.values(f, op, false)
		case isTime(f):
			err = r.timePart(&span, &seen, name)
		default:
			err = r.unknown(name, "operator")
		}
		if err != nil {
			return err
		}
	}
	return r.finish(span, r.out.found() == before)
}

// finish takes the range or period of an object, if it has one.
func (r *jsonSearcher) finish(span filter.Entry, empty bool) error {
	switch ranged := span.From != nil || span.To != nil; {
	case ranged && span.Text != "":
		return r.wrong("%s: a range and a period exclude each other.", span.Field)
	case ranged || span.Text != "":
		return r.out.add(span)
	case empty:
		return r.wrong("%s has no value.", span.Field)
	}
	return nil
}

// text reads a string, or null as an empty one.
func (r *jsonSearcher) text(nullable bool) (text string, null bool, err error) {
	switch k := r.peek(); {
	case k == kindString:
		text, err = r.str()
		return text, false, err
	case k == kindNull && nullable:
		return "", true, r.literal("null")
	}
	return badText, false, r.mismatch("a string")
}

func (r *jsonSearcher) wrong(format string, args ...any) error {
	return r.out.problems.add(InputError, r.at.String(), format, args...)
}

func (r *jsonSearcher) mismatch(want string) error {
	if err := r.skip(jsonDepth); err != nil {
		return err
	}
	return r.wrong("The value must be %s.", want)
}

func (r *jsonSearcher) unknown(name, what string) error {
	if err := r.skip(jsonDepth); err != nil {
		return err
	}
	return r.wrong("There is no %s %s here.", what, quote(name))
}

func (r *jsonSearcher) twice(name string) error {
	return r.fail("The name %s stands here twice.", quote(name))
}

// fieldAnyCase finds a filter by its name without case.
func fieldAnyCase(name string) filter.Field {
	if f, ok := filter.ParseField(name); ok {
		return f
	}
	for _, f := range filter.Fields() {
		if sameName(f.String(), name) {
			return f
		}
	}
	if sameName(name, "Monitoring Plan") {
		return filter.MonitoringPlan
	}
	return filter.NoField
}

// operatorAnyCase finds an operator by its name without case; Default is none.
func operatorAnyCase(name string) filter.Operator {
	if o, ok := filter.ParseOperator(name); ok {
		return o
	}
	for _, o := range filter.Operators() {
		if sameName(o.String(), name) {
			return o
		}
	}
	return filter.Default
}
