package mark

import (
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"docket/shared/keys"
	"docket/shared/ledger"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite golden files")

func chacha(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func testRing(t testing.TB, rotations int) *keys.Ring {
	t.Helper()
	ring, err := keys.Generate(chacha(1), time.Unix(0, 0), "test")
	for i := 0; err == nil && i < rotations; i++ {
		ring, err = ring.Rotate(chacha(byte(2+i)), time.Unix(0, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func seal(t testing.TB, c *Codec, m Mark) string {
	t.Helper()
	text, err := c.Seal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// examples are marks of every shape.
func examples() []Mark {
	hash := [32]byte{1, 2, 31: 3}
	full := make(ledger.Vector, ledger.MaxShards)
	for s := range full {
		full[s] = ledger.End - ledger.Position(s)
	}
	return []Mark{
		{Kind: Enum},
		{Kind: Enum, Epoch: 1<<64 - 1, From: ledger.Vector{0, 5, 1 << 40, 7}, Next: 3},
		{Kind: Search, Epoch: 9, From: ledger.Vector{1, 2, 3, 4}, Started: -1},
		{Kind: Search, Epoch: 9, From: ledger.Vector{1}, To: ledger.Vector{4, 5, 6, 7}, Started: 1 << 40,
			Place: &Place{When: -62135596800, Committed: 1 << 60, Shard: 63, Position: ledger.End}, Filter: []byte("filter")},
		{Kind: Search, To: ledger.Vector{4}, FilterHash: &hash},
		{Kind: Search, To: ledger.Vector{}, Filter: []byte{}},
		{Kind: Search, Epoch: 1, From: full, To: full, Next: 63, Place: &Place{}, Filter: make([]byte, MaxFilter)},
	}
}

func TestSealedMarksOpen(t *testing.T) {
	c := NewCodec(testRing(t, 0), chacha(9))
	for i, m := range examples() {
		text := seal(t, c, m)
		got, err := c.Open(text)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("example %d: opened as %+v, %v, want %+v", i, got, err, m)
		}
		if len(text) > MaxText || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("example %d: text of %d characters: %s", i, len(text), text)
		}
		if again := seal(t, c, m); again == text {
			t.Errorf("example %d: sealed twice it is the same text, so it tells that nothing has changed", i)
		}
	}
}

func TestAnyMarkSurvives(t *testing.T) {
	c := NewCodec(testRing(t, 1), chacha(9))
	rapid.Check(t, func(t *rapid.T) {
		m := drawMark(t)
		text, err := c.Seal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Open(text); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("opened as %+v, %v, want %+v", got, err, m)
		}
	})
}

func drawMark(t *rapid.T) Mark {
	position := rapid.Custom(func(t *rapid.T) ledger.Position {
		return ledger.Position(rapid.Uint64Range(0, uint64(ledger.End)).Draw(t, "position"))
	})
	vector := func(name string) ledger.Vector {
		v := rapid.SliceOfN(position, 0, ledger.MaxShards).Draw(t, name)
		if len(v) == 0 {
			return nil
		}
		return v
	}
	shard := func() ledger.Shard { return ledger.Shard(rapid.IntRange(0, ledger.MaxShards-1).Draw(t, "shard")) }
	m := Mark{
		Kind: Enum, Epoch: ledger.Epoch(rapid.Uint64().Draw(t, "epoch")), From: vector("from"), Next: shard(),
		Started: rapid.Int64().Draw(t, "started"),
	}
	if rapid.Bool().Draw(t, "enum") {
		return m
	}
	m.Kind, m.To = Search, vector("to")
	if rapid.Bool().Draw(t, "has place") {
		m.Place = &Place{rapid.Int64().Draw(t, "when"), rapid.Int64().Draw(t, "committed"), shard(), position.Draw(t, "place")}
	}
	switch rapid.IntRange(0, 2).Draw(t, "filter") {
	case 1:
		m.Filter = rapid.SliceOfN(rapid.Byte(), 0, MaxFilter).Draw(t, "bytes")
	case 2:
		hash := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		m.FilterHash = &hash
	}
	return m
}

func TestBadMarksAreNotSealed(t *testing.T) {
	c := NewCodec(testRing(t, 0), chacha(9))
	for name, m := range map[string]Mark{
		"no kind":           {},
		"another kind":      {Kind: 3},
		"enum with end":     {Kind: Enum, To: ledger.Vector{1}},
		"enum with place":   {Kind: Enum, Place: &Place{}},
		"enum with filter":  {Kind: Enum, Filter: []byte{1}},
		"enum with hash":    {Kind: Enum, FilterHash: &[32]byte{}},
		"65 shards":         {Kind: Enum, From: make(ledger.Vector, 65)},
		"to 65 shards":      {Kind: Search, To: make(ledger.Vector, 65)},
		"next 64":           {Kind: Enum, Next: 64},
		"place in shard 64": {Kind: Search, Place: &Place{Shard: 64}},
		"position":          {Kind: Enum, From: ledger.Vector{ledger.End + 1}},
		"end position":      {Kind: Search, To: ledger.Vector{ledger.End + 1}},
		"place position":    {Kind: Search, Place: &Place{Position: ledger.End + 1}},
		"long filter":       {Kind: Search, Filter: make([]byte, MaxFilter+1)},
		"two filters":       {Kind: Search, Filter: []byte{1}, FilterHash: &[32]byte{}},
	} {
		if text, err := c.Seal(m); err == nil {
			t.Errorf("%s: sealed as %s", name, text)
		}
	}
	if _, err := NewCodec(testRing(t, 0), strings.NewReader("short")).Seal(Mark{Kind: Enum}); err == nil {
		t.Error("sealed without randomness")
	}
}

// TestLengthTellsNothing: marks with the same number of shards and class of filter
// have one length, whatever their positions and place.
func TestLengthTellsNothing(t *testing.T) {
	c := NewCodec(testRing(t, 0), chacha(9))
	length := func(m Mark) int { return len(seal(t, c, m)) }
	for shards := range ledger.MaxShards + 1 {
		low, high := make(ledger.Vector, shards), make(ledger.Vector, shards)
		for s := range high {
			high[s] = ledger.End
		}
		if a, b := length(Mark{Kind: Enum, From: low}), length(Mark{Kind: Enum, From: high, Next: 63}); a != b {
			t.Errorf("enum over %d shards: %d and %d characters", shards, a, b)
		}
		for n := 0; n <= MaxFilter; n += 50 {
			a := length(Mark{Kind: Search, To: low, Filter: make([]byte, n)})
			b := length(Mark{Kind: Search, From: low, To: high, Place: &Place{1, 2, 3, 4}, Filter: make([]byte, class(n))})
			if a != b || b > MaxText {
				t.Errorf("search over %d shards, filter of %d bytes: %d and %d characters", shards, n, a, b)
			}
		}
	}
}

func TestEveryChangeIsInvalid(t *testing.T) {
	ring := testRing(t, 1)
	c := NewCodec(ring, chacha(9))
	var sealed [][]byte
	for i, m := range examples() {
		text := seal(t, c, m)
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		sealed = append(sealed, raw)
		refuse := func(what, text string) {
			t.Helper()
			if m, err := c.Open(text); !errors.Is(err, ErrInvalid) {
				t.Fatalf("example %d %s: %+v, %v", i, what, m, err)
			}
		}
		for bit := 0; bit < 8*len(raw); bit += 1 + len(raw)/200 { // every one of the short marks
			raw[bit/8] ^= 1 << (bit % 8)
			refuse(fmt.Sprintf("with bit %d flipped", bit), base64.RawURLEncoding.EncodeToString(raw))
			raw[bit/8] ^= 1 << (bit % 8)
		}
		for n := range text {
			refuse(fmt.Sprintf("cut to %d", n), text[:n])
			refuse(fmt.Sprintf("without its first %d", n+1), text[n+1:])
		}
		for _, s := range []string{"A", "=", "\n", " ", "\x00", "AAAA"} {
			refuse(fmt.Sprintf("followed by %q", s), text+s)
			refuse(fmt.Sprintf("behind %q", s), s+text)
			refuse(fmt.Sprintf("with %q in it", s), text[:20]+s+text[20:])
		}
		refuse("in capitals", strings.ToUpper(text))
		// The bits of the last character that carry nothing must be zero.
		if spare := len(raw) % 3; spare != 0 {
			const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			last := strings.IndexByte(alphabet, text[len(text)-1])
			refuse("with other spare bits", text[:len(text)-1]+string(alphabet[last^1]))
		}
	}
	splices(t, c, sealed)
}

// splices puts pieces of marks together.
func splices(t *testing.T, c *Codec, sealed [][]byte) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	for range 4000 {
		a, b := sealed[r.IntN(len(sealed))], sealed[r.IntN(len(sealed))]
		i, j := r.IntN(len(a)+1), r.IntN(len(b)+1)
		spliced := append(append([]byte(nil), a[:i]...), b[j:]...)
		if string(spliced) == string(a) || string(spliced) == string(b) {
			continue
		}
		if m, err := c.Open(base64.RawURLEncoding.EncodeToString(spliced)); !errors.Is(err, ErrInvalid) {
			t.Fatalf("spliced at %d and %d: %+v, %v", i, j, m, err)
		}
	}
}

func TestForeignMarks(t *testing.T) {
	c := NewCodec(testRing(t, 0), chacha(9))
	other, err := keys.Generate(chacha(77), time.Unix(0, 0), "test")
	if err != nil {
		t.Fatal(err)
	}
	foreign := seal(t, NewCodec(other, chacha(9)), Mark{Kind: Enum})
	for text, want := range map[string]error{
		"":      ErrInvalid,
		"PG5":   ErrInvalid,
		"pg5y":  ErrInvalid,
		" PG5y": ErrInvalid,
		foreign: ErrInvalid,
		"PG5y":  ErrOriginal,
		"PG5yPjxuIG49IntFNzA1QjQzMS1BRUM5LTQ0Q0ItQUMzMi1CNkNCRDY4MkVGOEJ9Ij48L24+PC9ucj4A": ErrOriginal,
		strings.Repeat("A", 1<<20): ErrInvalid,
	} {
		if m, err := c.Open(text); !errors.Is(err, want) {
			t.Errorf("%.60q: %+v, %v, want %v", text, m, err, want)
		}
	}
}

func TestOldKeysOpenForEver(t *testing.T) {
	m := examples()[1]
	text := seal(t, NewCodec(testRing(t, 0), chacha(9)), m)
	rotated := NewCodec(testRing(t, 3), chacha(9))
	if got, err := rotated.Open(text); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("after three rotations: %+v, %v", got, err)
	}
	if _, err := NewCodec(testRing(t, 0), chacha(9)).Open(seal(t, rotated, m)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a key that the ring does not have: %v", err)
	}
}

const golden = "testdata/marks.golden"

// TestGoldenMarksOpen opens the marks that the first release sealed. The file is
// never rewritten: lines are added for new shapes.
func TestGoldenMarksOpen(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCodec(testRing(t, 3), chacha(0))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) < len(examples()) {
		t.Fatalf("%d lines", len(lines))
	}
	for i, m := range examples() {
		if got, err := c.Open(lines[i]); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("line %d: %+v, %v, want %+v", i+1, got, err, m)
		}
	}
}

