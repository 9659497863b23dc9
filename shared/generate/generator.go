package generate

import (
	"errors"
	"math/rand/v2"
	"time"

	"docket/shared/activity"
)

// DefaultEnd is when the records end unless Config says otherwise. It is fixed:
// the same command gives the same bytes next year.
var DefaultEnd = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// MaxN bounds Config.N, so that the spread over time stays exact.
const MaxN = 1_000_000_000

// Config says which records to make.
type Config struct {
	N     int       // how many, 1 to MaxN
	Seed  uint64    // another seed, other records
	End   time.Time // the end of the last day; DefaultEnd if zero; cut to the UTC day
	Plans []string  // monitoring plans that the hosts belong to, the first the largest; none: no plan
}

// Generator makes the records of one Config. It is not safe for concurrent use.
type Generator struct {
	dice      dice
	hours     *hours
	plans     []activity.Plan
	accounts  []string
	addresses []string
	items     map[string]string
	fleets    map[string]fleet
	byAccount choice
	byFile    choice
	byObject  choice
	byKind    choice
	buf       []byte
}

// New prepares a generator. It fails if N is out of range.
func New(c Config) (*Generator, error) {
	if c.N < 1 || c.N > MaxN {
		return nil, errors.New("the number of records must be from 1 to 1000000000")
	}
	if c.End.IsZero() {
		c.End = DefaultEnd
	}
	g := &Generator{
		dice:      dice{rand.NewPCG(c.Seed, mix(c.Seed))},
		hours:     newHours(c.N, c.End),
		accounts:  newAccounts(),
		addresses: newAddresses(),
		items:     make(map[string]string),
		fleets:    make(map[string]fleet),
		byAccount: zipf(numAccounts),
		byFile:    zipf(numFiles),
		byObject:  zipf(numObjects),
		byKind:    kindWeights(),
	}
	for _, name := range c.Plans {
		g.plans = append(g.plans, activity.Plan{Name: name})
	}
	for _, role := range []string{"fs", "ws", "dc", "sql", "ex", "sp", "app"} {
		f := newFleet(g.dice, role, len(c.Plans))
		for _, h := range f.hosts {
			g.items[h.short] = activity.IntegrationItem(h.short)
		}
		g.fleets[role] = f
	}
	return g, nil
}

// Next overwrites r with the next record. The memory of r.Details is used
// again; all else is new or shared and never changes, so a record may be kept
// as long as its Details are copied. After N records the time begins anew.
func (g *Generator) Next(r *activity.Record) {
	*r = activity.Record{Details: r.Details[:0], DataSource: activity.APIDataSource}
	r.When = g.hours.next(g.dice)
	kinds[g.byKind.draw(g.dice)].make(g, r)
}

// Records returns the next n records, each with Details of its own.
func (g *Generator) Records(n int) []activity.Record {
	recs := make([]activity.Record, n)
	for i := range recs {
		g.Next(&recs[i])
	}
	return recs
}

// at puts the record on a host of the role and returns the host.
func (g *Generator) at(r *activity.Record, role string) *host {
	f := g.fleets[role]
	h := f.draw(g.dice)
	r.Where, r.Item = h.name, g.items[h.short]
	if len(g.plans) > 0 {
		r.Plan = g.plans[h.plan]
	}
	return h
}

// by says who did it, and from where if remote.
func (g *Generator) by(r *activity.Record, remote bool) {
	i := g.byAccount.draw(g.dice)
	r.Who = g.accounts[i]
	if remote {
		r.Workstation = g.addresses[i]
	}
}

func (g *Generator) one(list []string) string { return list[g.dice.below(len(list))] }

func detail(r *activity.Record, property, before, after string) {
	r.Details = append(r.Details, activity.Detail{PropertyName: property, Before: before, After: after})
}
