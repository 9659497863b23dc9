package ntlmssp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The messages of MS-NLMP, section 4.2.4.3: User of Domain on COMPUTER, whose
// password is Password.
const (
	publishedChallenge = `4e544c4d53535000 02000000 0c000c00 38000000 33828ae2 0123456789abcdef 0000000000000000 24002400 44000000
		06007017 0000000f 530065007200760065007200 02000c00 44006f006d00610069006e00 01000c00 530065007200760065007200 00000000`
	publishedAuthenticate = `4e544c4d53535000 03000000 18001800 6c000000 54005400 84000000 0c000c00 48000000 08000800 54000000
		10001000 5c000000 10001000 d8000000 358288e2 0501280a 0000000f
		44006f006d00610069006e00 5500730065007200 43004f004d0050005500540045005200
		86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa
		68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000
		02000c00 44006f006d00610069006e00 01000c00 530065007200760065007200 00000000 00000000
		c5dad2544fc979909 4ce1ce90bc9d03e`
)

var publishedNonce = [8]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}

func TestPublishedHashes(t *testing.T) {
	if got := NTHash("Password"); !bytes.Equal(got, unhex(t, "a4f49c406510bdcab6824ee7c30fd852")) {
		t.Errorf("NT hash %x", got)
	}
	if got := WideHash("Password"); !bytes.Equal(got, NTHash("Password")) {
		t.Errorf("%x: for ASCII it is the NT hash", got)
	}
	if got := mac(NTHash("Password"), appendUTF16(nil, "USER"+"Domain")); !bytes.Equal(got, unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f")) {
		t.Errorf("NTOWFv2 %x", got)
	}
}

func TestPublishedAuthenticate(t *testing.T) {
	a, err := ParseAuthenticate(unhex(t, publishedAuthenticate))
	if err != nil {
		t.Fatal(err)
	}
	if a.User != "User" || a.Domain != "Domain" || a.Workstation != "COMPUTER" || hex.EncodeToString(a.Proof) != "68cd0ab851e51c96aabc927bebef6a1c" {
		t.Errorf("%+v", a)
	}
	if a.Text(PairNetBIOSDomain) != "Domain" || a.Text(PairNetBIOSComputer) != "Server" || a.Pair(PairTimestamp) != nil || a.Text(PairDNSComputer) != "" {
		t.Errorf("pairs %v", a.Pairs)
	}
	other := publishedNonce
	other[7]++
	wrong := NTHash("password")
	for _, c := range []struct {
		what   string
		hashes [][]byte
		nonce  [8]byte
		want   bool
	}{
		{"the hash", [][]byte{NTHash("Password")}, publishedNonce, true},
		{"the hash, second", [][]byte{wrong, NTHash("Password")}, publishedNonce, true},
		{"the hash twice", [][]byte{NTHash("Password"), NTHash("Password")}, publishedNonce, true},
		{"another hash", [][]byte{wrong}, publishedNonce, false},
		{"another nonce", [][]byte{NTHash("Password")}, other, false},
		{"no hash", nil, publishedNonce, false},
	} {
		if got := a.Fits(c.hashes, c.nonce); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// TestPublishedChallenge writes the published message but for its version,
// reserved flags and build, which are ours.
func TestPublishedChallenge(t *testing.T) {
	want := unhex(t, publishedChallenge)
	c := Challenge{Flags: Key128 | Key56 | KeyExchange | Sign | Seal, Nonce: publishedNonce, Target: "Server",
		Info: []Pair{TextPair(PairNetBIOSDomain, "Domain"), TextPair(PairNetBIOSComputer, "Server")}}
	got := c.Append(nil)
	flags := Flags(binary.LittleEndian.Uint32(got[20:]))
	// The published one has also OEM, and says that its target is a server.
	if published := Flags(binary.LittleEndian.Uint32(want[20:])); flags != published&^(1<<1|1<<17)|TargetTypeDomain|RequestTarget {
		t.Errorf("flags %08x; published %08x", flags, published)
	}
	copy(want[20:24], got[20:24])
	copy(want[48:56], got[48:56])
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	if c.Flags = 0; Flags(binary.LittleEndian.Uint32(c.Append(nil)[20:]))&echoed != 0 {
		t.Error("flags that the client did not ask for")
	}
}

func TestNegotiate(t *testing.T) {
	b := unhex(t, "4e544c4d53535000 01000000 07820820")
	if f, err := ParseNegotiate(b); err != nil || f != 0x20088207 {
		t.Errorf("%08x, %v", f, err)
	}
	if f, err := ParseNegotiate(append(b, make([]byte, 24)...)); err != nil || f != 0x20088207 {
		t.Errorf("with domain, workstation and version: %08x, %v", f, err)
	}
	for what, bad := range map[string][]byte{
		"nothing": nil, "half the flags": b[:14], "type 3": unhex(t, publishedAuthenticate), "type 2": unhex(t, publishedChallenge),
		"another signature": append([]byte("NTLMSSQ\x00"), b[8:]...), "too long": append(bytes.Clone(b), make([]byte, MaxMessage)...),
	} {
		if _, err := ParseNegotiate(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v; want ErrMalformed", what, err)
		}
	}
}

func TestCapitals(t *testing.T) {
	for name, want := range map[string][]string{
		"User":         {"USER"},
		"j\u00fcrg":    {"J\u00dcRG", "J\u00fcRG"},
		"wei\u00df":    {"WEI\u00df", "WEISS"}, // letter by letter it has no capital
		"\u0131\ufb01": {"I\ufb01", "IFI", "\u0131\ufb01"},
	} {
		if got := capitals(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
}

func TestNarrow(t *testing.T) {
	for _, s := range []string{"J\u00fcrg", "\u30e6\u30fc\u30b6"} {
		if got, ok := Narrow(Widen(s)); !ok || got != s {
			t.Errorf("%q: %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "ascii", "J\u00fcrg", "\u30e6"} {
		if got, ok := Narrow(s); ok {
			t.Errorf("%q is taken for the widened %q", s, got)
		}
	}
}

func TestTextIsReadStrictly(t *testing.T) {
	for _, s := range []string{"", "a", "J\u00fcrg", "\U0001F600"} {
		if got, ok := decodeUTF16(appendUTF16(nil, s)); !ok || got != s {
			t.Errorf("%q: %q, %v", s, got, ok)
		}
	}
	for _, units := range [][]uint16{{0xD83D}, {0xD83D, 'a'}, {0xDE00, 0xD83D}} {
		var b []byte
		for _, u := range units {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		if got, ok := decodeUTF16(b); ok {
			t.Errorf("%x is read as %q, which is %x", units, got, utf16.Encode([]rune(got)))
		}
	}
	if got, ok := decodeUTF16([]byte("abc")); ok {
		t.Errorf("three bytes are read as %q", got)
	}
}
