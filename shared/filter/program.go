package filter

import (
	"docket/shared/activity"
	"docket/shared/segment"
)

// Program is a checked filter. It is immutable and safe for concurrent use.
type Program struct {
	// What the entries say, field by field: the oracle reads it.
	texts [numFields]words
	acts  struct{ positive, negative []activity.Action }
	whens struct{ positive, negative []interval }
	hours struct{ positive, negative []hours }

	// The same, prepared for whole segments.
	allowed    intervals   // what When may be
	plans      words       // on MonitoringPlan
	sources    words       // on DataSource
	conditions []condition // cheapest first
	parts      segment.Parts
}

// words are the entries of one text field: one of the positive ones must hold,
// if there are any, and none of the negative ones, which are kept without their
// negation.
type words struct{ positive, negative []word }

func (w *words) add(v word, negated bool) { add(&w.positive, &w.negative, v, negated) }

func (w *words) empty() bool { return len(w.positive) == 0 && len(w.negative) == 0 }

// Match says whether a record passes the filter. It is the meaning of the query
// language, record by record; Select must agree with it.
func (p *Program) Match(r *activity.Stored) bool {
	for f := RID; f < numFields; f++ {
		if !p.texts[f].empty() && !p.texts[f].match(textsOf(r, f)) {
			return false
		}
	}
	return holds(p.acts.positive, p.acts.negative, func(a activity.Action) bool { return a == r.Action }) &&
		holds(p.whens.positive, p.whens.negative, func(v interval) bool { return v.has(r.When) }) &&
		holds(p.hours.positive, p.hours.negative, func(h hours) bool { return h.has(r.When) })
}

// match says whether the texts of one field pass: a word holds of a field if it
// holds of any of its texts.
func (w *words) match(texts []string) bool {
	return holds(w.positive, w.negative, func(v word) bool {
		for _, text := range texts {
			if v.match(text) {
				return true
			}
		}
		return false
	})
}

// holds combines the entries of one field (contract, section 5).
func holds[T any](positive, negative []T, holds func(T) bool) bool {
	any := len(positive) == 0
	for _, v := range positive {
		any = any || holds(v)
	}
	for _, v := range negative {
		if holds(v) {
			return false
		}
	}
	return any
}

// textsOf returns every text of a record that a field looks at.
func textsOf(r *activity.Stored, f Field) []string {
	switch f {
	case RID:
		return []string{r.RID.String()}
	case Who:
		return []string{r.Who}
	case Where:
		return []string{r.Where}
	case ObjectType:
		return []string{r.ObjectType}
	case What:
		return []string{r.What}
	case DataSource:
		return []string{r.DataSource}
	case MonitoringPlan:
		return []string{r.Plan.Name}
	case Item:
		return []string{r.Item}
	case Workstation:
		return []string{r.Workstation}
	}
	var list []string
	for i := range r.Details {
		d := &r.Details[i]
		switch f {
		case Detail:
			list = append(list, d.PropertyName, d.Message, d.Before, d.After)
		case Before:
			list = append(list, d.Before)
		case After:
			list = append(list, d.After)
		}
	}
	return list
}

// RIDEquals returns the identifier that a record must have to pass, if the
// filter leaves only one: then the record can be read at its place. The
// identifier is as the client wrote it, in any case of letters.
func (p *Program) RIDEquals() (activity.RID, bool) {
	var rid activity.RID
	positive := p.texts[RID].positive
	if len(positive) != 1 {
		return rid, false
	}
	e, ok := positive[0].(equals)
	if !ok || len(e.text) != activity.RIDLen {
		return rid, false
	}
	copy(rid[:], e.text)
	return rid, true
}
