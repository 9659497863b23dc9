package access

import (
	"slices"
	"strings"
)

// Account is somebody who can sign in.
//
// Values handed out by a Snapshot share memory with it: copy slices before
// changing them.
type Account struct {
	Name     string   `json:"name"` // as the administrator wrote it; see ParseName
	Disabled bool     `json:"disabled,omitempty"`
	Note     string   `json:"note,omitempty"`
	Schemes  []string `json:"schemes,omitempty"` // enabled schemes of sign-in, in the words of package auth
	// Verifiers are what passwords are checked with, made by package auth.
	Verifiers []Verifier `json:"verifiers,omitempty"`
	// PasswordSet is when the verifiers were last replaced, Unix seconds; 0 is never.
	PasswordSet int64 `json:"passwordSet,omitempty"`
	// RecogniseRepeats makes a body that the account has written in the last 15
	// minutes a repetition, which stores nothing: for writers that cannot send an
	// Idempotency-Key but do retry.
	RecogniseRepeats bool `json:"recogniseRepeats,omitempty"`
}

// Verifier is what one scheme needs to check a password for one form of the
// account's name. It is opaque here.
type Verifier struct {
	Scheme string `json:"scheme"`
	Form   string `json:"form,omitempty"`
	Sealed []byte `json:"sealed"`
}

// Group is a named set of accounts and of other groups.
type Group struct {
	Name    string
	Note    string
	Members []string // account names, sorted; they need not be accounts of the directory
	Groups  []string // names of groups whose members are members too, sorted
}

// The groups that exist in every directory: members of the first are Global
// administrators, of the second Global reviewers (contract, section 7).
const (
	AdministratorsGroup = "Netwrix Auditor Administrators"
	ClientUsersGroup    = "Netwrix Auditor Client Users"
)

// BuiltIn reports whether the group exists in every directory.
func (g *Group) BuiltIn() bool {
	return SameName(g.Name, AdministratorsGroup) || SameName(g.Name, ClientUsersGroup)
}

// Folder holds plans and other folders.
type Folder struct {
	// Path is the names from the top, joined by slashes: Corporation/Europe.
	// Compared without case.
	Path string `json:"path"`
}

// Plan is a monitoring plan. Its ID, fixed for ever, decides who may read its
// records; its name is what people see.
type Plan struct {
	ID      string   `json:"id"`                // a GUID: {42F64379-163E-4A43-A9C5-4514C5A23798}
	Name    string   `json:"name"`              // no two plans have the same name, compared without case
	Folder  string   `json:"folder,omitempty"`  // the path of its folder; empty is the top
	Enabled bool     `json:"enabled,omitempty"` // may be written to through the API
	Items   []string `json:"items,omitempty"`   // what it monitors, with the type: web01 (Integration)
}

// Settings are of the directory as a whole.
type Settings struct {
	// DefaultDomain is where a name without a domain is looked up first.
	DefaultDomain string `json:"defaultDomain,omitempty"`
}

// The limits, each far above what an installation needs and low enough that a
// directory fits memory and every entry fits an item of the table.
const (
	MaxAccounts  = 100_000
	MaxGroups    = 20_000
	MaxMembers   = 200_000 // accounts and groups of one group
	MaxFolders   = 10_000
	MaxDepth     = 16 // names of one folder path
	MaxPlans     = 10_000
	MaxItems     = 500 // of one plan
	MaxRoles     = 100_000
	MaxNote      = 1_000 // code points
	MaxSchemes   = 16
	MaxVerifiers = 64
	MaxEntry     = 256 << 10 // bytes of one stored entry
)

// FolderParent is the path of the folder that a folder lies in, empty at the
// top.
func FolderParent(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

// inFolder reports whether a folder is another one or lies below it. Both are
// folded.
func inFolder(path, top string) bool {
	return path == top || strings.HasPrefix(path, top+"/")
}

// checkPath refuses malformed folder paths.
func checkPath(path string) error {
	names := strings.Split(path, "/")
	if len(names) > MaxDepth {
		return invalid("folder %s is deeper than %d", quoted(path), MaxDepth)
	}
	for _, name := range names {
		if err := checkText("folder name in "+path, name); err != nil {
			return err
		}
	}
	return nil
}

// sortNames sorts names by identity and drops repetitions.
func sortNames(names []string) []string {
	sorted := slices.Clone(names)
	slices.SortFunc(sorted, func(a, b string) int {
		return strings.Compare(nameKey(a)+"\x00"+a, nameKey(b)+"\x00"+b)
	})
	return slices.CompactFunc(sorted, SameName)
}
