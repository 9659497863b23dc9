package main

import (
	"crypto/rand"
	"errors"
	"time"

	"docket/shared/ledger"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newLedgerCommand) }

func newLedgerCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "ledger", "Manage the ledger of records", "")
	c.AddCommand(newLedgerStatus(a), newLedgerCheck(a), newLedgerCompact(a), newLedgerRestored(a))
	return c
}

func newLedgerRestored(a *admin) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "restored",
		Short: "Say that the records were restored from a backup",
		Long: `Say that the records were restored from a backup, before anybody writes to them
again. Positions behind the end of the restored records will be given out a second
time; this notes where that end is, so that a client whose mark lies behind it goes
on from there and misses nothing that is written from now on.`,
		Example: "  docket ledger restored --data /var/lib/docket --yes\n  docket ledger restored --aws --stack Docket --yes",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if !yes {
				return &exitError{exitUsage, errors.New("this cannot be undone: say --yes once the records are those of the backup and nobody writes")}
			}
			data, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer data.Close()
			if data.server != nil {
				return errors.New("a server has this data directory open and may write: stop it first")
			}
			l, err := ledger.Open(c.Context(), ledger.Config{Table: data.Table(recordsTable), Ring: data.Ring, Now: time.Now, Rand: rand.Reader})
			if err != nil {
				return data.explain(err)
			}
			epoch, err := l.BeginEpoch(c.Context())
			if err != nil {
				return data.explain(err)
			}
			return a.printNumber("epoch", uint64(epoch))
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "the records are those of the backup and nobody writes")
	return c
}
