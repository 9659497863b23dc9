package access

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Draft is the directory while it is being edited. Its methods change the draft
// alone and leave it as it was when they return an error, which is one of
// ErrInvalid, ErrNotFound, ErrExists and ErrInUse. It is for one goroutine.
type Draft struct {
	state *state
	now   int64 // Unix seconds
	rand  io.Reader
}

// Snapshot returns what the directory would be.
func (d *Draft) Snapshot() *Snapshot { return newSnapshot(0, d.state.clone()) }

func (d *Draft) account(name string) (*Account, error) {
	a := d.state.resolve(name)
	if a == nil {
		return nil, notFound("account", name)
	}
	return a, nil
}

// Account finds an account as Snapshot.Account does.
func (d *Draft) Account(name string) (Account, bool) {
	a, err := d.account(name)
	if err != nil {
		return Account{}, false
	}
	return *a, true
}

// AddAccount adds an account whose name is new.
func (d *Draft) AddAccount(a Account) error {
	if err := a.check(); err != nil {
		return err
	}
	if d.state.accounts[nameKey(a.Name)] != nil {
		return exists("account", a.Name)
	}
	a.normalise()
	d.state.setAccount(&a)
	return nil
}

// UpdateAccount changes an account. Its name may change in case alone.
func (d *Draft) UpdateAccount(name string, change func(*Account)) error {
	old, err := d.account(name)
	if err != nil {
		return err
	}
	a := *old
	change(&a)
	if err := a.check(); err != nil {
		return err
	}
	if !SameName(a.Name, old.Name) {
		return invalid("account %s cannot be renamed to %s: add it and remove the other", old.Name, a.Name)
	}
	a.normalise()
	if !a.equal(old) {
		d.state.setAccount(&a)
	}
	return nil
}

// SetPassword replaces what the account's password is checked with.
func (d *Draft) SetPassword(name string, verifiers []Verifier) error {
	return d.UpdateAccount(name, func(a *Account) { a.Verifiers, a.PasswordSet = verifiers, d.now })
}

// RemoveAccounts removes accounts. If one holds roles or is in groups, it is
// ErrInUse without cascade, and with it leaves them.
func (d *Draft) RemoveAccounts(cascade bool, names ...string) error {
	keys := nameSet{}
	for _, name := range names {
		a, err := d.account(name)
		if err != nil {
			return err
		}
		keys[nameKey(a.Name)] = a.Name
	}
	if err := d.release("account", keys, cascade); err != nil {
		return err
	}
	for key := range keys {
		d.state.dropAccount(key)
	}
	return nil
}

// nameSet is names by their keys.
type nameSet map[string]string

func (s nameSet) has(name string) bool {
	_, ok := s[nameKey(name)]
	return ok
}

// release takes the roles of accounts or groups away and takes them out of
// groups; without cascade it refuses if there is something to take.
func (d *Draft) release(kind string, keys nameSet, cascade bool) error {
	group := kind == "group"
	uses := d.uses(group, keys)
	if len(uses) > 0 && !cascade {
		return inUse("%s %s is in use (%s): take these away first, or use --cascade", kind, enumerate(slices.Sorted(maps.Values(keys))), enumerate(uses))
	}
	if len(uses) == 0 {
		return nil
	}
	for k, r := range d.state.roles {
		if holder := r.holder(group); holder != "" && keys.has(holder) {
			delete(d.state.roles, k)
		}
	}
	for k, g := range d.state.groups {
		if slices.ContainsFunc(g.names(group), keys.has) {
			d.state.groups[k] = g.without(keys, group)
		}
	}
	return nil
}

// uses lists what names accounts or groups, in words.
func (d *Draft) uses(group bool, keys nameSet) []string {
	return append(d.roleUses(group, keys), d.memberUses(group, keys)...)
}

func (d *Draft) roleUses(group bool, keys nameSet) []string {
	var uses []string
	for _, r := range d.state.roles {
		if holder := r.holder(group); holder != "" && keys.has(holder) {
			uses = append(uses, "role "+d.state.describe(r))
		}
	}
	slices.Sort(uses)
	return uses
}

func (d *Draft) memberUses(group bool, keys nameSet) []string {
	var uses []string
	for _, g := range d.state.groups {
		for _, name := range g.names(group) {
			if keys.has(name) {
				uses = append(uses, name+" is in the group "+g.Name)
			}
		}
	}
	slices.Sort(uses)
	return uses
}

// enumerate joins a list for an error text, not all of it if it is long.
func enumerate(list []string) string {
	const enough = 5
	if len(list) > enough {
		list = append(slices.Clone(list[:enough]), fmt.Sprintf("and %d more", len(list)-enough))
	}
	return strings.Join(list, "; ")
}

// check refuses an account that cannot be stored.
func (a *Account) check() error {
	if _, err := ParseName(a.Name); err != nil {
		return err
	}
	if len(a.Name) > 4*MaxName || len(a.Schemes) > MaxSchemes || len(a.Verifiers) > MaxVerifiers {
		return invalid("account %.40s: its name, schemes or verifiers are over their limits", a.Name)
	}
	for _, s := range a.Schemes {
		if err := checkText("scheme", s); err != nil {
			return err
		}
	}
	return checkNote(a.Note)
}

func (a *Account) normalise() {
	a.Schemes = slices.Clone(a.Schemes)
	slices.Sort(a.Schemes)
	a.Schemes = slices.Compact(a.Schemes)
	a.Verifiers = slices.Clone(a.Verifiers)
}

func (a *Account) equal(b *Account) bool {
	return a.Name == b.Name && a.Disabled == b.Disabled && a.Note == b.Note && a.PasswordSet == b.PasswordSet &&
		a.RecogniseRepeats == b.RecogniseRepeats &&
		slices.Equal(a.Schemes, b.Schemes) && sameVerifiers(a.Verifiers, b.Verifiers)
}

func sameVerifiers(a, b []Verifier) bool {
	return slices.EqualFunc(a, b, func(v, w Verifier) bool {
		return v.Scheme == w.Scheme && v.Form == w.Form && bytes.Equal(v.Sealed, w.Sealed)
	})
}

// checkNote refuses notes that are too long or not text.
func checkNote(note string) error {
	if n := len([]rune(note)); n > MaxNote {
		return invalid("note of %d characters: at most %d", n, MaxNote)
	}
	if strings.ContainsFunc(note, invisible) {
		return invalid("note %s holds control or invisible characters", quoted(note))
	}
	return nil
}

// SetDefaultDomain sets where names without a domain are looked up first; empty
// is nowhere.
func (d *Draft) SetDefaultDomain(domain string) error {
	if domain != "" {
		if _, err := ParseName(domain + `\x`); err != nil {
			return fmt.Errorf("default domain: %w", err)
		}
	}
	d.state.settings.DefaultDomain = domain
	return nil
}
