package kerberostest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"
	"unicode/utf16"

	fork "github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/test/testdata"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Buffer is a part of a PAC (MS-PAC, section 2.4).
type Buffer struct {
	Kind    uint32
	Content []byte
}

// The kinds of buffers, and of the data around a PAC.
const (
	LogonInfo       = 1
	ServerSignature = 6
	KDCSignature    = 7
	ClientInfo      = 10

	ifRelevant = 1
	win2kPAC   = 128
)

// Signature is an empty signature of a kind.
func Signature(kind int32, size int) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(kind)), make([]byte, size)...)
}

// Client is the buffer that says whose PAC it is.
func Client(name string, signedIn time.Time) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(signedIn.Unix()+11_644_473_600)*10_000_000)
	text := utf16.Encode([]rune(name))
	b = binary.LittleEndian.AppendUint16(b, uint16(2*len(text)))
	for _, u := range text {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// Lay puts buffers one after the other.
func Lay(list ...Buffer) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(list)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	at := 8 + 16*len(list)
	for _, x := range list {
		b = binary.LittleEndian.AppendUint32(b, x.Kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(x.Content)))
		b = binary.LittleEndian.AppendUint64(b, uint64(at))
		at += (len(x.Content) + 7) &^ 7
	}
	for _, x := range list {
		b = append(b, x.Content...)
		b = append(b, make([]byte, -len(x.Content)&7)...)
	}
	return b
}

// Sign fills in the service's signature, which must be zero.
func Sign(t testing.TB, key types.EncryptionKey, b []byte) []byte {
	t.Helper()
	kind, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := kind.GetChecksumHash(key.KeyValue, b, keyusage.KERB_NON_KERB_CKSUM_SALT)
	if err != nil {
		t.Fatal(err)
	}
	signed := bytes.Clone(b)
	for i := range int(binary.LittleEndian.Uint32(b)) {
		entry := b[8+16*i:]
		if binary.LittleEndian.Uint32(entry) == ServerSignature {
			copy(signed[binary.LittleEndian.Uint64(entry[8:])+4:], sum)
		}
	}
	return signed
}

// PAC is what a KDC signs for the user of a token that New made.
func PAC(t testing.TB, key Key, user string, now time.Time, logon []byte) []byte {
	t.Helper()
	return Sign(t, key.Secret(t), Lay(Buffer{LogonInfo, logon}, Buffer{ClientInfo, Client(user, SignedIn(now))},
		Buffer{ServerSignature, Signature(chksumtype.HMAC_SHA1_96_AES256, 12)}, Buffer{KDCSignature, Signature(chksumtype.KERB_CHECKSUM_HMAC_MD5, 16)}))
}

// With is the authorization data of a ticket with a PAC.
func With(t testing.TB, pac []byte) types.AuthorizationData {
	t.Helper()
	inner, err := fork.Marshal(types.AuthorizationData{{ADType: win2kPAC, ADData: pac}})
	if err != nil {
		t.Fatal(err)
	}
	return types.AuthorizationData{{ADType: ifRelevant, ADData: inner}}
}

// Logons are encodings of KERB_VALIDATION_INFO that Windows made: the example of
// MS-PAC, section 3, and two of domains with and without a trust.
func Logons(t testing.TB) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	for name, text := range map[string]string{
		"MS-PAC": testdata.MarshaledPAC_Kerb_Validation_Info_MS,
		"domain": testdata.MarshaledPAC_Kerb_Validation_Info,
		"trust":  testdata.MarshaledPAC_Kerb_Validation_Info_Trust,
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		list[name] = b
	}
	return list
}

// DomainUsers is one of the 39 SIDs of "MS-PAC".
const DomainUsers = "S-1-5-21-397955417-626881126-188441444-513"
