package search

import (
	"fmt"

	"docket/shared/activity"
	"docket/shared/segment"
)

// visible drops from rows, which are ascending rows of seg, those that the scope
// does not see and those for the archive alone. It works in place.
func visible(seg rows, scope activity.Scope, rows []uint32) ([]uint32, error) {
	zone := seg.Zone()
	if zone.ArchiveOnly > 0 {
		rows = keep(rows, func(row uint32) bool { return !seg.ArchiveOnly(int(row)) })
	}
	some, all := seesPlans(zone.Plans, scope)
	switch {
	case all || len(rows) == 0:
		return rows, nil
	case !some:
		return rows[:0], nil
	}
	plans, err := seg.Text(segment.PlanID)
	if err != nil {
		return nil, fmt.Errorf("read plans: %w", err)
	}
	sees := make([]bool, plans.Entries())
	for id := range sees {
		sees[id] = scope.Sees(plans.Entry(id))
	}
	return keep(rows, func(row uint32) bool { return sees[plans.ID(int(row))] }), nil
}

// seesPlans says whether a scope sees any and whether it sees all of the plans.
func seesPlans(plans []activity.Plan, scope activity.Scope) (some, all bool) {
	all = true
	for i := range plans {
		sees := scope.Sees(plans[i].ID)
		some, all = some || sees, all && sees
	}
	return some, all
}

func keep(rows []uint32, holds func(uint32) bool) []uint32 {
	kept := rows[:0]
	for _, row := range rows {
		if holds(row) {
			kept = append(kept, row)
		}
	}
	return kept
}
