package api

import (
	"net/url"
	"strconv"
	"strings"

	"docket/shared/wire"
)

// params are the query parameters that Docket knows.
type params struct {
	format    wire.Format
	hasFormat bool
	count     int
}

// parseQuery reads the query string (contract, sections 1 and 8). Unknown
// parameters are ignored; one of ours that is given twice or has no valid value
// is refused. The format is set as far as it could be read even with an error,
// so that the answer can be in it.
func parseQuery(raw string) (params, error) {
	p := params{count: defaultCount}
	if len(raw) > maxQuery {
		return p, invalidInput("The query string is too long.")
	}
	var problems []string
	seen := map[string]bool{}
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, ok := unescape(name)
		if !ok || (name != "format" && name != "count") {
			continue
		}
		if seen[name] {
			problems = append(problems, "Parameter "+name+" is given more than once.")
			continue
		}
		seen[name] = true
		value, ok = unescape(value)
		if problem := p.set(name, value, ok); problem != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return p, invalidInput(problems...)
	}
	return p, nil
}

// set takes one parameter and returns what is wrong with it.
func (p *params) set(name, value string, ok bool) string {
	if name == "format" {
		switch {
		case ok && value == "json":
			p.format, p.hasFormat = wire.JSON, true
		case ok && value == "xml":
			p.format, p.hasFormat = wire.XML, true
		default:
			return "Invalid format parameter specified. It must be json or xml."
		}
		return ""
	}
	n, valid := parseCount(value)
	if !ok || !valid {
		return "Invalid count parameter specified. It must be a positive whole number."
	}
	p.count = n
	return ""
}

// parseCount reads a positive decimal number of any size and bounds it.
func parseCount(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > maxCount {
		return maxCount, true
	}
	return n, n > 0
}

func unescape(s string) (string, bool) {
	u, err := url.QueryUnescape(s)
	return u, err == nil
}
