package activity

import (
	"fmt"
	"strings"
	"unicode"
)

// Problem is one thing that is wrong with a request. Path is where, in the
// XPath-like terms of the contract's section 6 and possibly empty; Text is what
// and what to do, in words meant for the client.
type Problem struct {
	Path string
	Text string
}

// Check appends to dst what is wrong with r as a record to be written, each
// problem with its path below prefix (that of the record). It does not know
// which plans exist.
func (r *Record) Check(dst []Problem, prefix string) []Problem {
	dst = checkName(dst, r.Who, prefix, "Who")
	dst = checkName(dst, r.Where, prefix, "Where")
	dst = checkName(dst, r.ObjectType, prefix, "ObjectType")
	if blank(r.What) {
		dst = append(dst, missing(prefix, "What"))
	}
	if !r.Action.Valid() {
		dst = append(dst, missing(prefix, "Action"))
	}
	if r.When < MinWhen || r.When > MaxWhen {
		dst = append(dst, Problem{prefix + "/When", "When is outside the years 0001 to 9999."})
	}
	if tooLong(r.Plan.Name, MaxName) {
		dst = append(dst, long(prefix+"/MonitoringPlan", "Name"))
	}
	for i := range r.Details {
		if d := &r.Details[i]; blank(d.PropertyName) || tooLong(d.PropertyName, MaxName) {
			dst = checkName(dst, d.PropertyName, fmt.Sprintf("%s/DetailList/Detail[%d]", prefix, i+1), "PropertyName")
		}
	}
	return dst
}

func checkName(dst []Problem, s, prefix, name string) []Problem {
	switch {
	case blank(s):
		return append(dst, missing(prefix, name))
	case tooLong(s, MaxName):
		return append(dst, long(prefix, name))
	}
	return dst
}

func missing(prefix, name string) Problem {
	return Problem{prefix + "/" + name, name + " is required and must not be blank."}
}

func long(prefix, name string) Problem {
	return Problem{prefix + "/" + name, fmt.Sprintf("%s is longer than %d characters.", name, MaxName)}
}

// blank says whether s has nothing but white space.
func blank(s string) bool {
	if s == "" {
		return true
	}
	if c := s[0]; c > ' ' && c < 0x80 {
		return false
	}
	return strings.TrimFunc(s, unicode.IsSpace) == ""
}

// IntegrationItem gives an input item's name the type that API-written items
// carry in answers: "X" becomes "X (Integration)", once.
func IntegrationItem(name string) string {
	const suffix = " (Integration)"
	if name == "" || strings.HasSuffix(name, suffix) {
		return name
	}
	return name + suffix
}

// APIDataSource is the data source of every record written through the API.
const APIDataSource = "Netwrix API"
