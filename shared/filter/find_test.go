package filter

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestIndexIsIndex(t *testing.T) {
	few := rapid.StringOfN(rapid.SampledFrom([]rune("abz")), 0, 400, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := few.Draw(t, "text")
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("abz")), 1, 4, -1).Draw(t, "pattern")
		for rare := range len(pattern) {
			if got, want := index(s, pattern, rare), strings.Index(s, pattern); got != want {
				t.Fatalf("index(%q, %q, %d) = %d, want %d", s, pattern, rare, got, want)
			}
		}
	})
}

func TestRarest(t *testing.T) {
	for pattern, want := range map[string]int{"a": 0, "eq": 1, "aé": 1, "zebra": 0, `c:\x`: 3} {
		if got := rarest(pattern); got != want {
			t.Errorf("rarest(%q) = %d, want %d", pattern, got, want)
		}
	}
}
