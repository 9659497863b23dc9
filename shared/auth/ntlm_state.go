package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"docket/shared/auth/ntlmssp"
	"docket/shared/keys"
)

// The state of a handshake is in two pairs of the challenge's target information,
// which an NTLMv2 client copies into what its proof covers:
//
//	timestamp      when it was issued, a FILETIME
//	DNS computer   "d" and 24 characters of base32: version, number of the key
//	               (4 bytes, big endian), 10 random bytes
//
// The nonce of 8 bytes is the head of HMAC-SHA-256 over both, the realm and the
// Host that the client asked for. So whoever shows a proof that fits was given
// this nonce by us, at that time, for that host: nobody else can compute the
// nonce of a state, and no other pair than these two may hold it (clients drop
// unknown pairs, and some fail on those that they set themselves).
const (
	stateVersion = 1
	stateBytes   = 15
	statePrefix  = "d" // a DNS label of digits alone would be none
)

const (
	ntlmLife = 120 * time.Second
	ntlmSkew = 5 * time.Second // how far ahead another instance's clock may be
)

// fileTimeEpoch is 1970 in FILETIME's units of 100 ns since 1601.
const fileTimeEpoch = 116_444_736_000_000_000

var stateText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ntlmStates makes challenges and reads the state of answers. Nothing is stored.
type ntlmStates struct {
	keys  []keys.Key // the current one first
	realm string
	name  string // ours, as NetBIOS writes it
	now   func() time.Time
	rand  io.Reader
}

func newNTLMStates(c *Config) *ntlmStates {
	all := c.Ring.All(keys.Nonces)
	return &ntlmStates{keys: all[:min(len(all), nonceKeys)], realm: c.Ring.Realm(), name: netBIOS(c.Ring.Realm()), now: c.Now, rand: c.Rand}
}

// netBIOS makes a name of up to 15 letters, digits and dashes.
func netBIOS(realm string) string {
	name := strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(realm))
	if name = strings.Trim(name[:min(len(name), 15)], "-"); name == "" {
		return "DOCKET"
	}
	return name
}

// ntlmState is a state that came back.
type ntlmState struct {
	label  string // no two challenges have the same
	nonce  [8]byte
	issued time.Time
}

// end is when a state ends to be good.
func (s ntlmState) end() time.Time { return s.issued.Add(ntlmLife) }

// issue makes a type 2, different from all others.
func (n *ntlmStates) issue(flags ntlmssp.Flags, host string) ([]byte, error) {
	k := &n.keys[0]
	var b [stateBytes]byte
	b[0] = stateVersion
	binary.BigEndian.PutUint32(b[1:], k.ID)
	if _, err := io.ReadFull(n.rand, b[5:]); err != nil {
		return nil, fmt.Errorf("make NTLM challenge: %w", err)
	}
	label := statePrefix + stateText.EncodeToString(b[:])
	stamp := binary.LittleEndian.AppendUint64(nil, uint64(n.now().UnixNano()/100+fileTimeEpoch))
	c := ntlmssp.Challenge{
		Flags: flags, Nonce: n.nonce(k, stamp, label, host), Target: n.name,
		Info: []ntlmssp.Pair{
			ntlmssp.TextPair(ntlmssp.PairNetBIOSDomain, n.name),
			ntlmssp.TextPair(ntlmssp.PairNetBIOSComputer, n.name),
			ntlmssp.TextPair(ntlmssp.PairDNSDomain, strings.ToLower(n.name)),
			ntlmssp.TextPair(ntlmssp.PairDNSComputer, label),
			{ID: ntlmssp.PairTimestamp, Value: stamp},
		},
	}
	return c.Append(nil), nil
}

// nonce derives the 8 bytes that a client has to prove.
func (n *ntlmStates) nonce(k *keys.Key, stamp []byte, label, host string) (nonce [8]byte) {
	m := hmac.New(sha256.New, k.Secret[:])
	io.WriteString(m, "NTLM challenge\x00")
	m.Write(stamp)
	for _, s := range []string{label, n.realm, strings.ToLower(host)} {
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
		io.WriteString(m, s)
	}
	copy(nonce[:], m.Sum(nil))
	return nonce
}

// open reads the state that an answer brought back, whatever its age. False: it has
// none of ours, or one under a key that is gone. Whether it is really ours, only the
// proof can tell.
func (n *ntlmStates) open(m *ntlmssp.Authenticate, host string) (ntlmState, bool) {
	label, stamp := m.Text(ntlmssp.PairDNSComputer), m.Pair(ntlmssp.PairTimestamp)
	text, ok := strings.CutPrefix(label, statePrefix)
	b, err := stateText.DecodeString(text)
	if !ok || err != nil || len(b) != stateBytes || b[0] != stateVersion || len(stamp) != 8 {
		return ntlmState{}, false
	}
	id := binary.BigEndian.Uint32(b[1:])
	for i := range n.keys {
		if k := &n.keys[i]; k.ID == id {
			units := int64(binary.LittleEndian.Uint64(stamp)) - fileTimeEpoch
			return ntlmState{label, n.nonce(k, stamp, label, host), time.Unix(units/1e7, units%1e7*100)}, true
		}
	}
	return ntlmState{}, false
}

// fresh reports whether a state is in its time.
func (n *ntlmStates) fresh(s ntlmState) bool {
	age := n.now().Sub(s.issued)
	return age >= -ntlmSkew && age <= ntlmLife
}
