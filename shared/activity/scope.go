package activity

// Scope is which records somebody may read. The zero Scope sees nothing.
type Scope struct {
	All   bool            // every record, also those without a plan
	Plans map[string]bool // else: the records of the plans with these IDs
}

// Sees says whether records of the plan with this ID are in the scope. The
// empty ID, no plan, is for All alone.
func (s Scope) Sees(planID string) bool {
	return s.All || (planID != "" && s.Plans[planID])
}

// Empty says whether the scope sees no record whatever.
func (s Scope) Empty() bool { return !s.All && len(s.Plans) == 0 }
