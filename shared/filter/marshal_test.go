package filter

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMarshalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(rapid.Custom(anyEntry), 0, 8).Draw(t, "entries")
		data := Marshal(entries)
		got, err := Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			entries[i].Path = ""
		}
		if len(entries) == 0 {
			entries = nil
		}
		if diff := cmp.Diff(entries, got); diff != "" {
			t.Fatal(diff)
		}
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		if _, err := Unmarshal(data[:cut]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("cut at %d of %d: %v", cut, len(data), err)
		}
	})
}

// anyEntry is an entry of any form, with or without meaning.
func anyEntry(t *rapid.T) Entry {
	end := rapid.Ptr(rapid.String(), true)
	return Entry{
		Field:    rapid.SampledFrom(Fields()).Draw(t, "field"),
		Operator: Operator(rapid.IntRange(0, int(numOperators)-1).Draw(t, "operator")),
		Text:     rapid.String().Draw(t, "text"),
		From:     end.Draw(t, "from"),
		To:       end.Draw(t, "to"),
		Path:     "/x",
	}
}

func TestUnmarshalIsStrict(t *testing.T) {
	for name, data := range map[string]string{
		"empty":                    "",
		"unknown version":          "\x02\x00",
		"no count":                 "\x01",
		"data after the end":       "\x01\x00\x00",
		"unknown field":            "\x01\x01\x00\x00\x00\x00",
		"field out of range":       "\x01\x01\x10\x00\x00\x00",
		"operator out of range":    "\x01\x01\x01\x09\x00\x00",
		"unknown ends":             "\x01\x01\x01\x00\x04\x00",
		"text over the end":        "\x01\x01\x01\x00\x00\x02a",
		"length not shortest":      "\x01\x01\x01\x00\x00\x81\x00a",
		"count not shortest":       "\x01\x80\x00",
		"count over the limit":     "\x01\x91\x4e",
		"length beyond any number": "\x01\x01\x01\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
	} {
		if e, err := Unmarshal([]byte(data)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, %v", name, e, err)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(Marshal(nil))
	f.Add(Marshal([]Entry{{Field: Who, Operator: InGroup, Text: `ENTERPRISE\Admins`}, {Field: When, From: text("2024-05-15T00:00:00Z")}}))
	f.Add(Marshal([]Entry{{Field: WorkingHours, Operator: NotEqualTo, From: text("08:00:00Z"), To: text("17:00:00Z")}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := Unmarshal(data)
		if err != nil {
			return
		}
		if again := Marshal(entries); !bytes.Equal(again, data) {
			t.Fatalf("%x reads as %x", data, again)
		}
	})
}
