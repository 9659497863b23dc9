package filter

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// nasty letters are those whose folding is not the obvious one, and neighbours
// of A, Z, a and z.
var nasty = []rune("KkKſsSσςΣİıIiÅåÅßẞµμΩω@[`{ǅǆǄ𐐀𐐨Ꭰꭰ\u0345ιΙ\x7f\u0080éÉ￿\U0010ffff")

func nastyText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(rapid.SampledFrom(nasty), rapid.RuneFrom(nil, unicode.Latin), rapid.Rune()))
}

func TestFoldAgreesWithEqualFold(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		folded := fold(string(r))
		if !strings.EqualFold(folded, string(r)) {
			t.Fatalf("%U folds to %q, which is another letter", r, folded)
		}
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			if fold(string(o)) != folded {
				t.Fatalf("%U and %U are one letter and fold to %q and %q", r, o, folded, fold(string(o)))
			}
		}
	}
}

func TestFoldGoesLetterByLetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nastyText().Draw(t, "text") + rapid.StringN(0, 40, -1).Draw(t, "more")
		var want strings.Builder
		for _, r := range s {
			want.WriteString(fold(string(r)))
		}
		if got := fold(s); got != want.String() {
			t.Fatalf("fold(%q) = %q, want %q", s, got, want.String())
		}
	})
}

func TestFoldKeepsBadBytes(t *testing.T) {
	const s = "A\xffB\xef\xbfC\xc3"
	if got := fold(s); got != "a\xffb\xef\xbfc\xc3" {
		t.Errorf("fold = %q", got)
	}
}

func TestWordsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nastyText().Draw(t, "text")
		pattern := nastyText().Draw(t, "pattern")
		if runes := []rune(s); rapid.Bool().Draw(t, "part") {
			from := rapid.IntRange(0, len(runes)).Draw(t, "from")
			to := rapid.IntRange(from, len(runes)).Draw(t, "to")
			pattern = string(runes[from:to])
		}
		if rapid.Bool().Draw(t, "upper") {
			pattern = strings.ToUpper(pattern)
		}
		for _, o := range []Operator{Contains, Equals, StartsWith, EndsWith} {
			w := newWord(o, pattern, nil)
			if slow, fast := w.match(s), w.test(value{plain: s, folded: fold(s)}); slow != fast {
				t.Fatalf("%q %s %q: match %v, test %v", s, o, pattern, slow, fast)
			}
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for name, s := range map[string]string{
		"ascii": strings.Repeat(`\local\Enterprise\Users\Some Body`, 32),
		"greek": strings.Repeat("Σίσυφος και Ἀχιλλεύς", 32),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = appendFold(dst[:0], s)
			}
		})
	}
}
