package kerberostest

import (
	"encoding/asn1"
	"encoding/base64"
	"testing"
	"time"

	fork "github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Key is a service's key, made of a password as KDCs do.
type Key struct {
	Principal, Realm, Password string
	Version                    uint8
	Cipher                     int32 // 18 is AES-256
}

// Secret is the key itself.
func (k Key) Secret(t testing.TB) types.EncryptionKey {
	t.Helper()
	name, _ := types.ParseSPNString(k.Principal)
	key, _, err := crypto.GetKeyFromPassword(k.Password, name, k.Realm, k.Cipher, types.PADataSequence{})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Keytab is a file's content.
func Keytab(t testing.TB, made time.Time, list ...Key) []byte {
	t.Helper()
	kt := keytab.New()
	for _, k := range list {
		if err := kt.AddEntry(k.Principal, k.Realm, k.Password, made, k.Version, k.Cipher); err != nil {
			t.Fatal(err)
		}
	}
	b, err := kt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Token is one before it is sealed: everything that a KDC or a client could do
// wrong can be changed.
type Token struct {
	SealedBy Key // seals the ticket
	Ticket   messages.Ticket
	Part     messages.EncTicketPart // of the ticket
	Made     types.Authenticator
	Options  []byte
	Mech     asn1.ObjectIdentifier
	ID       []byte // of the message, behind the mechanism
}

// Principal is a name of these parts.
func Principal(parts ...string) types.PrincipalName {
	return types.PrincipalName{NameType: 1, NameString: parts}
}

// New is a right token of a user of the key's realm, made now, who signed in an hour
// ago.
func New(t testing.TB, key Key, user string, now time.Time) *Token {
	t.Helper()
	kind, err := crypto.GetEtype(18)
	if err != nil {
		t.Fatal(err)
	}
	session, err := types.GenerateEncryptionKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	service, _ := types.ParseSPNString(key.Principal)
	now = now.UTC()
	return &Token{
		SealedBy: key,
		Ticket:   messages.Ticket{TktVNO: 5, Realm: key.Realm, SName: Principal(service.NameString...)},
		Part: messages.EncTicketPart{
			Flags: types.NewKrbFlags(), Key: session, CRealm: key.Realm, CName: Principal(user),
			AuthTime: SignedIn(now), StartTime: now.Add(-time.Minute), EndTime: now.Add(8 * time.Hour),
		},
		Made: types.Authenticator{
			AVNO: 5, CRealm: key.Realm, CName: Principal(user), Cusec: 250_000, CTime: now,
			Cksum: types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: make([]byte, 24)},
		},
		Mech: asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}, ID: []byte{1, 0},
	}
}

// SignedIn is when the user of a token of now got its first ticket: of whole seconds,
// like all times of Kerberos.
func SignedIn(now time.Time) time.Time { return now.UTC().Add(-time.Hour).Truncate(time.Second) }

// Plain is what the KDC and what the client seals.
func (f *Token) Plain(t testing.TB) (part, made []byte) {
	t.Helper()
	b, err := fork.Marshal(f.Part)
	if err != nil {
		t.Fatal(err)
	}
	if made, err = f.Made.Marshal(); err != nil {
		t.Fatal(err)
	}
	return asn1tools.AddASNAppTag(b, asnAppTag.EncTicketPart), made
}

// Bytes seals it all.
func (f *Token) Bytes(t testing.TB) []byte {
	t.Helper()
	part, made := f.Plain(t)
	return f.Seal(t, f.SealedBy.Secret(t), f.Part.Key, part, made)
}

// Seal makes a token of what is sealed, whatever that is.
func (f *Token) Seal(t testing.TB, key, session types.EncryptionKey, part, made []byte) []byte {
	t.Helper()
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var err error
	if f.Ticket.EncPart, err = crypto.GetEncryptedData(part, key, keyusage.KDC_REP_TICKET, int(f.SealedBy.Version)); err != nil {
		t.Fatal(err)
	}
	r := messages.APReq{PVNO: 5, MsgType: 14, APOptions: types.NewKrbFlags(), Ticket: f.Ticket}
	copy(r.APOptions.Bytes, f.Options)
	if r.EncryptedAuthenticator, err = crypto.GetEncryptedData(made, session, keyusage.AP_REQ_AUTHENTICATOR, 0); err != nil {
		t.Fatal(err)
	}
	body := append(must(asn1.Marshal(f.Mech)), f.ID...)
	return asn1tools.AddASNAppTag(append(body, must(r.Marshal())...), 0)
}

// Header is the token as clients send it.
func (f *Token) Header(t testing.TB) string {
	t.Helper()
	return "Negotiate " + base64.StdEncoding.EncodeToString(f.Bytes(t))
}
