package filter

import "docket/shared/segment"

// columnsOf says where the texts of a field lie.
var columnsOf = [numFields][]segment.Column{
	Who:            {segment.Who},
	Where:          {segment.Where},
	ObjectType:     {segment.ObjectType},
	What:           {segment.What},
	DataSource:     {segment.DataSource},
	MonitoringPlan: {segment.PlanName},
	Item:           {segment.Item},
	Workstation:    {segment.Workstation},
	Before:         {segment.DetailBefore},
	After:          {segment.DetailAfter},
	Detail:         {segment.DetailName, segment.DetailMessage, segment.DetailBefore, segment.DetailAfter},
}

// cheapestFirst is the order in which Select asks conditions: numbers, columns
// with small dictionaries, columns with large ones, and what is computed by row.
var cheapestFirst = []Field{
	When, Action, DataSource, MonitoringPlan, ObjectType, Item, Workstation, Where, Who, WorkingHours,
	Before, After, What, Detail, RID,
}

// program prepares what was collected.
func (b *builder) program() *Program {
	p := &Program{
		texts: b.texts, acts: b.acts, whens: b.whens, hours: b.hours,
		allowed: newIntervals(b.whens.positive, b.whens.negative),
		plans:   merged(b.texts[MonitoringPlan]), sources: merged(b.texts[DataSource]),
	}
	for _, f := range cheapestFirst {
		if c := b.condition(f, p); c != nil {
			p.conditions = append(p.conditions, c)
			p.parts |= partsOf(f)
		}
	}
	return p
}

// partsOf is what a condition on a field reads; of RID, what identifiers are made
// of.
func partsOf(f Field) segment.Parts {
	switch f {
	case When, WorkingHours, RID:
		return segment.Times.Of()
	case Action:
		return segment.Actions.Of()
	}
	var parts segment.Parts
	for _, c := range columnsOf[f] {
		parts |= c.Of()
	}
	return parts
}

// condition is what the entries of one field say together; nil if there are
// none.
func (b *builder) condition(f Field, p *Program) condition {
	switch f {
	case When:
		if len(b.whens.positive)+len(b.whens.negative) > 0 {
			return whenCondition{p.allowed}
		}
	case Action:
		if len(b.acts.positive)+len(b.acts.negative) > 0 {
			return actionCondition{newActionSet(b.acts.positive, b.acts.negative)}
		}
	case WorkingHours:
		if len(b.hours.positive)+len(b.hours.negative) > 0 {
			return hoursCondition{newIntervals(dayIntervals(b.hours.positive), dayIntervals(b.hours.negative))}
		}
	default:
		if !b.texts[f].empty() {
			return textual(f, b.texts[f])
		}
	}
	return nil
}

func merged(w words) words { return words{mergeEquals(w.positive), mergeEquals(w.negative)} }

func textual(f Field, w words) condition {
	w = merged(w)
	switch columns := columnsOf[f]; {
	case f == RID:
		return ridCondition{w}
	case f == Before || f == After || f == Detail:
		return &detailCondition{f, columns, w}
	default:
		return &textCondition{f, columns[0], w}
	}
}
