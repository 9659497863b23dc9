package contracttest

import (
	"maps"
	"slices"
	"testing"
)

// Run runs the suite against a target. A name in Differs that no test has is
// fatal.
func Run(t *testing.T, target Target) {
	stale := maps.Clone(target.Differs)
	for _, section := range []struct {
		name  string
		tests map[string]func(suite)
	}{
		{"1 Addresses", addresses},
		{"2 Formats", formats},
		{"3 Records", records},
		{"4 Marks", marks},
		{"5 Search", searches},
		{"6 Errors", refusals},
		{"7 Roles", roles},
	} {
		for name := range section.tests {
			delete(stale, name)
		}
		t.Run(section.name, func(t *testing.T) {
			for name, test := range section.tests {
				t.Run(name, func(t *testing.T) {
					if reason := target.Differs[name]; reason != "" {
						t.Skip("differs on this target: " + reason)
					}
					test(suite{t, target})
				})
			}
		})
	}
	if len(stale) > 0 {
		t.Fatalf("Differs names tests that do not exist: %q", slices.Sorted(maps.Keys(stale)))
	}
}
