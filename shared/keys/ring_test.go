package keys

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

var made = time.Date(2026, 3, 4, 5, 6, 7, 890, time.FixedZone("x", 3600))

// counting is a source of bytes that counts up: 0, 1, 2, ...
type counting byte

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(*c)
		*c++
	}
	return len(p), nil
}

func generate(t *testing.T) *Ring {
	t.Helper()
	r, err := Generate(new(counting), made, "Docket")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDerivedKeysNeverChange pins the derivation: with another one nothing that
// was issued or sealed before could be opened again. The values are those of
// HKDF-SHA-256 (RFC 5869) of the bytes 00 to 1f, without salt, the purpose as
// info.
func TestDerivedKeysNeverChange(t *testing.T) {
	r := generate(t)
	for purpose, want := range map[Purpose]string{
		Marks:     "ad66ddace1e103448ce5c0a69f6b5595b94318c5149c907acfebe423bf5a0c68",
		Verifiers: "dceeb53d4d7f7a845de8ea7f14a3c3eef03fb7903682a9fc7e1c0e180bcb5dd2",
	} {
		k := r.Current(purpose)
		if got := hex.EncodeToString(k.Secret[:]); got != want || k.ID != 1 {
			t.Errorf("%s: key %d is %s, want %s", purpose, k.ID, got, want)
		}
	}
}

func TestKeysOfPurposesAndRootsDiffer(t *testing.T) {
	r := generate(t)
	r, err := r.Rotate(bytes.NewReader(bytes.Repeat([]byte{7}, Size)), made)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[Size]byte]string{}
	for _, p := range []Purpose{Marks, RIDs, Nonces, Verifiers, Progress, Memory} {
		for _, k := range r.All(p) {
			name := fmt.Sprint(p, k.ID)
			if other, twice := seen[k.Secret]; twice {
				t.Errorf("%s and %s are the same key", name, other)
			}
			seen[k.Secret] = name
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d keys", len(seen))
	}
}

func TestRotationKeepsOldKeys(t *testing.T) {
	first := generate(t)
	second, err := first.Rotate(new(counting), made)
	if err != nil {
		t.Fatal(err)
	}
	third, err := second.Rotate(bytes.NewReader(bytes.Repeat([]byte{9}, Size)), made)
	if err != nil {
		t.Fatal(err)
	}
	if old, ok := third.Lookup(Marks, 1); !ok || old != first.Current(Marks) {
		t.Error("the first key is not found any more")
	}
	if cur, ok := third.Lookup(Marks, 3); !ok || cur != third.Current(Marks) || cur.ID != 3 {
		t.Error("the newest key is not the current one")
	}
	for _, id := range []uint32{0, 4} {
		if _, ok := third.Lookup(Marks, id); ok {
			t.Errorf("there is a key %d", id)
		}
	}
	if all := third.All(Marks); len(all) != 3 || all[0].ID != 3 || all[2].ID != 1 {
		t.Errorf("all keys: %d, the first is %d", len(all), all[0].ID)
	}
	if len(first.All(Marks)) != 1 {
		t.Error("rotation changed the ring it began with")
	}
	if third.Realm() != "Docket" {
		t.Errorf("realm %q", third.Realm())
	}
}

func TestARingIsMarshalledWhole(t *testing.T) {
	r := generate(t)
	r, err := r.Rotate(new(counting), made)
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Purpose{Marks, Verifiers} {
		if again.Current(p) != r.Current(p) || again.All(p)[1] != r.All(p)[1] || again.Realm() != r.Realm() {
			t.Errorf("%s: another key after marshalling", p)
		}
	}
	if !bytes.Contains(data, []byte(`"created": "2026-03-04T04:06:07Z"`)) {
		t.Errorf("no time of making in %s", data)
	}
}

func TestParseRefuses(t *testing.T) {
	secret := `"` + strings.Repeat("A", 43) + `="`
	key := func(id, secret string) string {
		return `{"id":` + id + `,"created":"2026-01-01T00:00:00Z","secret":` + secret + `}`
	}
	good := `{"realm":"Docket","keys":[` + key("1", secret) + `,` + key("5", secret) + `]}`
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatalf("%s: %v", good, err)
	}
	for name, doc := range map[string]string{
		"nothing":       ``,
		"not JSON":      `ring`,
		"two documents": good + good,
		"an array":      `[]`,
		"no keys":       `{"realm":"Docket","keys":[]}`,
		"no realm":      `{"keys":[` + key("1", secret) + `]}`,
		"key 0":         `{"realm":"Docket","keys":[` + key("0", secret) + `]}`,
		"key -1":        `{"realm":"Docket","keys":[` + key("-1", secret) + `]}`,
		"twice":         `{"realm":"Docket","keys":[` + key("1", secret) + `,` + key("1", secret) + `]}`,
		"descending":    `{"realm":"Docket","keys":[` + key("2", secret) + `,` + key("1", secret) + `]}`,
		"short secret":  `{"realm":"Docket","keys":[` + key("1", `"AAAA"`) + `]}`,
		"long secret":   `{"realm":"Docket","keys":[` + key("1", `"`+strings.Repeat("A", 44)+`"`) + `]}`,
		"no secret":     `{"realm":"Docket","keys":[{"id":1,"created":"2026-01-01T00:00:00Z"}]}`,
	} {
		_, err := Parse([]byte(doc))
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: error %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
}

func TestRealmsThatClientsMisreadAreRefused(t *testing.T) {
	for _, realm := range []string{"", `a"b`, `a\b`, "a,b", "Ärger", "a\nb", "a\x7f", strings.Repeat("x", maxRealm+1)} {
		if _, err := Generate(new(counting), made, realm); !errors.Is(err, ErrMalformed) {
			t.Errorf("realm %q: error %v", realm, err)
		}
	}
	if _, err := Generate(new(counting), made, "Docket of Corp"); err != nil {
		t.Error(err)
	}
}

func TestTheLastKeyNumberIsTheLast(t *testing.T) {
	r := generate(t)
	r.roots[0].ID = 1<<32 - 1
	if _, err := r.Rotate(new(counting), made); !errors.Is(err, ErrMalformed) {
		t.Errorf("error %v", err)
	}
}

func TestNoRandomnessNoRing(t *testing.T) {
	if _, err := Generate(strings.NewReader("too short"), made, "Docket"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	if _, err := generate(t).Rotate(strings.NewReader(""), made); !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
}

func TestARingDoesNotPrintItsSecrets(t *testing.T) {
	r := generate(t)
	raw := hex.EncodeToString(r.roots[0].Secret)
	for _, text := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", r), r.String()} {
		if text != "key ring of 1" || strings.Contains(text, raw[:8]) {
			t.Errorf("printed as %q", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	r, err := Generate(new(counting), made, "Docket")
	if err != nil {
		f.Fatal(err)
	}
	seed, err := r.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"realm":"x","keys":[{"id":4294967295}]}`))
	f.Add([]byte(`{"realm":"x","keys":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		k := r.Current(Marks)
		if found, ok := r.Lookup(Marks, k.ID); !ok || found != k || r.Realm() == "" {
			t.Errorf("the current key %d is not found", k.ID)
		}
		out, err := r.Marshal()
		if err != nil || !json.Valid(out) {
			t.Fatalf("marshal: %v", err)
		}
		again, err := Parse(out)
		if err != nil || again.Current(Marks) != k {
			t.Errorf("not the same after marshalling: %v", err)
		}
	})
}
