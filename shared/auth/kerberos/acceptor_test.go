package kerberos

import (
	"encoding/asn1"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"docket/shared/auth"
	"docket/shared/auth/kerberostest"

	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/types"
)

func TestAccept(t *testing.T) {
	token := newToken(t).Bytes(t)
	got, err := acceptor(t, start.Add(time.Minute), nil).Accept(t.Context(), token)
	if err != nil || got.Account != `Corp\ann` || got.Groups != nil || !got.End.Equal(start.Add(250*time.Millisecond+Skew)) {
		t.Fatalf("%+v, %v", got, err)
	}
	again, err := acceptor(t, start, nil).Accept(t.Context(), token)
	if err != nil || again.Use != got.Use {
		t.Errorf("a copy of a token is another use: %v", err)
	}
	other, err := acceptor(t, start, nil).Accept(t.Context(), newToken(t).Bytes(t))
	if err != nil || other.Use == got.Use {
		t.Errorf("another token is the same use: %v", err)
	}
}

// TestTickets changes one thing of a right token. A reason must be the one that is
// expected, or a refusal for something else would pass.
func TestTickets(t *testing.T) {
	old := ours
	old.Version, old.Password = 2, "before"
	for name, c := range map[string]struct {
		change func(*kerberostest.Token)
		config func(*Config)
		now    time.Duration // after start
		reason string        // "" is accepted
	}{
		"the last moment of a clock behind": {now: -Skew + 251*time.Millisecond},
		"a clock behind":                    {now: -Skew, reason: "clock differs by -5m0s"},
		"a clock ahead":                     {now: Skew + time.Second, reason: "clock differs by 5m1s"},
		"expired":                           {change: func(f *kerberostest.Token) { f.Part.EndTime = start.Add(-Skew - time.Second) }, reason: "expired ticket, by 5m1s"},
		"expired within the skew":           {change: func(f *kerberostest.Token) { f.Part.EndTime = start.Add(-Skew) }},
		"of the future":                     {change: func(f *kerberostest.Token) { f.Part.StartTime = start.Add(Skew + time.Second) }, reason: "ticket of the future"},
		"without a start, of the future": {change: func(f *kerberostest.Token) {
			f.Part.StartTime, f.Part.AuthTime = time.Time{}, start.Add(time.Hour)
		}, reason: "ticket of the future"},
		"marked invalid":       {change: func(f *kerberostest.Token) { types.SetFlag(&f.Part.Flags, flags.Invalid) }, reason: "not valid yet"},
		"old key, in keytab":   {change: func(f *kerberostest.Token) { f.SealedBy = old }, config: func(c *Config) { c.Keytab = keytabOf(t, old, ours) }},
		"new key, with an old": {config: func(c *Config) { c.Keytab = keytabOf(t, old, ours) }},
		"old key, taken out":   {change: func(f *kerberostest.Token) { f.SealedBy = old }, reason: "its key has version 2"},
		"no version":           {change: func(f *kerberostest.Token) { f.SealedBy.Version = 0 }, config: func(c *Config) { c.Keytab = keytabOf(t, old, ours) }},
		"another host in the keytab's realm": {change: func(f *kerberostest.Token) {
			f.SealedBy.Principal, f.Ticket.SName = "HTTP/other", kerberostest.Principal("HTTP", "other")
		}, reason: "no key of the service"},
		"another host, renamed": {change: func(f *kerberostest.Token) { f.SealedBy.Principal = "HTTP/other" }, reason: "no key of the keytab opens"},
		"the host in capitals":  {change: func(f *kerberostest.Token) { f.Ticket.SName = kerberostest.Principal("http", strings.ToUpper(host)) }},
		"another service": {change: func(f *kerberostest.Token) {
			f.SealedBy.Principal, f.Ticket.SName = "cifs/"+host, kerberostest.Principal("cifs", host)
		}, config: func(c *Config) {
			cifs := ours
			cifs.Principal = "cifs/" + host
			c.Keytab = keytabOf(t, ours, cifs)
		}, reason: "another service"},
		"another service, renamed": {change: func(f *kerberostest.Token) { f.SealedBy.Principal = "cifs/" + host }, config: func(c *Config) {
			cifs := ours
			cifs.Principal = "cifs/" + host
			c.Keytab = keytabOf(t, ours, cifs)
		}, reason: "no key of the keytab opens"},
		"a service without a name": {change: func(f *kerberostest.Token) { f.Ticket.SName = kerberostest.Principal() }, reason: "another service"},
		"another service realm":    {change: func(f *kerberostest.Token) { f.Ticket.Realm = "OTHER" }, reason: "no key of the service"},
		"RC4":                      {change: func(f *kerberostest.Token) { f.SealedBy.Cipher = 23 }, reason: "cipher 23"},
		"AES-128 under SHA-2": {change: func(f *kerberostest.Token) { f.SealedBy.Cipher = 19 }, config: func(c *Config) {
			k := ours
			k.Cipher = 19
			c.Keytab = keytabOf(t, k)
		}},
		"RC4 session": {change: func(f *kerberostest.Token) { f.Part.Key = types.EncryptionKey{KeyType: 23, KeyValue: make([]byte, 16)} }, reason: "session under cipher 23"},
		"a realm without a line": {change: func(f *kerberostest.Token) {
			f.Part.CRealm, f.Made.CRealm = "PARTNER.EXAMPLE", "PARTNER.EXAMPLE"
		}, reason: `realm "PARTNER.EXAMPLE" has no domain`},
		"a trusted realm": {change: func(f *kerberostest.Token) {
			f.Part.CRealm, f.Made.CRealm = "PARTNER.EXAMPLE", "PARTNER.EXAMPLE"
		}, config: func(c *Config) { c.Realms["PARTNER.EXAMPLE"] = "Partner" }},
		"a trusted realm by way of another": {change: func(f *kerberostest.Token) {
			f.Part.CRealm, f.Made.CRealm, f.Part.Transited.Contents = "PARTNER.EXAMPLE", "PARTNER.EXAMPLE", []byte("ROGUE")
		}, config: func(c *Config) { c.Realms["PARTNER.EXAMPLE"] = "Partner" }, reason: "no KDC has checked"},
		"a way that a KDC checked": {change: func(f *kerberostest.Token) {
			f.Part.CRealm, f.Made.CRealm, f.Part.Transited.Contents = "PARTNER.EXAMPLE", "PARTNER.EXAMPLE", []byte("HUB")
			types.SetFlag(&f.Part.Flags, flags.TransitedPolicyChecked)
		}, config: func(c *Config) { c.Realms["PARTNER.EXAMPLE"] = "Partner" }},
		"the realm in small letters": {change: func(f *kerberostest.Token) {
			f.Part.CRealm, f.Made.CRealm = strings.ToLower(realm), strings.ToLower(realm)
		}, reason: "has no domain"},
		"a service's own name": {change: func(f *kerberostest.Token) {
			f.Part.CName, f.Made.CName = kerberostest.Principal("host", "x"), kerberostest.Principal("host", "x")
		}, reason: "2 parts"},
		"a name with a domain": {change: func(f *kerberostest.Token) {
			f.Part.CName, f.Made.CName = kerberostest.Principal(`X\ann`), kerberostest.Principal(`X\ann`)
		}, reason: "none of an account"},
		"an enterprise name": {change: func(f *kerberostest.Token) {
			f.Part.CName, f.Made.CName = kerberostest.Principal("ann@x"), kerberostest.Principal("ann@x")
		}, reason: "none of an account"},
		"a Kelvin sign for a K": {change: func(f *kerberostest.Token) {
			n := kerberostest.Principal("\u212Aate")
			f.Part.CName, f.Made.CName = n, n
		}, reason: "none of an account"},
		"a long s for an s": {change: func(f *kerberostest.Token) {
			n := kerberostest.Principal("\u017Fam")
			f.Part.CName, f.Made.CName = n, n
		}, reason: "none of an account"},
		"a name beyond ASCII": {change: func(f *kerberostest.Token) {
			n := kerberostest.Principal("Jörg Σ")
			f.Part.CName, f.Made.CName = n, n
		}},
		"no name": {change: func(f *kerberostest.Token) {
			f.Part.CName, f.Made.CName = kerberostest.Principal(""), kerberostest.Principal("")
		}, reason: "none of an account"},
		"a long name": {change: func(f *kerberostest.Token) {
			n := kerberostest.Principal(strings.Repeat("a", maxUser+1))
			f.Part.CName, f.Made.CName = n, n
		}, reason: "none of an account"},
		"another's authenticator":  {change: func(f *kerberostest.Token) { f.Made.CName = kerberostest.Principal("eve") }, reason: "another client's"},
		"another's realm":          {change: func(f *kerberostest.Token) { f.Made.CRealm = "OTHER" }, reason: "another client's"},
		"a checksum not GSS-API's": {change: func(f *kerberostest.Token) { f.Made.Cksum.CksumType = 16 }, reason: "another protocol"},
		"a short checksum":         {change: func(f *kerberostest.Token) { f.Made.Cksum.Checksum = f.Made.Cksum.Checksum[:23] }, reason: "another protocol"},
		"no checksum":              {change: func(f *kerberostest.Token) { f.Made.Cksum = types.Checksum{} }, reason: "authenticator"},
		"microseconds of a day":    {change: func(f *kerberostest.Token) { f.Made.Cusec = 1_000_000 }, reason: "malformed authenticator"},
		"bound to an address": {change: func(f *kerberostest.Token) {
			f.Part.CAddr = types.HostAddresses{{AddrType: 2, Address: []byte{192, 0, 2, 1}}}
		}, reason: "bound to an address"},
		"with a machine's name": {change: func(f *kerberostest.Token) {
			f.Part.CAddr = types.HostAddresses{{AddrType: 20, Address: []byte("WS1             ")}}
		}},
		"between users":              {change: func(f *kerberostest.Token) { f.Options = []byte{0x40} }, reason: "between users"},
		"with mutual authentication": {change: func(f *kerberostest.Token) { f.Options = []byte{0x20} }},
		"version 4":                  {change: func(f *kerberostest.Token) { f.Ticket.TktVNO = 4 }, reason: "not version 5"},
		"an answer, not a request":   {change: func(f *kerberostest.Token) { f.ID = []byte{2, 0} }, reason: "first token"},
		"another mechanism":          {change: func(f *kerberostest.Token) { f.Mech = asn1.ObjectIdentifier{1, 2, 3} }, reason: "first token"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newToken(t)
			if c.change != nil {
				c.change(f)
			}
			got, err := acceptor(t, start.Add(c.now), c.config).Accept(t.Context(), f.Bytes(t))
			switch {
			case c.reason == "" && (err != nil || got.Account == ""):
				t.Errorf("refused: %v", err)
			case err != nil && strings.Contains(strings.ToLower(err.Error()), host):
				t.Errorf("the reason quotes what was sent: %v", err)
			case c.reason != "" && (!errors.Is(err, auth.ErrTicket) || !strings.Contains(err.Error(), c.reason) || !reflect.ValueOf(got).IsZero()):
				t.Errorf("%+v, %v; want a refusal for %q", got, err, c.reason)
			}
		})
	}
}

