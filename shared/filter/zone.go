package filter

import "docket/shared/segment"

// MaySegment says whether a segment with this zone can have a row that passes.
// It is false only if none can.
func (p *Program) MaySegment(z segment.Zone) bool {
	if !p.MayWhen(z.MinWhen, z.MaxWhen) {
		return false
	}
	if w := p.plans; !w.empty() {
		may := false
		for i := range z.Plans {
			may = may || w.accepts(foldedValue(z.Plans[i].Name))
		}
		if !may {
			return false
		}
	}
	if w := p.sources; !w.empty() {
		may := false
		for _, name := range z.DataSources {
			may = may || w.accepts(foldedValue(name))
		}
		return may
	}
	return true
}

// MayWhen is what MaySegment says of a zone that has nothing but its range of
// When, from and to included.
func (p *Program) MayWhen(from, to int64) bool {
	return p.allowed.touches(interval{from, to})
}

func foldedValue(s string) value { return value{plain: s, folded: fold(s)} }
