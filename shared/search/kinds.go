package search

import (
	"encoding/binary"
	"strings"
	"sync"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/segment"
)

// kind numbers a combination of plans and data sources that segments have.
// There are few, so a search judges each once and a catalog entry stays small.
type kind uint32

// anyKind is the kind of segments about which nothing is known.
const anyKind kind = 0

const (
	// maxKinds and maxNames bound what the catalog remembers: with more plans
	// and sources in a segment, or more combinations, a search opens it.
	maxKinds = 1 << 12
	maxNames = 32
)

// kinds are the combinations seen so far.
type kinds struct {
	mu     sync.Mutex
	byName map[string]kind
	zones  []segment.Zone // by kind; the times are the widest
}

func (k *kinds) number(z segment.Zone) kind {
	if len(z.Plans)+len(z.DataSources) > maxNames {
		return anyKind
	}
	name := kindName(z)
	k.mu.Lock()
	defer k.mu.Unlock()
	if n, ok := k.byName[name]; ok {
		return n
	}
	if len(k.zones) >= maxKinds {
		return anyKind
	}
	if k.byName == nil {
		k.byName = map[string]kind{}
		k.zones = make([]segment.Zone, anyKind+1)
	}
	n := kind(len(k.zones))
	k.byName[name] = n
	k.zones = append(k.zones, namesOnly(z))
	return n
}

// namesOnly copies the names out of a segment, which can then be forgotten.
func namesOnly(z segment.Zone) segment.Zone {
	names := segment.Zone{MinWhen: activity.MinWhen, MaxWhen: activity.MaxWhen}
	for _, p := range z.Plans {
		names.Plans = append(names.Plans, activity.Plan{ID: strings.Clone(p.ID), Name: strings.Clone(p.Name)})
	}
	for _, s := range z.DataSources {
		names.DataSources = append(names.DataSources, strings.Clone(s))
	}
	return names
}

func kindName(z segment.Zone) string {
	b := binary.AppendUvarint(nil, uint64(len(z.Plans)))
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for i := range z.Plans {
		text(z.Plans[i].ID)
		text(z.Plans[i].Name)
	}
	for _, s := range z.DataSources {
		text(s)
	}
	return string(b)
}

// verdicts says for each kind whether segments of it may hold a record that the
// program passes and the scope sees.
func (k *kinds) verdicts(p *filter.Program, scope activity.Scope) []bool {
	k.mu.Lock()
	zones := k.zones
	k.mu.Unlock()
	may := make([]bool, max(len(zones), int(anyKind)+1))
	may[anyKind] = true
	for i := range zones {
		if kind(i) != anyKind {
			some, _ := seesPlans(zones[i].Plans, scope)
			may[i] = some && p.MaySegment(zones[i])
		}
	}
	return may
}
