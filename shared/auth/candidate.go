package auth

import (
	"docket/shared/access"
)

// candidate is what a name's password is checked against: an account's
// verifier or a fake.
type candidate struct {
	account access.Account // the account of that name; zero if there is none
	known   bool           // a proof that fits counts
	sealed  []byte
	plain   []byte
}

// candidate finds what to check a name against, by the same steps whether or
// not somebody has it.
func (a *Authenticator) candidate(snap *access.Snapshot, name string, s Scheme, form string) candidate {
	account, found := snap.Account(name)
	fake := a.vault.fake(name, s, form)
	c := candidate{account: account, sealed: fake}
	owner := ""
	list := decoys
	if found {
		list = account.Verifiers
	}
	if sealed, ok := find(list, s, form); ok && enabled(&account, s) {
		c.sealed, c.known, owner = sealed, true, account.Name
	}
	plain, err := a.vault.open(c.sealed, owner, s, form)
	if err != nil {
		a.log.Error("verifier cannot be used: set the password anew", "account", account.Name, "scheme", string(s), "error", err)
		c.known = false
		plain, err = a.vault.open(fake, "", s, form)
	}
	if err != nil {
		c.known = false
	}
	c.plain = plain
	return c
}

// find looks through all of a list, so that it takes as long for every place.
func find(list []access.Verifier, s Scheme, form string) (sealed []byte, ok bool) {
	for i := range list {
		if list[i].Scheme == string(s) && list[i].Form == form {
			sealed, ok = list[i].Sealed, true
		}
	}
	return sealed, ok
}

// decoys are searched for names that nobody has: as many as an account with a
// domain and all schemes has.
var decoys = make([]access.Verifier, 20)
