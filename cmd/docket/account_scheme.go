package main

import (
	"fmt"
	"strings"

	"docket/shared/access"
	"docket/shared/auth"
)

// ticketsAlone reports whether an account signs in by nothing that has a password.
func ticketsAlone(schemes []string) bool {
	return len(schemes) == 1 && schemes[0] == string(auth.Negotiate)
}

// setSchemes changes how an account signs in with the password that it has, and
// removes what is stored for schemes that it leaves.
func setSchemes(d *access.Draft, name string, schemes []string) error {
	account, ok := d.Account(name)
	if !ok {
		return unknown("account", name)
	}
	wanted, err := auth.ParseSchemes(strings.Join(schemes, ","))
	if err != nil {
		return err
	}
	kept, err := auth.KeepVerifiers(account.Verifiers, wanted)
	if err != nil {
		return fmt.Errorf("account %s: %w: set it with docket account password --scheme", account.Name, err)
	}
	return d.UpdateAccount(name, func(a *access.Account) { a.Schemes, a.Verifiers = schemes, kept })
}
