package access

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestParseName(t *testing.T) {
	for _, test := range []struct {
		in   string
		want Name
	}{
		{`Corp\Ann`, Name{"Corp", "Ann"}},
		{`ann@corp.example`, Name{"corp.example", "ann"}},
		{`ann`, Name{"", "ann"}},
		{`Netwrix Auditor Administrators`, Name{"", "Netwrix Auditor Administrators"}},
		{`Корп\Анна`, Name{"Корп", "Анна"}},
		{`a b\c d`, Name{"a b", "c d"}},
	} {
		got, err := ParseName(test.in)
		if err != nil || got != test.want {
			t.Errorf("ParseName(%q) = %+v, %v; want %+v", test.in, got, err, test.want)
		}
	}
	for _, bad := range []string{
		"", `\`, `\ann`, `Corp\`, "ann@", "@corp", `a\b\c`, "a@b@c", `Corp\ann@corp`, "a:b", `a"b`, `C:\x`, " ann", "ann ", `Corp \ann`,
		"a\nb", "a\x00b", "a\u200bb", "a\u202eb", "a\u2028b", "\xff", "a\ufeff", `Corp\` + strings.Repeat("x", MaxName+1),
	} {
		if n, err := ParseName(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("ParseName(%q) = %+v, %v; want ErrInvalid", bad, n, err)
		}
	}
}

func TestSameName(t *testing.T) {
	same := [][2]string{
		{`Corp\Ann`, `CORP\aNN`}, {`Corp\Ann`, `ann@corp`}, {`ΣΑΣ`, `σας`}, {"K", "\u212a"}, {"ſam", "SAM"}, {`straße`, `STRAßE`},
		{"not a name: x", "NOT A NAME: X"},
	}
	for _, pair := range same {
		if !SameName(pair[0], pair[1]) {
			t.Errorf("%q and %q are not the same", pair[0], pair[1])
		}
	}
	// Look-alikes, normal forms and full case folding stay apart.
	apart := [][2]string{
		{`Corp\ann`, "ann"}, {"ann", "аnn"}, {"paypal", "pаypal"}, {"é", "e\u0301"}, {"ﬁ", "fi"}, {"straße", "strasse"},
		{"ann", "ａｎｎ"}, {"I", "ı"}, {"i", "İ"}, {"0", "O"}, {`a\b`, "a.b"}, {"\xff", "\ufffd"}, {"\xff", "\xfe"},
	}
	for _, pair := range apart {
		if SameName(pair[0], pair[1]) {
			t.Errorf("%q and %q are the same", pair[0], pair[1])
		}
	}
}

// TestFoldIsSimpleFolding compares fold with the definition, rune by rune.
func TestFoldIsSimpleFolding(t *testing.T) {
	for r := rune(0); r <= 0x1ffff; r++ { // none above folds
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if foldRune(f) != foldRune(r) {
				t.Fatalf("%U and %U are one class but fold to %U and %U", r, f, foldRune(r), foldRune(f))
			}
		}
		least := foldRune(r)
		in := least == r
		for f := unicode.SimpleFold(r); f != r && !in; f = unicode.SimpleFold(f) {
			in = f == least
		}
		if !in {
			t.Fatalf("%U folds to %U, which is not of its class", r, least)
		}
	}
}

func TestFoldAgreesWithEqualFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.String().Draw(t, "a")
		b := rapid.OneOf(rapid.String(), rapid.Just(strings.ToUpper(a)), rapid.Just(strings.ToLower(a)), rapid.Just(strings.ToTitle(a))).Draw(t, "b")
		if got, want := fold(a) == fold(b), strings.EqualFold(a, b); got != want {
			t.Fatalf("fold equality of %q and %q is %t, EqualFold says %t", a, b, got, want)
		}
	})
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{`Corp\Ann`, "ann@corp.example", "ann", `\`, "@", `a\b@c`, "\xff", "a\u202eb", `Enterprise\\User`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("error %v of no kind", err)
			}
			return
		}
		for _, form := range n.Forms() {
			again, err := ParseName(form)
			if err != nil {
				t.Fatalf("%q has the form %q, which is no name: %v", s, form, err)
			}
			if again != n && form != n.User {
				t.Errorf("%q is %+v, its form %q is %+v", s, n, form, again)
			}
		}
		if !SameName(s, n.String()) {
			t.Errorf("%q is not the same as its own %q", s, n)
		}
	})
}

func TestPlanIDs(t *testing.T) {
	const want = "{42F64379-163E-4A43-A9C5-4514C5A23798}"
	for _, in := range []string{want, "42f64379-163e-4a43-a9c5-4514c5a23798", "{42f64379-163E-4a43-a9c5-4514C5A23798}"} {
		if got, err := ParsePlanID(in); err != nil || got != want {
			t.Errorf("ParsePlanID(%q) = %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "{}", "42", "{42F64379-163E-4A43-A9C5-4514C5A23798", "42F64379163E4A43A9C54514C5A23798",
		"42F64379-163E-4A43-A9C5-4514C5A2379G", "42F64379-163E-4A43-A9C5-4514C5A237980", "4-2F64379163E-4A43-A9C5-4514C5A23798"} {
		if got, err := ParsePlanID(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("ParsePlanID(%q) = %q, %v", bad, got, err)
		}
	}
	got, err := newPlanID(strings.NewReader(strings.Repeat("\xff", 16)))
	if err != nil || got != "{FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF}" {
		t.Errorf("newPlanID = %q, %v", got, err)
	}
	if _, err := newPlanID(strings.NewReader("short")); err == nil {
		t.Error("an ID without randomness")
	}
}
