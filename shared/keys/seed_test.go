package keys

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestSeed: a ring from a seed is the same each time, and is kept by rotation.
func TestSeed(t *testing.T) {
	parse := func(seed string) (*Ring, error) {
		return Parse(fmt.Appendf(nil, `{"realm":"Docket","seed":%q}`, seed))
	}
	a, err := parse(strings.Repeat("a", minSeed))
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(strings.Repeat("a", minSeed))
	if err != nil {
		t.Fatal(err)
	}
	other, err := parse(strings.Repeat("b", minSeed))
	if err != nil {
		t.Fatal(err)
	}
	if a.Current(Marks) != again.Current(Marks) {
		t.Error("the same seed made another ring")
	}
	if a.Current(Marks).Secret == other.Current(Marks).Secret {
		t.Error("another seed made the same ring")
	}
	if _, err := parse(strings.Repeat("a", minSeed-1)); !errors.Is(err, ErrMalformed) {
		t.Errorf("a short seed: %v; want ErrMalformed", err)
	}
	doc, err := a.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := Parse(doc)
	if err != nil || stored.Current(Nonces) != a.Current(Nonces) {
		t.Errorf("stored and read again: %v", err)
	}
}
