package kerberos

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"docket/shared/auth/kerberostest"

	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/pac"
	"github.com/jcmturner/gokrb5/v8/types"
)

// TestPublishedLogons compares ours with the library's decoder on what Windows made.
func TestPublishedLogons(t *testing.T) {
	for name, b := range kerberostest.Logons(t) {
		got, err := readLogon(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var k pac.KerbValidationInfo
		if err := k.Unmarshal(b); err != nil {
			t.Fatal(err)
		}
		want := k.GetGroupMembershipSIDs()
		slices.Sort(got)
		slices.Sort(want)
		if len(got) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %v; want %v", name, got, want)
		}
	}
	got, err := readLogon(kerberostest.Logons(t)["MS-PAC"])
	if err != nil || len(got) != 26+13 || !slices.Contains(got, "S-1-5-21-397955417-626881126-188441444-513") {
		t.Errorf("MS-PAC's example: %d SIDs, %v: %v", len(got), err, got)
	}
}

func bufferOf(kind uint32, content []byte) kerberostest.Buffer {
	return kerberostest.Buffer{Kind: kind, Content: content}
}

// TestGroups maps what a signed PAC says to groups.
func TestGroups(t *testing.T) {
	logon := kerberostest.Logons(t)["MS-PAC"]
	groups := map[string]string{
		"S-1-5-21-397955417-626881126-188441444-513":     "Domain users",
		"S-1-5-21-397955417-626881126-188441444-3392609": "Audit readers",
		"S-1-5-21-397955417-626881126-188441444-3392610": "Audit readers",
		"S-1-5-32-544": "Netwrix Auditor Administrators",
	}
	key := ours.Secret(t)
	signed := pacOf(t, logon)
	body := func(name string) []byte { return kerberostest.Client(name, start.Add(-3600e9)) }
	server, kdc := bufferOf(bufferServer, kerberostest.Signature(chksumtype.HMAC_SHA1_96_AES256, 12)), bufferOf(bufferKDC, kerberostest.Signature(chksumtype.HMAC_SHA1_96_AES256, 12))
	other := kerberostest.Key{Principal: "HTTP/other", Realm: realm, Password: "x", Version: 1, Cipher: 18}.Secret(t)
	altered := bytes.Clone(signed)
	altered[len(altered)/2] ^= 1
	all := []string{"Audit readers", "Domain users"}
	for name, c := range map[string]struct {
		data types.AuthorizationData
		want []string
	}{
		"signed":            {kerberostest.With(t, signed), all},
		"no PAC":            {nil, nil},
		"in capitals":       {kerberostest.With(t, kerberostest.Sign(t, key, kerberostest.Lay(bufferOf(bufferLogon, logon), bufferOf(bufferClient, body("ANN@"+realm)), server, kdc))), all},
		"second container":  {append(types.AuthorizationData{{ADType: adIfRelevant, ADData: []byte{0x30, 0}}}, kerberostest.With(t, signed)...), all},
		"altered":           {kerberostest.With(t, altered), nil},
		"not signed":        {kerberostest.With(t, kerberostest.Lay(bufferOf(bufferLogon, logon), bufferOf(bufferClient, body("ann")), server, kdc)), nil},
		"without signature": {kerberostest.With(t, kerberostest.Lay(bufferOf(bufferLogon, logon), bufferOf(bufferClient, body("ann")))), nil},
		"another's key":     {kerberostest.With(t, kerberostest.Sign(t, other, kerberostest.Lay(bufferOf(bufferLogon, logon), bufferOf(bufferClient, body("ann")), server, kdc))), nil},
		"another's":         {kerberostest.With(t, kerberostest.Sign(t, key, kerberostest.Lay(bufferOf(bufferLogon, logon), bufferOf(bufferClient, body("eve")), server, kdc))), nil},
		"nobody's":          {kerberostest.With(t, kerberostest.Sign(t, key, kerberostest.Lay(bufferOf(bufferLogon, logon), server, kdc))), nil},
		"of another sign-in": {kerberostest.With(t, kerberostest.Sign(t, key, kerberostest.Lay(bufferOf(bufferLogon, logon), bufferOf(bufferClient, kerberostest.Client("ann", start)), server, kdc))),
			nil},
		"without groups, as MIT's": {kerberostest.With(t, kerberostest.Sign(t, key, kerberostest.Lay(bufferOf(bufferClient, body("ann")), server, kdc))), nil},
		"in the open":              {types.AuthorizationData{{ADType: adPAC, ADData: signed}}, nil},
		"not DER":                  {types.AuthorizationData{{ADType: adIfRelevant, ADData: []byte("x")}}, nil},
	} {
		f := newToken(t)
		f.Part.AuthorizationData = c.data
		got, err := acceptor(t, start, func(c *Config) { c.Groups = groups }).Accept(t.Context(), f.Bytes(t))
		if err != nil || !slices.Equal(got.Groups, c.want) {
			t.Errorf("%s: groups %v, %v; want %v", name, got.Groups, err, c.want)
		}
	}
}

// TestMembershipsThatDoNotCount switches the first group of the example off.
func TestMembershipsThatDoNotCount(t *testing.T) {
	b := kerberostest.Logons(t)["MS-PAC"]
	const group = "S-1-5-21-397955417-626881126-188441444-3392609"
	at := bytes.Index(b, binary.LittleEndian.AppendUint32(nil, 3392609))
	for attributes, want := range map[uint32]bool{7: true, 4: true, 3: false, 0: false, 0x17: false} {
		changed := bytes.Clone(b)
		binary.LittleEndian.PutUint32(changed[at+4:], attributes)
		got, err := readLogon(changed)
		if err != nil || slices.Contains(got, group) != want {
			t.Errorf("attributes %#x: %v, %v; want %v", attributes, slices.Contains(got, group), err, want)
		}
	}
}

// TestHugeClaims writes a length of 4 G into each place of what Windows made: it is
// refused or overread, and nothing of that size is reserved.
func TestHugeClaims(t *testing.T) {
	for _, b := range kerberostest.Logons(t) {
		for i := 0; i+4 <= len(b); i++ {
			changed := bytes.Clone(b)
			binary.LittleEndian.PutUint32(changed[i:], 0xffffffff)
			if list, err := readLogon(changed); err == nil && len(list) > maxSIDs {
				t.Fatalf("%d SIDs of %d bytes", len(list), len(b))
			}
			if _, err := readLogon(b[:i]); err == nil && i < len(b)-16 {
				t.Fatalf("%d of %d bytes are enough", i, len(b))
			}
		}
	}
}
