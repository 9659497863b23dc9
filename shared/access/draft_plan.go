package access

import (
	"fmt"
	"slices"
)

// AddFolder adds a folder; the folder that it lies in must exist.
func (d *Draft) AddFolder(path string) error {
	if err := checkPath(path); err != nil {
		return err
	}
	if d.state.folders[fold(path)] != nil {
		return exists("folder", path)
	}
	if parent := FolderParent(path); parent != "" {
		above, err := d.folder(parent)
		if err != nil {
			return err
		}
		path = above.Path + path[len(parent):]
	}
	d.state.folders[fold(path)] = &Folder{Path: path}
	return nil
}

func (d *Draft) folder(path string) (*Folder, error) {
	f := d.state.folders[fold(path)]
	if f == nil {
		return nil, notFound("folder", path)
	}
	return f, nil
}

// Folder finds a folder by its path, without regard to case.
func (d *Draft) Folder(path string) (Folder, bool) {
	f, err := d.folder(path)
	if err != nil {
		return Folder{}, false
	}
	return *f, true
}

// MoveFolder gives a folder, with all that lies in it and all roles on it,
// another path.
func (d *Draft) MoveFolder(from, to string) error {
	f, err := d.folder(from)
	if err != nil {
		return err
	}
	top := fold(f.Path)
	if fold(to) != top && inFolder(fold(to), top) {
		return invalid("folder %s cannot move into itself", f.Path)
	}
	trial := &Draft{state: d.state.clone(), now: d.now, rand: d.rand}
	for k := range d.state.folders {
		if inFolder(k, top) {
			delete(trial.state.folders, k)
		}
	}
	if err := trial.AddFolder(to); err != nil {
		return err
	}
	to = trial.state.folders[fold(to)].Path
	moved := func(path string) string { return to + path[len(f.Path):] }
	for k, below := range d.state.folders {
		if inFolder(k, top) {
			path := moved(below.Path)
			if err := checkPath(path); err != nil {
				return err
			}
			trial.state.folders[fold(path)] = &Folder{Path: path}
		}
	}
	trial.repoint(top, moved)
	*d = *trial
	return nil
}

// repoint changes the folders that plans and roles name.
func (d *Draft) repoint(top string, moved func(string) string) {
	for _, p := range d.state.plans {
		if p.Folder != "" && inFolder(fold(p.Folder), top) {
			next := *p
			next.Folder = moved(p.Folder)
			d.state.setPlan(&next)
		}
	}
	var next []*Assignment
	for k, r := range d.state.roles {
		if r.Folder != "" && inFolder(fold(r.Folder), top) {
			a := *r
			a.Folder = moved(r.Folder)
			delete(d.state.roles, k)
			next = append(next, &a)
		}
	}
	for _, a := range next {
		d.state.roles[a.key()] = a
	}
}

// RemoveFolder removes a folder. If it holds folders or plans or roles are on
// it, it is ErrInUse without cascade; with it, folders below it go too, plans
// move to the folder above, and the roles are taken away.
func (d *Draft) RemoveFolder(path string, cascade bool) error {
	f, err := d.folder(path)
	if err != nil {
		return err
	}
	top := fold(f.Path)
	if uses := d.usesOfFolder(top); len(uses) > 0 && !cascade {
		return inUse("folder %s is not free: %s; remove or move these first, or use --cascade", f.Path, enumerate(uses))
	}
	for _, p := range d.state.plans {
		if p.Folder != "" && inFolder(fold(p.Folder), top) {
			next := *p
			next.Folder = FolderParent(f.Path)
			d.state.setPlan(&next)
		}
	}
	for k, r := range d.state.roles {
		if r.Folder != "" && inFolder(fold(r.Folder), top) {
			delete(d.state.roles, k)
		}
	}
	for k := range d.state.folders {
		if inFolder(k, top) {
			delete(d.state.folders, k)
		}
	}
	return nil
}

func (d *Draft) usesOfFolder(top string) []string {
	var uses []string
	for k, f := range d.state.folders {
		if k != top && inFolder(k, top) {
			uses = append(uses, "folder "+f.Path)
		}
	}
	for _, p := range d.state.plans {
		if p.Folder != "" && inFolder(fold(p.Folder), top) {
			uses = append(uses, "plan "+p.Name)
		}
	}
	for _, r := range d.state.roles {
		if r.Folder != "" && inFolder(fold(r.Folder), top) {
			uses = append(uses, "role "+d.state.describe(r))
		}
	}
	slices.Sort(uses)
	return uses
}

// AddPlan adds a plan whose name is new and returns its ID, a new one unless p
// has one.
func (d *Draft) AddPlan(p Plan) (string, error) {
	var err error
	if p.ID == "" {
		p.ID, err = newPlanID(d.rand)
	} else {
		p.ID, err = ParsePlanID(p.ID)
	}
	if err != nil {
		return "", err
	}
	if other := d.state.plans[p.ID]; other != nil {
		return "", exists("plan", fmt.Sprintf("%s (%s)", other.Name, p.ID))
	}
	return p.ID, d.putPlan(p)
}

func (d *Draft) plan(ref string) (*Plan, error) {
	p := d.state.findPlan(ref)
	if p == nil {
		return nil, notFound("plan", ref)
	}
	return p, nil
}

// Plan finds a plan by its ID, or by its name without regard to case.
func (d *Draft) Plan(ref string) (Plan, bool) {
	p, err := d.plan(ref)
	if err != nil {
		return Plan{}, false
	}
	return *p, true
}

// UpdatePlan changes a plan, named by its ID or its name. Its ID is fixed.
func (d *Draft) UpdatePlan(ref string, change func(*Plan)) error {
	old, err := d.plan(ref)
	if err != nil {
		return err
	}
	p := *old
	p.Items = slices.Clone(old.Items)
	change(&p)
	if p.ID != old.ID {
		return invalid("plan %s: its ID cannot change", old.Name)
	}
	return d.putPlan(p)
}

func (d *Draft) putPlan(p Plan) error {
	if err := checkText("plan name", p.Name); err != nil {
		return err
	}
	if other := d.state.findPlan(p.Name); other != nil && other.ID != p.ID {
		return exists("plan", other.Name)
	}
	if p.Folder != "" {
		f, err := d.folder(p.Folder)
		if err != nil {
			return err
		}
		p.Folder = f.Path
	}
	if len(p.Items) > MaxItems {
		return invalid("plan %s: %d items, at most %d", p.Name, len(p.Items), MaxItems)
	}
	for _, item := range p.Items {
		if err := checkText("item", item); err != nil {
			return err
		}
	}
	slices.Sort(p.Items)
	p.Items = slices.Compact(p.Items)
	d.state.setPlan(&p)
	return nil
}

// RemovePlan removes a plan, named by its ID or its name. If roles are on it, it
// is ErrInUse without cascade, and with it they are taken away. Its records stay
// in the ledger; only global roles see them from then on.
func (d *Draft) RemovePlan(ref string, cascade bool) error {
	p, err := d.plan(ref)
	if err != nil {
		return err
	}
	var uses []string
	for k, r := range d.state.roles {
		if r.Plan != p.ID {
			continue
		}
		uses = append(uses, d.state.describe(r))
		if cascade {
			delete(d.state.roles, k)
		}
	}
	if len(uses) > 0 && !cascade {
		slices.Sort(uses)
		return inUse("plan %s has roles on it (%s): revoke them first, or use --cascade", p.Name, enumerate(uses))
	}
	d.state.dropPlan(p.ID)
	return nil
}
