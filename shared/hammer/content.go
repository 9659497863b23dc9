package hammer

import (
	"fmt"
	"strconv"
	"strings"

	"docket/shared/activity"
	"docket/shared/generate"
)

// numTemplates is how many different records a run is made of: enough for the
// shares of accounts, hosts and actions to be those of generated records.
const numTemplates = 4096

// spread is how far apart, in seconds, records of one template lie.
const spread = 7 * 24 * 3600

// content makes the records of a run, each from its number alone.
type content struct {
	prefix    string // of What of every record of the run
	seed      uint64
	templates []activity.Record
}

// id says which record of the run it is.
type id struct {
	batch uint32
	index uint32
}

func newContent(run string, seed uint64, plans []string) (*content, error) {
	g, err := generate.New(generate.Config{N: numTemplates, Seed: seed, Plans: plans})
	if err != nil {
		return nil, fmt.Errorf("make the records: %w", err)
	}
	return &content{prefix: "hammer-" + run + "/", seed: seed, templates: g.Records(numTemplates)}, nil
}

// facts are what differs between records of a run but for What.
func (c *content) facts(at id) (template int, when int64) {
	h := mix(c.seed ^ mix(uint64(at.batch)<<32|uint64(at.index)))
	template = int(h % numTemplates)
	return template, c.templates[template].When - int64(h>>32)%spread
}

// record makes one record. Its details are shared with others.
func (c *content) record(at id) activity.Record {
	template, when := c.facts(at)
	r := c.templates[template]
	r.When = when
	r.What = c.batchPrefix(at.batch) + strconv.FormatUint(uint64(at.index), 10) + "/" + r.What
	return r
}

// batchPrefix begins What of every record of a batch, and of no other.
func (c *content) batchPrefix(batch uint32) string {
	return c.prefix + strconv.FormatUint(uint64(batch), 10) + "/"
}

// records makes a whole batch.
func (c *content) records(batch uint32, n int) []activity.Record {
	recs := make([]activity.Record, n)
	for i := range recs {
		recs[i] = c.record(id{batch, uint32(i)})
	}
	return recs
}

// identify reads which record of this run something claims to be. What is not
// of the run is somebody else's.
func (c *content) identify(what string) (id, bool) {
	rest, ok := strings.CutPrefix(what, c.prefix)
	if !ok {
		return id{}, false
	}
	batch, rest, _ := strings.Cut(rest, "/")
	index, _, _ := strings.Cut(rest, "/")
	b, err1 := strconv.ParseUint(batch, 10, 32)
	i, err2 := strconv.ParseUint(index, 10, 32)
	return id{uint32(b), uint32(i)}, err1 == nil && err2 == nil
}

// difference names the first field in which what came differs from what was
// sent; empty if none does. The ID of a plan is the server's.
func (c *content) difference(at id, got *activity.Stored) string {
	want := c.record(at)
	fields := []struct{ name, got, want string }{
		{"Who", got.Who, want.Who},
		{"Where", got.Where, want.Where},
		{"ObjectType", got.ObjectType, want.ObjectType},
		{"What", got.What, want.What},
		{"Action", got.Action.String(), want.Action.String()},
		{"MonitoringPlan", got.Plan.Name, want.Plan.Name},
		{"Item", got.Item, want.Item},
		{"DataSource", got.DataSource, want.DataSource},
		{"Workstation", got.Workstation, want.Workstation},
	}
	for _, f := range fields {
		if f.got != f.want {
			return fmt.Sprintf("%s is %q instead of %q", f.name, f.got, f.want)
		}
	}
	switch {
	case got.When != want.When:
		return fmt.Sprintf("When is %d instead of %d", got.When, want.When)
	case got.ArchiveOnly:
		return "it is for the archive only"
	case len(got.Details) != len(want.Details):
		return fmt.Sprintf("it has %d details instead of %d", len(got.Details), len(want.Details))
	}
	for i := range want.Details {
		if got.Details[i] != want.Details[i] {
			return fmt.Sprintf("detail %d is %q instead of %q", i, got.Details[i], want.Details[i])
		}
	}
	return ""
}

// mix spreads a number over all 64 bits (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
