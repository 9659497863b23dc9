package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/auth"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/sample"
)

// demoAccounts are published: whoever reads the documentation knows them.
var demoAccounts = []struct {
	credentials
	role access.Role
}{
	{credentials{`Enterprise\NetwrixUser`, "NetwrixIsCool"}, access.GlobalAdministrator},
	{credentials{`Enterprise\Reviewer`, "ReviewerIsCool"}, access.Reviewer},
	{credentials{`Enterprise\Contributor`, "ContributorIsCool"}, access.Contributor},
}

// demoSchemes are all: a published password has nothing to lose.
var demoSchemes = []auth.Scheme{auth.Basic, auth.DigestMD5, auth.DigestSHA256, auth.NTLM, auth.Negotiate}

const (
	demoPlan  = "Integrations and custom sources"
	demoGroup = `Enterprise\Administrators`
	// demoKey makes the seeding exact: a demo that was stopped half way, or is
	// started again, has each record once.
	demoKey = "demo records, edition 1"
	// demoBatch is the size of batch that the API's documentation advises.
	demoBatch = 1000
)

// demoMemory is how long the keys of the seeding live: longer than a demo.
const demoMemory = 100 * 365 * 24 * time.Hour

// seeder fills a new installation.
type seeder struct {
	directory *access.Directory
	ledger    *ledger.Ledger
	ring      *keys.Ring
}

// seedDemo adds what the demo has and the directory lacks.
func (n *seeder) seedDemo(ctx context.Context, by string) error {
	records, err := sample.Records()
	if err != nil {
		return err
	}
	plans := sample.Plans(records)
	if err := n.seedDirectory(ctx, plans, by); err != nil {
		return fmt.Errorf("add the demo's accounts and plans: %w", err)
	}
	snapshot, err := n.directory.Snapshot(ctx)
	if err != nil {
		return err
	}
	for i := range records {
		plan, ok := snapshot.FindPlan(records[i].Plan.Name)
		if !ok {
			return fmt.Errorf("demo plan %q is missing", records[i].Plan.Name)
		}
		records[i].Plan = activity.Plan{ID: plan.ID, Name: plan.Name}
	}
	for i := 0; i < len(records); i += demoBatch {
		batch := records[i:min(i+demoBatch, len(records))]
		_, err := n.ledger.Append(ctx, ledger.Batch{
			Records: batch, Principal: by,
			Key: &ledger.Key{Owner: "demo", Text: fmt.Sprintf("%s, from %d", demoKey, i), Life: demoMemory},
		})
		if err != nil {
			return fmt.Errorf("add the demo's records from %d: %w", i, err)
		}
	}
	return nil
}

// seedDirectory adds plans, accounts, their roles and the group, each only
// where it is missing, so that changes made to a demo stay.
func (n *seeder) seedDirectory(ctx context.Context, plans []sample.Plan, by string) error {
	verifiers := map[string][]access.Verifier{}
	snapshot, err := n.directory.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, a := range demoAccounts {
		if _, ok := snapshot.Account(a.account); ok {
			continue
		}
		if verifiers[a.account], err = n.verifiers(a.credentials, demoSchemes); err != nil {
			return err
		}
	}
	_, err = n.directory.Edit(by, rand.Reader).Update(ctx, func(d *access.Draft) error {
		if err := addDemoPlans(d, plans); err != nil {
			return err
		}
		for _, a := range demoAccounts {
			if _, ok := d.Account(a.account); ok || verifiers[a.account] == nil {
				continue
			}
			if err := addAccount(d, a.credentials, demoSchemes, verifiers[a.account], assignment(a.account, a.role, d, plans[0].Name)); err != nil {
				return err
			}
		}
		if _, ok := d.Group(demoGroup); !ok {
			return d.AddGroup(access.Group{Name: demoGroup, Members: []string{demoAccounts[0].account}})
		}
		return nil
	})
	return err
}

// addDemoPlans adds the plan for API data and those of the sample.
func addDemoPlans(d *access.Draft, plans []sample.Plan) error {
	if _, ok := d.Plan(demoPlan); !ok {
		if _, err := d.AddPlan(access.Plan{Name: demoPlan, Enabled: true}); err != nil {
			return err
		}
	}
	for _, p := range plans {
		if _, ok := d.Plan(p.Name); ok {
			continue
		}
		if _, err := d.AddPlan(access.Plan{Name: p.Name, Items: p.Items}); err != nil {
			return err
		}
	}
	return nil
}

// assignment is an account's role, on the plan where the role is on one.
func assignment(account string, role access.Role, d *access.Draft, plan string) access.Assignment {
	a := access.Assignment{Role: role, Account: account}
	if role.Scoped() {
		if p, ok := d.Plan(plan); ok {
			a.Plan = p.ID
		}
	}
	return a
}
