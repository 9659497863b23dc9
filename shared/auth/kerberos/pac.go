package kerberos

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
)

// The buffers of a PAC that are read (MS-PAC, section 2.4).
const (
	bufferLogon  = 1  // KERB_VALIDATION_INFO
	bufferServer = 6  // the checksum under the service's key
	bufferKDC    = 7  // the checksum under the KDC's
	bufferClient = 10 // whose PAC it is, and of which sign-in
)

// maxBuffers is the most buffers of a PAC; Windows writes about ten.
const maxBuffers = 64

var errPAC = errors.New("malformed PAC")

// certificate is a PAC taken apart, not yet believed.
type certificate struct {
	data  []byte
	spans map[uint32]span // by type, the first of each
}

// span is where in the data a buffer lies.
type span struct{ at, size int }

// buffer is the content of a type, empty if there is none.
func (p *certificate) buffer(kind uint32) []byte {
	s := p.spans[kind]
	return p.data[s.at : s.at+s.size]
}

// readPAC reads PACTYPE (MS-PAC, section 2.3).
func readPAC(b []byte) (*certificate, error) {
	if len(b) < 8 {
		return nil, errPAC
	}
	count, version := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if count > maxBuffers || version != 0 || len(b) < 8+int(count)*16 {
		return nil, errPAC
	}
	p := &certificate{data: b, spans: map[uint32]span{}}
	for i := range int(count) {
		entry := b[8+i*16:]
		kind, size, offset := binary.LittleEndian.Uint32(entry), binary.LittleEndian.Uint32(entry[4:]), binary.LittleEndian.Uint64(entry[8:])
		if offset > uint64(len(b)) || uint64(size) > uint64(len(b))-offset {
			return nil, errPAC
		}
		if _, have := p.spans[kind]; !have {
			p.spans[kind] = span{int(offset), int(size)}
		}
	}
	return p, nil
}

// signatures are the checksums that go with each cipher (MS-PAC, section 2.8).
var signatures = map[int32]uint32{
	17: uint32(chksumtype.HMAC_SHA1_96_AES128),
	18: uint32(chksumtype.HMAC_SHA1_96_AES256),
	19: uint32(chksumtype.HMAC_SHA256_128_AES128),
	20: uint32(chksumtype.HMAC_SHA384_192_AES256),
}

// sealed reports whether the KDC signed the PAC with the service's key: over all of
// it, both signatures being zero (MS-PAC, section 2.8.2).
func (p *certificate) sealed(key *serviceKey) bool {
	server, kdc := p.spans[bufferServer], p.spans[bufferKDC]
	n, m := p.signature(server), p.signature(kdc)
	if n == 0 || m == 0 || binary.LittleEndian.Uint32(p.data[server.at:]) != signatures[key.KeyType] {
		return false
	}
	blank := slices.Clone(p.data)
	clear(blank[server.at+4 : server.at+4+n])
	clear(blank[kdc.at+4 : kdc.at+4+m])
	ok := false
	err := guard("PAC", func() error {
		kind, err := crypto.GetChksumEtype(int32(signatures[key.KeyType]))
		if err == nil {
			ok = kind.VerifyChecksum(key.KeyValue, blank, p.data[server.at+4:server.at+4+n], keyusage.KERB_NON_KERB_CKSUM_SALT)
		}
		return err
	})
	return err == nil && ok
}

// signature is the length of the signature in a buffer, 0 if there is none whole.
func (p *certificate) signature(s span) int {
	if s.size < 4 {
		return 0
	}
	n := signatureBytes(binary.LittleEndian.Uint32(p.data[s.at:]))
	if s.size < 4+n {
		return 0
	}
	return n
}

// signatureBytes is the length of a kind of checksum, 0 if it is not known. The KDC's
// own may be of another kind than ours, with RC4 too.
func signatureBytes(kind uint32) int {
	switch int32(kind) {
	case chksumtype.HMAC_SHA1_96_AES128, chksumtype.HMAC_SHA1_96_AES256:
		return 12
	case chksumtype.HMAC_SHA256_128_AES128, chksumtype.KERB_CHECKSUM_HMAC_MD5:
		return 16
	case chksumtype.HMAC_SHA384_192_AES256:
		return 24
	}
	return 0
}

// of reports whether the PAC is of this client and this sign-in (PAC_CLIENT_INFO,
// MS-PAC, section 2.7): the time of the first ticket as a FILETIME, the length of the
// name in bytes, the name in UTF-16. The name is compared without case and realm,
// which some KDCs add.
func (p *certificate) of(name string, signedIn time.Time) bool {
	b := p.buffer(bufferClient)
	if len(b) < 10 || len(b) < 10+int(binary.LittleEndian.Uint16(b[8:])) || binary.LittleEndian.Uint16(b[8:])%2 != 0 {
		return false
	}
	text := readUTF16(b[10 : 10+int(binary.LittleEndian.Uint16(b[8:]))])
	text, _, _ = strings.Cut(text, "@")
	return fileTime(binary.LittleEndian.Uint64(b)) == signedIn.Unix() && strings.EqualFold(text, name)
}

// fileTime is the Unix second of a FILETIME: steps of 100 ns since 1601.
func fileTime(t uint64) int64 { return int64(t/10_000_000) - 11_644_473_600 }

func readUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// sids are the SIDs of the client's groups, by a PAC that counts; else none.
func (r *request) sids(key *serviceKey) []string {
	data, err := r.pac()
	if err != nil {
		return nil
	}
	p, err := readPAC(data)
	if err != nil || !p.sealed(key) || !p.of(r.Ticket.DecryptedEncPart.CName.NameString[0], r.Ticket.DecryptedEncPart.AuthTime) {
		return nil
	}
	list, err := readLogon(p.buffer(bufferLogon))
	if err != nil {
		return nil
	}
	return list
}
