package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/keys"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newAccountCommand) }

// defaultSchemes are those of a new account.
const defaultSchemes = "basic,digest"

func newAccountCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "account", "Manage the accounts that may sign in", `
An account is named DOMAIN\user, user@domain or user, compared without case. What
it may do are its roles and those of its groups: see docket role and docket group.
`)
	c.AddCommand(newAccountAdd(a), newAccountList(a), newAccountShow(a), newAccountSet(a), newAccountPassword(a), newAccountRemove(a))
	return c
}

const passwordHelp = `
The password is asked for on the terminal, read from --password-file, or made by
--generate. Only what it is checked with is stored, sealed under the key ring.`

func newAccountAdd(a *admin) *cobra.Command {
	var password passwordFlags
	var account access.Account
	var schemes string
	var without bool
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an account",
		Long:  "Add an account. It has no roles yet." + passwordHelp,
		Example: `  docket account add 'Corp\ann'
  docket account add bob@corp --generate
  docket account add feeder --password-file feeder.txt --scheme digest
  docket account add 'Corp\eve' --scheme negotiate
  pass show docket/ann | docket account add 'Corp\ann' --password-file -`,
		Args: takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			account.Name = args[0]
			if _, err := access.ParseName(account.Name); err != nil {
				return &exitError{exitUsage, err}
			}
			var err error
			if account.Schemes, err = parseSchemes(schemes); err != nil {
				return err
			}
			add := func(d *access.Draft) error { return d.AddAccount(account) }
			if without || ticketsAlone(account.Schemes) && password == (passwordFlags{}) {
				return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return add(d) })
			}
			return a.editPassword(c.Context(), password, account.Name, add)
		},
	}
	password.add(c)
	c.Flags().BoolVar(&without, "no-password", false, "give it no password: it cannot sign in until it has one")
	c.MarkFlagsMutuallyExclusive("no-password", "password-file", "generate")
	c.Flags().StringVar(&schemes, "scheme", defaultSchemes, "how it may sign in: basic, digest, digest-md5, digest-sha-256, ntlm, negotiate")
	c.Flags().BoolVar(&account.Disabled, "disabled", false, "do not let it sign in yet")
	c.Flags().StringVar(&account.Note, "note", "", "whose it is, or what for")
	c.Flags().BoolVar(&account.RecogniseRepeats, "recognise-repeats", false, recogniseHelp)
	return c
}

const recogniseHelp = "take a body that it has written in the last 15 minutes for a repetition, which stores nothing"

func parseSchemes(list string) ([]string, error) {
	schemes, err := auth.ParseSchemes(list)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--scheme: %w", err)}
	}
	return schemeNames(schemes), nil
}

func schemeNames(schemes []auth.Scheme) []string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = string(s)
	}
	slices.Sort(names)
	return names
}

// verifiers makes what the account's password is checked with.
func verifiers(ring *keys.Ring, account access.Account, password string) ([]access.Verifier, error) {
	schemes, err := auth.ParseSchemes(strings.Join(account.Schemes, ","))
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", account.Name, err)
	}
	list, err := auth.NewVerifiers(ring, rand.Reader, account.Name, password, schemes)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", account.Name, err)
	}
	return list, nil
}

// editPassword changes an account and gives it a password.
func (a *admin) editPassword(ctx context.Context, flags passwordFlags, name string, change func(*access.Draft) error) error {
	password, made, err := flags.newPassword(a.world, name)
	if err != nil {
		return err
	}
	result, err := a.change(ctx, func(d *access.Draft, data *dataDir) error {
		if err := change(d); err != nil {
			return err
		}
		return setPassword(d, data.Ring, name, password)
	})
	if err != nil {
		return err
	}
	if !made {
		return a.printResult(result)
	}
	if a.json {
		return a.printJSON(map[string]any{"version": result.Version, "changes": result.Changes, "password": password})
	}
	err = a.printResult(result)
	fmt.Fprintf(a.stdout, "password: %s\n", password)
	return err
}

