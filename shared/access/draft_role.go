package access

// Grant gives a role. The account may be named in any form, the plan by its ID
// or name. It is ErrExists if the holder has it already.
func (d *Draft) Grant(a Assignment) error {
	a, err := d.canonical(a)
	if err != nil {
		return err
	}
	key := a.key()
	if d.state.roles[key] != nil {
		return exists("role", d.state.describe(&a))
	}
	d.state.roles[key] = &a
	return nil
}

// Revoke takes a role away. It is ErrNotFound if the holder does not have it;
// what comes by a group is taken from the group.
func (d *Draft) Revoke(a Assignment) error {
	a, err := d.canonical(a)
	if err != nil {
		return err
	}
	key := a.key()
	if d.state.roles[key] == nil {
		return notFound("role", d.state.describe(&a))
	}
	delete(d.state.roles, key)
	return nil
}

// Holds reports whether the role is given just so.
func (d *Draft) Holds(a Assignment) bool {
	a, err := d.canonical(a)
	return err == nil && d.state.roles[a.key()] != nil
}

// canonical names everything as the directory does, and refuses what is not in
// it.
func (d *Draft) canonical(a Assignment) (Assignment, error) {
	if err := a.check(); err != nil {
		return a, err
	}
	if a.Account != "" {
		account, err := d.account(a.Account)
		if err != nil {
			return a, err
		}
		a.Account = account.Name
	}
	if a.Group != "" {
		group, err := d.group(a.Group)
		if err != nil {
			return a, err
		}
		a.Group = group.Name
	}
	if a.Plan != "" {
		plan, err := d.plan(a.Plan)
		if err != nil {
			return a, err
		}
		a.Plan = plan.ID
	}
	if a.Folder != "" {
		folder, err := d.folder(a.Folder)
		if err != nil {
			return a, err
		}
		a.Folder = folder.Path
	}
	return a, nil
}

// describe says what an assignment gives: Reviewer of account A on plan P.
func (s *state) describe(a *Assignment) string {
	text := a.Role.String()
	if a.Account != "" {
		text += " of account " + a.Account
	} else {
		text += " of group " + a.Group
	}
	if a.Folder != "" {
		text += " on folder " + a.Folder
	}
	if a.Plan != "" {
		name := a.Plan
		if p := s.plans[a.Plan]; p != nil {
			name = p.Name
		}
		text += " on plan " + name
	}
	return text
}
