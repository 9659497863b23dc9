package wire

import (
	"strconv"

	"docket/shared/filter"
)

// Search is the body of a search request.
type Search struct {
	// Mark is the continuation mark, "" if there is none.
	Mark string
	// Entries are the filters in the order of the body, with their Path set;
	// names are known, meanings are not checked. None match everything.
	Entries []filter.Entry
}

// ReadSearch reads the body of a search request (contract, sections 5 and 8). A
// body without a FilterList is refused; at most filter.MaxEntries entries are
// taken. The error is an *Invalid.
func ReadSearch(f Format, body []byte) (Search, error) {
	if f == JSON {
		return readJSONSearch(body)
	}
	return readXMLSearch(body)
}

// ReadMark reads the body of POST enum: a bare JSON string, or the XML element
// ContinuationMark. The mark is not empty. The error is an *Invalid.
func ReadMark(f Format, body []byte) (string, error) {
	if f == JSON {
		return readJSONMark(body)
	}
	return readXMLMark(body)
}

// searcher collects the entries of a FilterList.
type searcher struct {
	problems
	search Search
	counts [filter.WorkingHours + 1]int // entries per field
	seen   set                          // fields that were given
}

// path is where the next entry of a field stands. XML counts equal elements from
// 1; JSON is told in XML terms.
func (s *searcher) path(f filter.Field) string {
	b := make([]byte, 0, 64)
	b = append(b, "/"+elemSearch+"/"+elemFilterList+"/"...)
	b = append(b, f.String()...)
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(s.counts[f]+1), 10)
	return string(append(b, ']'))
}

// add takes an entry, whose Path it sets.
func (s *searcher) add(e filter.Entry) error {
	if len(s.search.Entries) == filter.MaxEntries {
		if err := s.problems.add(InputError, "/"+elemSearch+"/"+elemFilterList, "The filter list has more than %d entries.", filter.MaxEntries); err != nil {
			return err
		}
		return errEnough
	}
	e.Path = s.path(e.Field)
	s.counts[e.Field]++
	s.search.Entries = append(s.search.Entries, e)
	return nil
}

// found counts what has come of the body so far.
func (s *searcher) found() int { return len(s.search.Entries) + len(s.list) }

// result is the result of a reader of searches.
func (s *searcher) result(err error, list bool) (Search, error) {
	if err == nil && !list {
		err = s.problems.add(InputError, "/"+elemSearch, "%s is required. An empty one matches everything.", elemFilterList)
	}
	if err := s.problems.result(err); err != nil {
		return Search{}, err
	}
	return s.search, nil
}

// isTime says whether a field's value is a range or a period, not a text.
func isTime(f filter.Field) bool { return f == filter.When || f == filter.WorkingHours }

// periods are the names of times that stand for themselves.
var periods = []string{"Today", "Yesterday", "LastSevenDays", "LastThirtyDays"}

// period finds the name of a period, without case if that is asked, and its
// place in periods, -1 if it is none.
func period(name string, anyCase bool) (string, int) {
	for i, p := range periods {
		if p == name || anyCase && sameName(p, name) {
			return p, i
		}
	}
	return "", -1
}

// readMark is the result of a reader of marks.
func (p *problems) readMark(mark string, err error) (string, error) {
	if err == nil && len(p.list) == 0 && mark == "" {
		err = p.add(InputError, "/"+elemMark, "The continuation mark is empty.")
	}
	if err := p.result(err); err != nil {
		return "", err
	}
	return mark, nil
}
