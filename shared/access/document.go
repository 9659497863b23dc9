package access

// Document describes a directory, or a part of one, as a file does. A list that
// is nil is not described at all; an empty one says that there is nothing of the
// kind. The same holds for the fields of a thing: nil leaves it as it is.
type Document struct {
	DefaultDomain *string
	Folders       []FolderSpec
	Plans         []PlanSpec
	Accounts      []AccountSpec
	Groups        []GroupSpec
	Roles         []RoleSpec
}

// FolderSpec describes a folder. Line is where the file says so.
type FolderSpec struct {
	Line int
	Path string
}

// PlanSpec describes a plan, known by its ID if one is given and else by its
// name.
type PlanSpec struct {
	Line    int
	ID      string
	Name    string
	Folder  *string
	Enabled *bool
	Items   []string
}

// AccountSpec describes an account.
type AccountSpec struct {
	Line     int
	Name     string
	Disabled *bool
	Note     *string
	Schemes  []string

	RecogniseRepeats *bool
}

// GroupSpec describes a group.
type GroupSpec struct {
	Line    int
	Name    string
	Note    *string
	Members []string
	Groups  []string
}

// RoleSpec describes a role given. Its plan may be named by ID or by name.
type RoleSpec struct {
	Line int
	Assignment
}

// Document describes the directory, but for what accounts sign in with.
func (s *Snapshot) Document() *Document {
	doc := &Document{
		Folders: []FolderSpec{}, Plans: []PlanSpec{}, Accounts: []AccountSpec{}, Groups: []GroupSpec{}, Roles: []RoleSpec{},
	}
	domain := s.Settings().DefaultDomain
	doc.DefaultDomain = &domain
	for _, f := range s.Folders() {
		doc.Folders = append(doc.Folders, FolderSpec{Path: f.Path})
	}
	for _, p := range s.Plans() {
		doc.Plans = append(doc.Plans, PlanSpec{ID: p.ID, Name: p.Name, Folder: &p.Folder, Enabled: &p.Enabled, Items: given(p.Items)})
	}
	for _, a := range s.Accounts() {
		doc.Accounts = append(doc.Accounts, AccountSpec{Name: a.Name, Disabled: &a.Disabled, Note: &a.Note, Schemes: given(a.Schemes), RecogniseRepeats: &a.RecogniseRepeats})
	}
	for _, g := range s.Groups() {
		doc.Groups = append(doc.Groups, GroupSpec{Name: g.Name, Note: &g.Note, Members: given(g.Members), Groups: given(g.Groups)})
	}
	for _, a := range s.Assignments() {
		if p := s.state.plans[a.Plan]; p != nil {
			a.Plan = p.Name
		}
		doc.Roles = append(doc.Roles, RoleSpec{Assignment: a})
	}
	return doc
}

func given(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
