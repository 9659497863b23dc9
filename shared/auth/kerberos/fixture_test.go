package kerberos

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"testing"
	"time"
	"unicode/utf16"

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

// The realm of the tests and its service.
const (
	realm = "CORP.EXAMPLE"
	host  = "docket.corp.example"
)

// start is the time of the tests' clocks: of whole seconds, like Kerberos's.
var start = time.Unix(1_800_000_000, 0).UTC()

// entry is a key of a keytab.
type entry struct {
	principal, realm, password string
	version                    uint8
	cipher                     int32
}

func keytabOf(t testing.TB, list ...entry) []byte {
	t.Helper()
	kt := keytab.New()
	for _, e := range list {
		if err := kt.AddEntry(e.principal, e.realm, e.password, start, e.version, e.cipher); err != nil {
			t.Fatal(err)
		}
	}
	b, err := kt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ours is the key that the tests' KDC shares with the service.
var ours = entry{"HTTP/" + host, realm, "the service's", 3, 18}

// forged is a token before it is sealed: everything that a KDC or a client could
// do wrong can be changed.
type forged struct {
	sealedBy entry // the key of the ticket
	ticket   messages.Ticket
	part     messages.EncTicketPart
	made     types.Authenticator
	options  []byte
	mech     asn1.ObjectIdentifier
	id       []byte
}

func principal(names ...string) types.PrincipalName {
	return types.PrincipalName{NameType: 1, NameString: names}
}

// newForged is a right token of ann, made at start.
func newForged(t testing.TB) *forged {
	t.Helper()
	kind, err := crypto.GetEtype(18)
	if err != nil {
		t.Fatal(err)
	}
	session, err := types.GenerateEncryptionKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	ann := principal("ann")
	return &forged{
		sealedBy: ours,
		ticket:   messages.Ticket{TktVNO: 5, Realm: realm, SName: principal("HTTP", host)},
		part: messages.EncTicketPart{
			Flags: types.NewKrbFlags(), Key: session, CRealm: realm, CName: ann,
			AuthTime: start.Add(-time.Hour), StartTime: start.Add(-time.Minute), EndTime: start.Add(8 * time.Hour),
		},
		made: types.Authenticator{
			AVNO: 5, CRealm: realm, CName: ann, Cusec: 250_000, CTime: start,
			Cksum: types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: make([]byte, 24)},
		},
		mech: oidKerberos, id: []byte{1, 0},
	}
}

// keyOf is the key of an entry.
func keyOf(t testing.TB, e entry) types.EncryptionKey {
	t.Helper()
	name, _ := types.ParseSPNString(e.principal)
	key, _, err := crypto.GetKeyFromPassword(e.password, name, e.realm, e.cipher, types.PADataSequence{})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// plain is what the KDC and what the client seals.
func (f *forged) plain(t testing.TB) (part, made []byte) {
	t.Helper()
	b, err := fork.Marshal(f.part)
	if err != nil {
		t.Fatal(err)
	}
	if made, err = f.made.Marshal(); err != nil {
		t.Fatal(err)
	}
	return asn1tools.AddASNAppTag(b, asnAppTag.EncTicketPart), made
}

// token seals it all.
func (f *forged) token(t testing.TB) []byte {
	t.Helper()
	part, made := f.plain(t)
	return f.seal(t, keyOf(t, f.sealedBy), f.part.Key, part, made)
}

func (f *forged) seal(t testing.TB, key, session types.EncryptionKey, part, made []byte) []byte {
	t.Helper()
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var err error
	if f.ticket.EncPart, err = crypto.GetEncryptedData(part, key, keyusage.KDC_REP_TICKET, int(f.sealedBy.version)); err != nil {
		t.Fatal(err)
	}
	r := messages.APReq{PVNO: 5, MsgType: 14, APOptions: types.NewKrbFlags(), Ticket: f.ticket}
	copy(r.APOptions.Bytes, f.options)
	if r.EncryptedAuthenticator, err = crypto.GetEncryptedData(made, session, keyusage.AP_REQ_AUTHENTICATOR, 0); err != nil {
		t.Fatal(err)
	}
	body := append(must(asn1.Marshal(f.mech)), f.id...)
	return asn1tools.AddASNAppTag(append(body, must(r.Marshal())...), 0)
}

// acceptor takes tickets of the realm at a time.
func acceptor(t testing.TB, now time.Time, change func(*Config)) *Acceptor {
	t.Helper()
	c := Config{Keytab: keytabOf(t, ours), Realms: map[string]string{realm: "Corp"}, Now: func() time.Time { return now }}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// buffer is a part of a PAC.
type buffer struct {
	kind    uint32
	content []byte
}

// signatureOf is an empty signature of a kind.
func signatureOf(kind int32, size int) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(kind)), make([]byte, size)...)
}

// clientInfo is whose PAC it is.
func clientInfo(name string, signedIn time.Time) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(signedIn.Unix()+11_644_473_600)*10_000_000)
	text := utf16.Encode([]rune(name))
	b = binary.LittleEndian.AppendUint16(b, uint16(2*len(text)))
	for _, u := range text {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// layPAC puts buffers one after the other.
func layPAC(list ...buffer) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(list)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	at := 8 + 16*len(list)
	for _, x := range list {
		b = binary.LittleEndian.AppendUint32(b, x.kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.content)))
		b = binary.LittleEndian.AppendUint64(b, uint64(at))
		at += (len(x.content) + 7) &^ 7
	}
	for _, x := range list {
		b = append(b, x.content...)
		b = append(b, make([]byte, -len(x.content)&7)...)
	}
	return b
}

// signPAC fills in the service's signature, which must be zero.
func signPAC(t testing.TB, key types.EncryptionKey, b []byte) []byte {
	t.Helper()
	kind, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := kind.GetChecksumHash(key.KeyValue, b, keyusage.KERB_NON_KERB_CKSUM_SALT)
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPAC(b)
	if err != nil {
		t.Fatal(err)
	}
	signed := bytes.Clone(b)
	copy(signed[p.spans[bufferServer].at+4:], sum)
	return signed
}

// pacOf is a PAC of ann as a KDC signs it.
func pacOf(t testing.TB, logon []byte) []byte {
	t.Helper()
	return signPAC(t, keyOf(t, ours), layPAC(buffer{bufferLogon, logon}, buffer{bufferClient, clientInfo("ann", start.Add(-time.Hour))},
		buffer{bufferServer, signatureOf(chksumtype.HMAC_SHA1_96_AES256, 12)}, buffer{bufferKDC, signatureOf(chksumtype.KERB_CHECKSUM_HMAC_MD5, 16)}))
}

// withPAC is the authorization data of a ticket with a PAC.
func withPAC(t testing.TB, content []byte) types.AuthorizationData {
	t.Helper()
	inner, err := fork.Marshal(types.AuthorizationData{{ADType: adPAC, ADData: content}})
	if err != nil {
		t.Fatal(err)
	}
	return types.AuthorizationData{{ADType: adIfRelevant, ADData: inner}}
}