// TestAlteredTokens changes each byte of a right token: none is accepted with
// another meaning, and none makes a panic. The header of the ticket names key and
// service in the clear, so that some changes are none.
func TestAlteredTokens(t *testing.T) {
	token := newToken(t).Bytes(t)
	a := acceptor(t, start, nil)
	want, err := a.Accept(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for i := range token {
		for _, flip := range []byte{0x01, 0x20, 0x80, 0xff} {
			altered := append([]byte{}, token...)
			altered[i] ^= flip
			got, err := a.Accept(t.Context(), altered)
			if err == nil {
				accepted++
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("byte %d: %+v; want %+v or a refusal", i, got, want)
				}
			} else if !errors.Is(err, auth.ErrTicket) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
	if accepted > 100 {
		t.Errorf("%d altered tokens are accepted as the one", accepted)
	}
	for n := range token {
		if _, err := a.Accept(t.Context(), token[:n]); !errors.Is(err, auth.ErrTicket) {
			t.Fatalf("%d bytes of it: %v", n, err)
		}
	}
}

func TestNewSaysWhatToChange(t *testing.T) {
	weak, host := ours, ours
	weak.Cipher, host.Principal = 23, "host/x"
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no realm":     {func(c *Config) { c.Realms = nil }, "realms"},
		"no clock":     {func(c *Config) { c.Now = nil }, "clock"},
		"not a keytab": {func(c *Config) { c.Keytab = []byte("{}") }, "klist -k"},
		"empty":        {func(c *Config) { c.Keytab = nil }, "klist -k"},
		"cut off":      {func(c *Config) { c.Keytab = c.Keytab[:40] }, "klist -k"},
		"large":        {func(c *Config) { c.Keytab = make([]byte, maxKeytab+1) }, "bytes"},
		"RC4 alone":    {func(c *Config) { c.Keytab = keytabOf(t, weak) }, "1 keys, none of them an AES key"},
		"host keys":    {func(c *Config) { c.Keytab = keytabOf(t, host) }, "HTTP/host"},
	} {
		conf := Config{Keytab: keytabOf(t, ours), Realms: map[string]string{realm: "Corp"}, Now: time.Now}
		c.change(&conf)
		if _, err := New(conf); !errors.Is(err, auth.ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}
