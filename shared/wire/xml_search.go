package wire

import "docket/shared/filter"

// xmlSearcher reads search parameters.
type xmlSearcher struct {
	*xmlScanner
	out searcher
}

func readXMLSearch(body []byte) (Search, error) {
	s, err := newXMLScanner(body, elemSearch)
	if err != nil {
		return Search{}, (&problems{}).result(err)
	}
	r := &xmlSearcher{xmlScanner: s}
	list, err := r.read()
	return r.out.result(err, list)
}

func readXMLMark(body []byte) (string, error) {
	var p problems
	s, err := newXMLScanner(body, elemMark)
	if err != nil {
		return "", p.result(err)
	}
	mark := ""
	if err = s.document(); err == nil {
		mark, err = s.text(true)
	}
	if err == nil {
		err = s.end()
	}
	return p.readMark(mark, err)
}

// read reads the whole document and says whether it has a FilterList.
func (r *xmlSearcher) read() (list bool, err error) {
	if err := r.document(); err != nil {
		return false, err
	}
	mark := false
	for {
		name, more, err := r.child()
		if err != nil {
			return list, err
		}
		if !more {
			return list, r.end()
		}
		switch name {
		case elemFilterList:
			if list {
				return list, r.twice(name)
			}
			list = true
			r.at.group = elemFilterList
			err = r.filterList()
		case elemMark:
			if mark {
				return list, r.twice(name)
			}
			mark = true
			r.at.field = elemMark
			r.out.search.Mark, err = r.text(true)
		default:
			err = r.unknown(XMLError, "element", name)
		}
		if err != nil {
			return list, err
		}
		r.at = place{root: elemSearch}
	}
}

// filterList reads the filters, each one element.
func (r *xmlSearcher) filterList() error {
	for {
		r.isFilter = true
		name, more, err := r.child()
		r.isFilter = false
		if err != nil || !more {
			return err
		}
		r.at.field = ""
		f, ok := filter.ParseField(name)
		if !ok {
			if err := r.unknown(InputError, "filter", name); err != nil {
				return err
			}
			continue
		}
		r.at.field = f.String()
		e := filter.Entry{Field: f}
		if r.hasOperator {
			if e.Operator, ok = filter.ParseOperator(r.operator); !ok {
				if err := r.unknown(InputError, "operator", r.operator); err != nil {
					return err
				}
				continue
			}
		}
		if isTime(f) {
			err = r.time(e)
		} else if e.Text, err = r.text(true); err == nil {
			err = r.out.add(e)
		}
		if err != nil {
			return err
		}
	}
}

// time reads the value of When or WorkingHours: a range, a period, or the name
// of a period as text.
func (r *xmlSearcher) time(e filter.Entry) error {
	if r.hasText() {
		text, err := r.text(true)
		if err != nil {
			return err
		}
		if text == "" {
			return r.wrong("%s has no value.", e.Field)
		}
		e.Text = text
		return r.out.add(e)
	}
	before := len(r.out.list)
	for {
		name, more, err := r.child()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := r.timePart(&e, name); err != nil {
			return err
		}
	}
	switch ranged := e.From != nil || e.To != nil; {
	case len(r.out.list) > before:
		return nil
	case ranged && e.Text != "":
		return r.wrong("%s: a range and a period exclude each other.", e.Field)
	}
	return r.out.add(e)
}

// timePart reads From, To or a period.
func (r *xmlSearcher) timePart(e *filter.Entry, name string) error {
	var dst **string
	switch name {
	case "From":
		dst = &e.From
	case "To":
		dst = &e.To
	default:
		return r.period(e, name)
	}
	if *dst != nil {
		return r.twice(name)
	}
	text, err := r.text(true)
	*dst = &text
	return err
}

// period reads an element that is named for a period and has no content.
func (r *xmlSearcher) period(e *filter.Entry, name string) error {
	p, n := period(name, false)
	if n < 0 {
		return r.unknown(InputError, "period", name)
	}
	text, err := r.text(true)
	switch {
	case err != nil:
		return err
	case e.Text == p:
		return r.twice(name)
	case e.Text != "":
		return r.wrong("%s: only one period may stand in an element; use several.", e.Field)
	case text != "":
		return r.wrong("%s must be an empty element.", p)
	}
	e.Text = p
	return nil
}

func (r *xmlSearcher) wrong(format string, args ...any) error {
	return r.out.problems.add(InputError, r.at.String(), format, args...)
}

func (r *xmlSearcher) unknown(c Category, what, name string) error {
	location := r.at.String()
	if err := r.skip(); err != nil {
		return err
	}
	return r.out.problems.add(c, location, "There is no %s %s here.", what, quote(name))
}
