package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"docket/shared/keys"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newKeysCommand) }

func newKeysCommand(w world) *cobra.Command {
	c, a := newAdminCommand(w, "keys", "Manage the key ring", `
The ring has the secrets with which marks, RIDs, nonces and passwords are sealed.
Old keys stay in it for ever, so that a rotation breaks nothing issued before.
`)
	c.AddCommand(newKeysRotate(a))
	return c
}

func newKeysRotate(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Add a key and use it from now on",
		Long: `Add a key and use it from now on. What runs with the old ring does not know the
new key, and refuses marks made with it: stop the server first, and in AWS follow
"Key rotation" in docs/operations.md.`,
		Example: "  docket keys rotate --data /var/lib/docket\n  docket keys rotate --aws --stack Docket",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			data, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer data.Close()
			if data.server != nil {
				return errors.New("a server has this data directory open and would go on with the old ring: stop it first")
			}
			ring, err := data.Ring.Rotate(rand.Reader, time.Now())
			if err != nil {
				return err
			}
			if data.deployed != nil {
				err = data.deployed.saveRing(c.Context(), ring)
			} else {
				err = ring.SaveFile(filepath.Join(data.Path, ringFile))
			}
			if err != nil {
				return err
			}
			return a.printNumber("key", uint64(ring.Current(keys.Marks).ID))
		},
	}
}

// printNumber prints one number and what it is.
func (a *admin) printNumber(name string, n uint64) error {
	if a.json {
		return a.printJSON(map[string]uint64{name: n})
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %d\n", name, n)
	return err
}
