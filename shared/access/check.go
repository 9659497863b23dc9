package access

// check refuses a state over the limits of a directory, and one that names what
// is not in it: the last line of defence behind the methods of Draft.
func (s *state) check() error {
	for _, limit := range []struct {
		what     string
		have, at int
	}{
		{"accounts", len(s.accounts), MaxAccounts},
		{"groups", len(s.groups), MaxGroups},
		{"folders", len(s.folders), MaxFolders},
		{"plans", len(s.plans), MaxPlans},
		{"roles", len(s.roles), MaxRoles},
	} {
		if limit.have > limit.at {
			return invalid("%d %s: a directory holds at most %d", limit.have, limit.what, limit.at)
		}
	}
	for _, f := range s.folders {
		if parent := FolderParent(f.Path); parent != "" && s.folders[fold(parent)] == nil {
			return notFound("folder "+f.Path+": folder", parent)
		}
	}
	for _, p := range s.plans {
		if p.Folder != "" && s.folders[fold(p.Folder)] == nil {
			return notFound("plan "+p.Name+": folder", p.Folder)
		}
	}
	for _, g := range s.groups {
		for _, nested := range g.Groups {
			if s.groups[nameKey(nested)] == nil {
				return notFound("group "+g.Name+": group", nested)
			}
		}
	}
	for _, r := range s.roles {
		if err := s.checkRole(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) checkRole(r *Assignment) error {
	switch {
	case r.Account != "" && s.accounts[nameKey(r.Account)] == nil:
		return notFound("role "+s.describe(r)+": account", r.Account)
	case r.Group != "" && s.groups[nameKey(r.Group)] == nil:
		return notFound("role "+s.describe(r)+": group", r.Group)
	case r.Plan != "" && s.plans[r.Plan] == nil:
		return notFound("role "+s.describe(r)+": plan", r.Plan)
	case r.Folder != "" && s.folders[fold(r.Folder)] == nil:
		return notFound("role "+s.describe(r)+": folder", r.Folder)
	}
	return nil
}
