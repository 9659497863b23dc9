package segment

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// bytesOf writes numbers as uvarints and texts as they are.
func bytesOf(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = binary.AppendUvarint(b, uint64(p))
		case string:
			b = append(b, p...)
		}
	}
	return b
}

func TestDictionary(t *testing.T) {
	// Three values: "ab", "abc" with 2 in common, "b" with none.
	d, err := newDictionary(bytesOf(3, 2, 0, 2, 1, 1, "ab", "c", "b"), 5, new(gauge))
	if err != nil {
		t.Fatal(err)
	}
	if blob, _ := d.Blob(); d.Entries() != 3 || d.Entry(0) != "ab" || d.Entry(1) != "abc" || d.Entry(2) != "b" || blob != "ababcb" {
		t.Errorf("%q from %v", d.blob, d.starts)
	}
}

func TestDictionaryRefuses(t *testing.T) {
	big := strings.Repeat("x", maxRaw/4)
	for name, raw := range map[string][]byte{
		"nothing":                       {},
		"more values than rows":         bytesOf(6, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, "abcdef"),
		"no value for rows":             bytesOf(0),
		"more values than bytes":        bytesOf(5, 0),
		"same twice":                    bytesOf(2, 1, 1, 0, "a"),
		"out of order":                  bytesOf(2, 0, 1, 1, "ba"),
		"shares more than it says":      bytesOf(2, 0, 1, 2, "aab"),
		"shares more than there is":     bytesOf(2, 2, 1, 1, "ab"),
		"first shares":                  bytesOf(2, 1, 0, 2, "ab"),
		"cut off":                       bytesOf(2, 0, 1, 1, "a"),
		"goes on":                       bytesOf(2, 0, 1, 1, "abc"),
		"length beyond all":             bytesOf(1, maxRaw, "a"),
		"few bytes that stand for many": bytesOf(5, maxRaw/4, maxRaw/4+1, maxRaw/4+2, maxRaw/4+3, maxRaw/4, 1, 1, 1, 1, big, "abcd"),
	} {
		d, err := newDictionary(raw, 5, new(gauge))
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v, %v; want ErrDamaged", name, d, err)
		}
	}
}

func TestIDsRefused(t *testing.T) {
	d, err := newDictionary(bytesOf(2, 0, 1, 1, "ab"), 3, new(gauge))
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"", "\x00\x01", "\x00\x01\x00\x00", "\x00\x01\x02"} {
		if _, err := newText(d, []byte(raw), 3); !errors.Is(err, ErrDamaged) {
			t.Errorf("ids %q: %v; want ErrDamaged", raw, err)
		}
	}
}

func TestCommonPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		common := rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 30, -1)
		a, b := common.Draw(t, "a"), common.Draw(t, "b")
		n := 0
		for n < len(a) && n < len(b) && a[n] == b[n] {
			n++
		}
		if got := commonPrefix(a+"xy", a+"xz"); got != len(a)+1 {
			t.Fatalf("%q: %d", a, got)
		}
		if got := commonPrefix(a, b); got != n {
			t.Fatalf("%q, %q: %d; want %d", a, b, got, n)
		}
	})
}
