package wire

import "docket/shared/filter"

// AppendMark appends the body of POST enum.
func AppendMark(dst []byte, f Format, mark string) []byte {
	if f == JSON {
		return appendJSONText(dst, mark)
	}
	dst = append(dst, pageProlog+`<ContinuationMark xmlns="`+recordsNamespace+`">`...)
	return append(appendXMLText(dst, mark), `</ContinuationMark>`...)
}

// AppendSearch appends the body of a search request. In JSON, entries of one
// field stand together under its name, in their order; the meaning is the same.
// Entries must have a Field, and either a Text or a range.
func AppendSearch(dst []byte, f Format, s Search) []byte {
	if f == JSON {
		return appendJSONSearch(dst, s)
	}
	dst = append(dst, bodyProlog+`<ActivityRecordSearch xmlns="`+recordsNamespace+`">`...)
	dst = appendXMLOptional(dst, `<ContinuationMark>`, s.Mark, `</ContinuationMark>`)
	dst = append(dst, `<FilterList>`...)
	for i := range s.Entries {
		dst = appendXMLEntry(dst, &s.Entries[i])
	}
	return append(dst, `</FilterList></ActivityRecordSearch>`...)
}

func appendXMLEntry(dst []byte, e *filter.Entry) []byte {
	name := e.Field.String()
	dst = append(append(dst, '<'), name...)
	if e.Operator != filter.Default {
		dst = append(append(append(dst, ` Operator="`...), e.Operator.String()...), '"')
	}
	dst = append(dst, '>')
	_, n := period(e.Text, false)
	switch {
	case !isTime(e.Field):
		dst = appendXMLValue(dst, e.Text)
	case e.From != nil || e.To != nil:
		if e.From != nil {
			dst = append(appendXMLValue(append(dst, `<From>`...), *e.From), `</From>`...)
		}
		if e.To != nil {
			dst = append(appendXMLValue(append(dst, `<To>`...), *e.To), `</To>`...)
		}
	case n >= 0:
		dst = append(append(append(dst, '<'), e.Text...), `/>`...)
	default:
		dst = appendXMLValue(dst, e.Text)
	}
	return append(append(append(dst, `</`...), name...), '>')
}

func appendJSONSearch(dst []byte, s Search) []byte {
	dst = append(dst, '{')
	if s.Mark != "" {
		dst = append(appendJSONText(append(dst, `"ContinuationMark":`...), s.Mark), ',')
	}
	dst = append(dst, `"FilterList":{`...)
	groups, order := byField(s.Entries)
	for i, f := range order {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), f.String()...), `":`...)
		dst = appendJSONEntries(dst, groups[f])
	}
	return append(dst, `}}`...)
}

// byField groups entries by field; order has the fields as they first occur.
func byField(entries []filter.Entry) (groups map[filter.Field][]*filter.Entry, order []filter.Field) {
	groups = map[filter.Field][]*filter.Entry{}
	for i := range entries {
		e := &entries[i]
		if groups[e.Field] == nil {
			order = append(order, e.Field)
		}
		groups[e.Field] = append(groups[e.Field], e)
	}
	return groups, order
}

func appendJSONEntries(dst []byte, list []*filter.Entry) []byte {
	if len(list) == 1 {
		return appendJSONEntry(dst, list[0])
	}
	dst = append(dst, '[')
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONEntry(dst, e)
	}
	return append(dst, ']')
}

func appendJSONEntry(dst []byte, e *filter.Entry) []byte {
	if e.Operator == filter.Default {
		return appendJSONValue(dst, e)
	}
	dst = append(append(append(dst, `{"`...), e.Operator.String()...), `":`...)
	return append(appendJSONValue(dst, e), '}')
}

func appendJSONValue(dst []byte, e *filter.Entry) []byte {
	_, n := period(e.Text, false)
	switch {
	case isTime(e.Field) && (e.From != nil || e.To != nil):
		dst = append(dst, '{')
		if e.From != nil {
			dst = appendJSONText(append(dst, `"From":`...), *e.From)
		}
		if e.To != nil {
			if e.From != nil {
				dst = append(dst, ',')
			}
			dst = appendJSONText(append(dst, `"To":`...), *e.To)
		}
		return append(dst, '}')
	case isTime(e.Field) && n >= 0:
		return append(append(append(dst, `{"`...), e.Text...), `":""}`...)
	}
	return appendJSONText(dst, e.Text)
}
