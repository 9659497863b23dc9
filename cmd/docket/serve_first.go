package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"docket/shared/access"
	"docket/shared/auth"
)

// credentials are an account's name and password in clear. They are held only
// while they are made or printed.
type credentials struct{ account, password string }

// firstAccount is the Global administrator of a new data directory.
const firstAccount = `Docket\Administrator`

// firstSchemes are those of the administrator that serve makes.
var firstSchemes = []auth.Scheme{auth.Basic, auth.DigestMD5, auth.DigestSHA256}

// verifiers are what is stored of a password.
func (n *seeder) verifiers(c credentials, schemes []auth.Scheme) ([]access.Verifier, error) {
	return auth.NewVerifiers(n.ring, rand.Reader, c.account, c.password, schemes)
}

// firstAdministrator makes an administrator if there is no account at all, and
// returns its credentials so that they can be printed, once.
func (n *seeder) firstAdministrator(ctx context.Context) (*credentials, error) {
	snapshot, err := n.directory.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if len(snapshot.Accounts()) > 0 {
		return nil, nil
	}
	c := credentials{firstAccount, rand.Text()}
	verifiers, err := n.verifiers(c, firstSchemes)
	if err != nil {
		return nil, err
	}
	made := false
	_, err = n.directory.Edit("docket serve", rand.Reader).Update(ctx, func(d *access.Draft) error {
		made = len(d.Snapshot().Accounts()) == 0
		if !made {
			return nil
		}
		return addAccount(d, c, firstSchemes, verifiers, access.Assignment{Role: access.GlobalAdministrator, Account: c.account})
	})
	if err != nil || !made {
		return nil, err
	}
	return &c, nil
}

// addAccount adds an account with its verifiers and one role.
func addAccount(d *access.Draft, c credentials, schemes []auth.Scheme, verifiers []access.Verifier, role access.Assignment) error {
	if err := d.AddAccount(access.Account{Name: c.account, Schemes: schemeNames(schemes)}); err != nil {
		return err
	}
	if err := d.SetPassword(c.account, verifiers); err != nil {
		return err
	}
	return d.Grant(role)
}

// printBanner says where the server is and how to talk to it.
func printBanner(w io.Writer, url string, f serveFlags, admin *credentials) {
	fmt.Fprintf(w, "Docket listens on %s (data in %s)\n", url, f.data)
	if admin != nil {
		fmt.Fprintf(w, "\nThis is a new data directory. Its Global administrator, shown only now:\n\n  account   %s\n  password  %s\n", admin.account, admin.password)
		fmt.Fprintf(w, "\nChange it with: docket account password '%s' --data %s\n", admin.account, f.data)
	}
	if f.demo {
		printDemo(w, url, f)
	}
}

// printDemo prints lines that work when pasted into a shell.
func printDemo(w io.Writer, url string, f serveFlags) {
	insecure := " -k"
	if f.http {
		insecure = ""
	}
	user := demoAccounts[0]
	curl := fmt.Sprintf("curl -sS%s -u '%s:%s'", insecure, user.account, user.password)
	api := url + "/netwrix/api/v1/activity_records"
	fmt.Fprintln(w, "\nDemo accounts (account, password, role):")
	for _, a := range demoAccounts {
		fmt.Fprintf(w, "  %-24s %-18s %s\n", a.account, a.password, a.role)
	}
	fmt.Fprintf(w, `
Read all records, three at a time, then the next page:
  %[1]s '%[2]s/enum?format=json&count=3'
  MARK=$(%[1]s '%[2]s/enum?format=json&count=3' | sed -n 's/.*"ContinuationMark":"\([^"]*\)".*/\1/p')
  %[1]s '%[2]s/enum?format=json&count=3' -d "\"$MARK\""

Search:
  %[1]s '%[2]s/search?format=json&count=3' -d '{"FilterList":{"Who":"pgustavo","Action":"Removed"}}'

Write, and find it again:
  %[1]s '%[2]s/?format=json' -d '[{"Who":"Enterprise\\Me","Where":"here","ObjectType":"File","What":"hello","Action":"Added","When":"2026-01-01T12:00:00Z"}]'
  %[1]s '%[2]s/search?format=json' -d '{"FilterList":{"Who":{"Equals":"Enterprise\\Me"}}}'

`, curl, api)
}