func writeGolden(t *testing.T) {
	t.Helper()
	c := NewCodec(testRing(t, 0), chacha(42))
	var b strings.Builder
	for _, m := range examples() {
		b.WriteString(seal(t, c, m) + "\n")
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzOpen: no text but those sealed opens.
func FuzzOpen(f *testing.F) {
	c := NewCodec(testRing(f, 1), chacha(9))
	issued := map[string]bool{}
	for _, m := range examples() {
		text := seal(f, c, m)
		issued[text] = true
		f.Add(text)
	}
	f.Add("PG5yPjxuIG49")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := c.Open(text); err == nil && !issued[text] {
			t.Errorf("%q opens", text)
		}
	})
}

// FuzzDecode: what decodes encodes to the same bytes.
func FuzzDecode(f *testing.F) {
	for _, m := range examples() {
		f.Add(m.encode(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decode(data)
		if err == nil && string(m.encode(nil)) != string(data) {
			t.Errorf("%+v encodes otherwise", m)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	c := NewCodec(testRing(b, 0), chacha(9))
	m := Mark{Kind: Enum, Epoch: 5, From: ledger.Vector{1, 2, 3, 4}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Seal(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	c := NewCodec(testRing(b, 0), chacha(9))
	text := seal(b, c, Mark{Kind: Enum, Epoch: 5, From: ledger.Vector{1, 2, 3, 4}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Open(text); err != nil {
			b.Fatal(err)
		}
	}
}
