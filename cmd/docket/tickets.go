package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"docket/shared/auth"
	"docket/shared/auth/kerberos"
	"docket/shared/environment"

	"github.com/spf13/cobra"
)

// ticketFlags are what Kerberos tickets are judged by.
type ticketFlags struct {
	keytab         string
	realms, groups []string
}

func (f *ticketFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.keytab, "keytab", "", "file with the keys of HTTP/HOST, for Kerberos tickets in negotiate")
	fl.StringArrayVar(&f.realms, "realm", nil, "with --keytab: REALM=DOMAIN, whose users may sign in, and their accounts' domain; may be repeated")
	fl.StringArrayVar(&f.groups, "group-sid", nil, "with --keytab: SID=GROUP, a group that a ticket's SID stands for; may be repeated")
}

// read makes what judges tickets, nil if there is no keytab. It says what to change
// in terms of the flags.
func (f *ticketFlags) read() (auth.Kerberos, error) {
	if f.keytab == "" {
		if len(f.realms)+len(f.groups) > 0 {
			return nil, &exitError{exitUsage, errors.New("--realm and --group-sid go with --keytab")}
		}
		return nil, nil
	}
	content, err := os.ReadFile(f.keytab)
	if err != nil {
		return nil, fmt.Errorf("--keytab: %w", err)
	}
	tickets, err := kerberos.Read(content, f.realms, f.groups, time.Now)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--keytab, --realm, --group-sid: %w", err)}
	}
	return tickets, nil
}

// readableByOthers reports whether the keytab's mode lets others than its owner read
// it: it is worth as much as everybody's password.
func (f *ticketFlags) readableByOthers() bool {
	info, err := os.Stat(f.keytab)
	return f.keytab != "" && err == nil && info.Mode().Perm()&0o077 != 0
}

// Names of the secrets of a rehearsal; those of the templates begin with the same.
const (
	ringSecret   = "KeyRing"
	keytabSecret = "Keytab"
)

// variables are what the authorizer gets in a rehearsal, as from a deployment.
func (f *ticketFlags) variables() (map[string]string, error) {
	if f.keytab == "" {
		return nil, nil
	}
	realms, err1 := json.Marshal(slices.Concat([]string{}, f.realms))
	groups, err2 := json.Marshal(slices.Concat([]string{}, f.groups))
	return map[string]string{
		environment.KeytabSecret: keytabSecret, environment.Realms: string(realms), environment.GroupSIDs: string(groups),
	}, errors.Join(err1, err2)
}

// isKeytab reports whether a secret's name or ARN is the keytab's.
func isKeytab(id string) bool {
	_, name, ok := strings.Cut(id, ":secret:")
	if !ok {
		name = id
	}
	return strings.HasPrefix(name, keytabSecret)
}