func setPassword(d *access.Draft, ring *keys.Ring, name, password string) error {
	account, ok := d.Account(name)
	if !ok {
		return unknown("account", name)
	}
	if len(account.Schemes) == 0 {
		return fmt.Errorf("account %s has no schemes to sign in with: name some with --scheme", account.Name)
	}
	list, err := verifiers(ring, account, password)
	if err != nil {
		return err
	}
	return d.SetPassword(account.Name, list)
}

func newAccountPassword(a *admin) *cobra.Command {
	var password passwordFlags
	var schemes string
	c := &cobra.Command{
		Use:   "password NAME",
		Short: "Give an account another password",
		Long:  "Give an account another password. The old one is good for no further request." + passwordHelp,
		Example: `  docket account password 'Corp\ann'
  docket account password 'Corp\ann' --generate
  docket account password feeder --password-file new.txt --scheme digest`,
		Args: takes("NAME"),
	}
	password.add(c)
	c.Flags().StringVar(&schemes, "scheme", "", "how it may sign in from now on (default as before)")
	c.RunE = func(c *cobra.Command, args []string) error {
		var names []string
		var err error
		if schemes != "" {
			if names, err = parseSchemes(schemes); err != nil {
				return err
			}
		}
		return a.editPassword(c.Context(), password, args[0], func(d *access.Draft) error {
			return d.UpdateAccount(args[0], func(acc *access.Account) { setIf(names != nil, &acc.Schemes, names) })
		})
	}
	return c
}

func newAccountSet(a *admin) *cobra.Command {
	var enable, disable, recognise bool
	var note, schemes string
	c := &cobra.Command{
		Use:   "set NAME",
		Short: "Enable, disable or annotate an account, or change how it signs in",
		Long: `Enable, disable or annotate an account, or change how it signs in with the password
that it has. What was stored for a scheme that it leaves is removed; for a scheme
that the password was not set for, set it with docket account password.`,
		Example: `  docket account set 'Corp\ann' --disable
  docket account set 'Corp\ann' --scheme basic,negotiate
  docket account set 'Corp\ann' --enable --note 'back from leave'
  docket account set feeder --recognise-repeats=false`,
		Args: takes("NAME"),
	}
	c.Flags().BoolVar(&enable, "enable", false, "let it sign in")
	c.Flags().BoolVar(&disable, "disable", false, "do not let it sign in")
	c.MarkFlagsMutuallyExclusive("enable", "disable")
	c.Flags().StringVar(&note, "note", "", "whose it is, or what for")
	c.Flags().StringVar(&schemes, "scheme", "", "how it may sign in from now on (default as before)")
	c.Flags().BoolVar(&recognise, "recognise-repeats", false, recogniseHelp)
	c.RunE = func(c *cobra.Command, args []string) error {
		repeats := c.Flags().Changed("recognise-repeats")
		if !enable && !disable && schemes == "" && !repeats && !c.Flags().Changed("note") {
			return &exitError{exitUsage, errors.New("nothing to set: give --enable, --disable, --scheme, --recognise-repeats or --note")}
		}
		var names []string
		if schemes != "" {
			var err error
			if names, err = parseSchemes(schemes); err != nil {
				return err
			}
		}
		return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error {
			if names != nil {
				if err := setSchemes(d, args[0], names); err != nil {
					return err
				}
			}
			return d.UpdateAccount(args[0], func(acc *access.Account) {
				setIf(enable || disable, &acc.Disabled, disable)
				setIf(repeats, &acc.RecogniseRepeats, recognise)
				setIf(c.Flags().Changed("note"), &acc.Note, note)
			})
		})
	}
	return c
}

func newAccountRemove(a *admin) *cobra.Command {
	var cascade bool
	c := &cobra.Command{
		Use:   "remove NAME...",
		Short: "Remove accounts",
		Example: `  docket account remove 'Corp\ann'
  docket account remove 'Corp\ann' 'Corp\bob' --cascade`,
		Args: takes("NAME..."),
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), func(d *access.Draft, _ *dataDir) error { return d.RemoveAccounts(cascade, args...) })
		},
	}
	c.Flags().BoolVar(&cascade, "cascade", false, "revoke their roles and take them out of groups as well")
	return c
}
