package spnego

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Tokens written out by hand from RFC 4178, so that they share no code with
// what reads them.
const (
	type1 = "4e544c4d53535000 01000000 07820800"
	// NTLM alone, with its type 1: as curl sends it through gss-ntlmssp, and .NET.
	initNTLM = "60 32 06062b0601050502 a0 28 30 26" +
		" a0 0e 30 0c 060a2b06010401823702020a" +
		" a2 14 04 12" + type1 + "0000"
	respType3 = "a1 18 30 16 a2 14 04 12 4e544c4d53535000 03000000 00000000 0000"
	rawKRB5   = "60 0d 06092a864886f712010202 0100"
)

func frameInit(t testing.TB, mechs, inner string) []byte {
	list := unhex(t, mechs)
	body := append([]byte{0xa0, byte(len(list) + 2), 0x30, byte(len(list))}, list...)
	if token := unhex(t, inner); len(token) > 0 {
		body = append(append(body, 0xa2, byte(len(token)+2), 0x04, byte(len(token))), token...)
	}
	body = append([]byte{0xa0, byte(len(body) + 2), 0x30, byte(len(body))}, body...)
	body = append(unhex(t, "06062b0601050502"), body...)
	if len(body) > 127 {
		t.Fatal("the helper writes short lengths alone")
	}
	return append([]byte{0x60, byte(len(body))}, body...)
}

const (
	derKRB5   = "06092a864886f712010202"
	derMSKRB5 = "06092a864882f712010202"
	derNTLM   = "060a2b06010401823702020a"
	derNegoEx = "060a2b06010401823702021e"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name  string
		token []byte
		want  Token
	}{
		{"NTLM as it is", unhex(t, type1), Token{Mech: NTLM, Inner: unhex(t, type1)}},
		{"Kerberos as it is", unhex(t, rawKRB5), Token{Mech: Kerberos, Inner: unhex(t, rawKRB5)}},
		{"NTLM in a frame", unhex(t, initNTLM), Token{Mech: NTLM, Inner: unhex(t, type1+"0000"), Framed: true, Init: true, Offered: []Mech{NTLM}}},
		{"what Windows offers, with a ticket", frameInit(t, derMSKRB5+derKRB5+derNegoEx+derNTLM, rawKRB5),
			Token{Mech: Kerberos, Inner: unhex(t, rawKRB5), Framed: true, Init: true, Offered: []Mech{Kerberos, NTLM}}},
		{"NegoEx first, its token", frameInit(t, derNegoEx+derNTLM, "4e45474f45585453"),
			Token{Mech: Unknown, Inner: []byte("NEGOEXTS"), Framed: true, Init: true, Offered: []Mech{NTLM}}},
		{"no token yet", frameInit(t, derMSKRB5+derNTLM, ""), Token{Mech: Kerberos, Framed: true, Init: true, Offered: []Mech{Kerberos, NTLM}}},
		{"only unknown ones", frameInit(t, derNegoEx, ""), Token{Mech: Unknown, Framed: true, Init: true}},
		{"an answer with a type 3", unhex(t, respType3), Token{Mech: NTLM, Inner: unhex(t, respType3)[8:], Framed: true}},
		{"an answer with state and MIC", unhex(t, "a1 15 30 13 a0 03 0a 01 01 a2 06 04 04 01020304 a3 04 04 02 0102"), Token{Inner: []byte{1, 2, 3, 4}, Framed: true}},
		{"an empty answer", unhex(t, "a1 02 30 00"), Token{Framed: true}},
	} {
		got, err := Parse(c.token)
		if err != nil || got.Mech != c.want.Mech || !bytes.Equal(got.Inner, c.want.Inner) || got.Framed != c.want.Framed ||
			got.Init != c.want.Init || !slices.Equal(got.Offered, c.want.Offered) {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := unhex(t, initNTLM)
	cut := map[string][]byte{
		"nothing":                      nil,
		"one byte":                     {0x60},
		"text":                         []byte("hello"),
		"an indefinite length":         unhex(t, "60 80 06062b0601050502 0000"),
		"a long form of a short one":   append([]byte{0x60, 0x81, good[1]}, good[2:]...),
		"a length beyond the end":      append([]byte{0x60, good[1] + 1}, good[2:]...),
		"bytes after the end":          append(bytes.Clone(good), 0),
		"a length of 4 GB":             unhex(t, "60 84 ffffffff 06062b0601050502"),
		"another mechanism":            unhex(t, "60 0c 060a2b06010401823702020a"),
		"no NegTokenInit":              unhex(t, "60 08 06062b0601050502"),
		"no list of mechanisms":        unhex(t, "60 0c 06062b0601050502 a0 02 30 00"),
		"an empty list":                unhex(t, "60 10 06062b0601050502 a0 06 30 04 a0 02 30 00"),
		"a list of something else":     unhex(t, "60 13 06062b0601050502 a0 09 30 07 a0 05 30 03 020101"),
		"fields in the wrong order":    unhex(t, "a1 0e 30 0c a2 05 04 03 010203 a0 03 0a 01 01"),
		"a field twice":                unhex(t, "a1 0c 30 0a a0 03 0a 01 01 a0 03 0a 01 01"),
		"a field that is not defined":  unhex(t, "a1 07 30 05 a5 03 0a 01 01"),
		"a token that is no octets":    unhex(t, "a1 07 30 05 a2 03 0a 01 01"),
		"an empty token":               unhex(t, "a1 06 30 04 a2 02 04 00"),
		"too many mechanisms":          frameInit(t, strings.Repeat("06012a", MaxMechs+1), ""),
		"more bytes than a header has": make([]byte, MaxToken+1),
	}
	for i := range good[:len(good)-1] {
		cut[fmt.Sprintf("cut after %d bytes", i)] = good[:i]
	}
	for name, token := range cut {
		if got, err := Parse(token); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v; want ErrMalformed", name, got, err)
		}
	}
}

func TestChallenge(t *testing.T) {
	inner := unhex(t, "4e544c4d53535000 02000000")
	want := unhex(t, "a1 25 30 23 a0 03 0a0101 a1 0c 060a2b06010401823702020a a2 0e 04 0c 4e544c4d53535000 02000000")
	if got := Challenge(NTLM, inner); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	want = unhex(t, "a1 14 30 12 a0 03 0a0101 a1 0b 06092a864886f712010202")
	if got := Challenge(Kerberos, nil); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	if got := Challenge(Unknown, inner); got != nil {
		t.Errorf("got %x for a mechanism that has no name", got)
	}
	if got, err := Parse(Challenge(NTLM, make([]byte, 400))); err != nil || len(got.Inner) != 400 {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{type1, rawKRB5, initNTLM, respType3, "a1 02 30 00", "60 10 06062b0601050502 a0 06 30 04 a0 02 30 00"} {
		f.Add(unhex(f, s))
	}
	// curl 7.88 with gss-ntlmssp 1.2.0
	f.Add(unhex(f, "604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a04284e544c4d5353500001000000178208e200000000000000000000000000000000060200000000000f"))
	f.Add(frameInit(f, derMSKRB5+derKRB5+derNegoEx+derNTLM, rawKRB5))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		if got.Init && !got.Framed || len(got.Offered) > 2 || !bytes.Contains(b, got.Inner) {
			t.Fatalf("%x is read as %+v", b, got)
		}
		again, err := Parse(Challenge(NTLM, got.Inner))
		if err != nil || !bytes.Equal(again.Inner, got.Inner) {
			t.Fatalf("%x in a frame: %+v, %v", got.Inner, again, err)
		}
	})
}
