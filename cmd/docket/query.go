package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"docket/shared/filter"
)

// queryFlags are the filters of a search.
type queryFlags struct {
	texts        map[filter.Field]*[]string // the short flags, by field
	filters      []string
	when         []string
	from, to     string
	workingHours []string
}

// queryHelp explains them, for every command that has them.
const queryHelp = `

Filters: --who, --where, --what and so on look for a text anywhere in the field;
--action and --rid for exactly this one. --filter 'FIELD:OPERATOR=VALUE' does
everything else:

  fields     RID Who Where ObjectType What DataSource MonitoringPlan Item
             Workstation Detail Before After Action When WorkingHours
  operators  Contains DoesNotContain Equals NotEqualTo StartsWith EndsWith,
             for Who also InGroup NotInGroup;
             for Action, When, WorkingHours only Equals NotEqualTo

The operator may be left out (--filter 'Who=smith' is --who smith). Different
fields must all match. Of several filters of one field one of the positive ones
must match and all of the negative ones. Upper and lower case are the same.

When is Today, Yesterday, LastSevenDays, LastThirtyDays or FROM..TO, where either
end may be left out: 2026-01-31T08:00:00Z, or with an offset, or a day alone,
which is the whole day in UTC. --from A --to B is --when A..B. WorkingHours is
FROM..TO as in 08:00:00Z..18:00:00Z and may pass midnight.`

// textFlags are the fields with a flag of their own.
var textFlags = []struct {
	name  string
	field filter.Field
	help  string
}{
	{"who", filter.Who, "account that did it"},
	{"where", filter.Where, "host where it was done"},
	{"object-type", filter.ObjectType, "type of the object"},
	{"what", filter.What, "object"},
	{"data-source", filter.DataSource, "data source"},
	{"plan", filter.MonitoringPlan, "monitoring plan"},
	{"item", filter.Item, "item of the plan"},
	{"workstation", filter.Workstation, "where the account worked from"},
	{"detail", filter.Detail, "anything in the details"},
	{"before", filter.Before, "value before"},
	{"after", filter.After, "value after"},
	{"action", filter.Action, "action, such as Modified or 'Failed Logon'"},
	{"rid", filter.RID, "identifier of the record"},
}

func (f *queryFlags) add(c *cobra.Command) {
	fl := c.Flags()
	f.texts = make(map[filter.Field]*[]string)
	for _, t := range textFlags {
		f.texts[t.field] = fl.StringArray(t.name, nil, t.help+" (repeatable)")
	}
	fl.StringArrayVar(&f.filters, "filter", nil, "any filter, as FIELD:OPERATOR=VALUE (repeatable)")
	fl.StringArrayVar(&f.when, "when", nil, "Today, Yesterday, LastSevenDays, LastThirtyDays or FROM..TO (repeatable)")
	fl.StringVar(&f.from, "from", "", "not before this day or time")
	fl.StringVar(&f.to, "to", "", "not after this day or time")
	fl.StringArrayVar(&f.workingHours, "working-hours", nil, "FROM..TO, as in 08:00:00Z..18:00:00Z (repeatable)")
	c.Long += queryHelp
}

// entries are the filters in the order of the contract's list.
func (f *queryFlags) entries() ([]filter.Entry, error) {
	var list []filter.Entry
	for _, t := range textFlags {
		op := filter.Default
		if t.field == filter.RID {
			op = filter.Equals
		}
		for _, text := range *f.texts[t.field] {
			list = append(list, filter.Entry{Field: t.field, Operator: op, Text: text})
		}
	}
	for _, text := range f.when {
		list = append(list, whenEntry(filter.Default, text))
	}
	if f.from != "" || f.to != "" {
		list = append(list, whenEntry(filter.Default, f.from+".."+f.to))
	}
	for _, text := range f.workingHours {
		e, err := rangeEntry(filter.WorkingHours, filter.Default, text)
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("--working-hours: %w", err)}
		}
		list = append(list, e)
	}
	for _, text := range f.filters {
		e, err := parseFilter(text)
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("--filter %q: %w", text, err)}
		}
		list = append(list, e)
	}
	return list, nil
}

// parseFilter reads FIELD[:OPERATOR]=VALUE.
func parseFilter(text string) (filter.Entry, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return filter.Entry{}, fmt.Errorf("it has no =, as in Who:StartsWith=CORP\\")
	}
	name, opName, hasOp := strings.Cut(name, ":")
	field, ok := filter.ParseField(name)
	if !ok {
		return filter.Entry{}, fmt.Errorf("there is no field %q", name)
	}
	op := filter.Default
	if hasOp {
		if op, ok = filter.ParseOperator(opName); !ok {
			return filter.Entry{}, fmt.Errorf("there is no operator %q", opName)
		}
	}
	switch field {
	case filter.When:
		return whenEntry(op, value), nil
	case filter.WorkingHours:
		return rangeEntry(field, op, value)
	}
	return filter.Entry{Field: field, Operator: op, Text: value}, nil
}

// whenEntry reads a period's name or a range.
func whenEntry(op filter.Operator, text string) filter.Entry {
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		if !isDay(text) {
			return filter.Entry{Field: filter.When, Operator: op, Text: text}
		}
		from, to = text, text
	}
	e := filter.Entry{Field: filter.When, Operator: op}
	if from != "" {
		e.From = wholeDay(from, "T00:00:00Z")
	}
	if to != "" {
		e.To = wholeDay(to, "T23:59:59Z")
	}
	return e
}

// rangeEntry reads FROM..TO.
func rangeEntry(field filter.Field, op filter.Operator, text string) (filter.Entry, error) {
	from, to, ok := strings.Cut(text, "..")
	if !ok {
		return filter.Entry{}, fmt.Errorf("%q is no range, as in 08:00:00Z..18:00:00Z", text)
	}
	e := filter.Entry{Field: field, Operator: op}
	if from != "" {
		e.From = &from
	}
	if to != "" {
		e.To = &to
	}
	return e, nil
}

// isDay says whether text is a day alone, YYYY-MM-DD.
func isDay(text string) bool { return len(text) == 10 && text[4] == '-' && text[7] == '-' }

func wholeDay(text, clock string) *string {
	if isDay(text) {
		text += clock
	}
	return &text
}

// describe is the filters as one text, the same for the same filters: it tells
// states of different searches apart.
func describe(entries []filter.Entry) string {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteString(" and ")
		}
		b.WriteString(e.Field.String())
		if e.Operator != filter.Default {
			fmt.Fprintf(&b, ":%v", e.Operator)
		}
		b.WriteByte('=')
		if e.From == nil && e.To == nil {
			fmt.Fprintf(&b, "%q", e.Text)
			continue
		}
		for j, end := range []*string{e.From, e.To} {
			if end != nil {
				fmt.Fprintf(&b, "%q", *end)
			}
			if j == 0 {
				b.WriteString("..")
			}
		}
	}
	return b.String()
}
