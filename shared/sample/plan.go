package sample

import (
	"cmp"
	"slices"

	"docket/shared/activity"
)

// Plan is a monitoring plan that the records name.
type Plan struct {
	Name    string
	Items   []string // distinct items of its records, with their type, sorted
	Records int      // how many of the records are the plan's
}

// Plans lists the plans of recs, the one with the most records first and equal
// ones by name. Records without a plan are left out.
func Plans(recs []activity.Record) []Plan {
	counts := map[string]*Plan{}
	for i := range recs {
		name := recs[i].Plan.Name
		if name == "" {
			continue
		}
		p := counts[name]
		if p == nil {
			p = &Plan{Name: name}
			counts[name] = p
		}
		p.Records++
		if item := recs[i].Item; item != "" && !slices.Contains(p.Items, item) {
			p.Items = append(p.Items, item)
		}
	}
	plans := make([]Plan, 0, len(counts))
	for _, p := range counts {
		slices.Sort(p.Items)
		plans = append(plans, *p)
	}
	slices.SortFunc(plans, func(a, b Plan) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.Name, b.Name))
	})
	return plans
}
