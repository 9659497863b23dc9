package wire_test

import (
	"slices"
	"strings"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/wire"
)

// xmlText is what XML 1.0 makes of a text: characters that it cannot carry are
// replaced.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\ufffd'
		}
		return r
	}, s)
}

// asXML is what XML makes of records.
func asXML(recs []activity.Record) []activity.Record {
	out := slices.Clone(recs)
	for i := range out {
		r := &out[i]
		for _, text := range []*string{&r.Who, &r.Where, &r.ObjectType, &r.What, &r.Plan.ID, &r.Plan.Name, &r.Item, &r.DataSource, &r.Workstation} {
			*text = xmlText(*text)
		}
		r.Item = activity.IntegrationItem(r.Item)
		r.Details = slices.Clone(r.Details)
		for j := range r.Details {
			d := &r.Details[j]
			d.PropertyName, d.Message, d.Before, d.After = xmlText(d.PropertyName), xmlText(d.Message), xmlText(d.Before), xmlText(d.After)
		}
	}
	return out
}

// grouped is a search with entries of one field together, as JSON has them.
func grouped(s wire.Search) wire.Search {
	var order []filter.Field
	for _, e := range s.Entries {
		if !slices.Contains(order, e.Field) {
			order = append(order, e.Field)
		}
	}
	s.Entries = slices.Clone(s.Entries)
	slices.SortStableFunc(s.Entries, func(a, b filter.Entry) int {
		return slices.Index(order, a.Field) - slices.Index(order, b.Field)
	})
	return s
}

// searchAsXML is what XML makes of a search.
func searchAsXML(s wire.Search) wire.Search {
	s.Mark = strings.Trim(xmlText(s.Mark), " \t\n")
	s.Entries = slices.Clone(s.Entries)
	for i := range s.Entries {
		e := &s.Entries[i]
		e.Text = xmlText(e.Text)
		for _, end := range []**string{&e.From, &e.To} {
			if *end != nil {
				text := xmlText(**end)
				*end = &text
			}
		}
	}
	return s
}
