package kerberos

import (
	"encoding/asn1"
	"errors"
	"strings"
	"time"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana"
	"github.com/jcmturner/gokrb5/v8/iana/addrtype"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// request is an AP-REQ (RFC 4120, section 5.5.1). Its decrypted parts are empty
// until they are opened.
type request struct {
	messages.APReq
}

var oidKerberos = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}

// tokenAPReq is the identifier of an AP-REQ behind the mechanism's name (RFC 4121,
// section 4.1).
const tokenAPReq = 0x0100

// readRequest reads a token up to what is encrypted. Nothing in it is believed yet.
func readRequest(token []byte) (*request, error) {
	var body cryptobyte.String
	var mech asn1.ObjectIdentifier
	var id uint16
	s := cryptobyte.String(token)
	if !s.ReadASN1(&body, der.Tag(0x60)) || !s.Empty() || !body.ReadASN1ObjectIdentifier(&mech) || !mech.Equal(oidKerberos) ||
		!body.ReadUint16(&id) || id != tokenAPReq {
		return nil, refuse("not a client's first token")
	}
	r := &request{}
	if err := guard("malformed request", func() error { return r.Unmarshal(body) }); err != nil {
		return nil, err
	}
	name := r.Ticket.SName.NameString
	switch {
	case r.PVNO != iana.PVNO || r.Ticket.TktVNO != iana.PVNO:
		return nil, refuse("not version 5")
	case isSet(r.APOptions.Bytes, flags.APOptionUseSessionKey):
		return nil, refuse("a ticket between users")
	case len(name) != 2 || !strings.EqualFold(name[0], service):
		return nil, refuse("a ticket for another service")
	case ciphers[r.Ticket.EncPart.EType] == 0:
		return nil, refuse("a ticket under cipher %d: the service's account must be set to AES", r.Ticket.EncPart.EType)
	}
	return r, nil
}

// isSet looks up a flag; a string too short to have it does not.
func isSet(bits []byte, flag int) bool {
	return flag/8 < len(bits) && bits[flag/8]&(0x80>>(flag%8)) != 0
}

// openTicket opens the ticket with the key that fits, and returns that.
func (a *Acceptor) openTicket(r *request) (*serviceKey, error) {
	found := false
	for i := range a.keys {
		k := &a.keys[i]
		if !k.names(r) {
			continue
		}
		found = true
		if !k.fits(r) {
			continue
		}
		if guard("seal", func() error { return r.Ticket.Decrypt(k.EncryptionKey) }) == nil {
			return k, nil
		}
	}
	if !found {
		return nil, refuse("the keytab has no key of the service that the ticket is for")
	}
	return nil, refuse("no key of the keytab opens the ticket: its key has version %d and cipher %d", r.Ticket.EncPart.KVNO, r.Ticket.EncPart.EType)
}

// checkTicket checks what the KDC sealed (RFC 4120, section 3.2.3).
func (r *request) checkTicket(now time.Time) error {
	t := &r.Ticket.DecryptedEncPart
	start := t.StartTime
	if start.IsZero() {
		start = t.AuthTime
	}
	switch {
	case now.Sub(t.EndTime) > Skew:
		return refuse("an expired ticket, by %s", now.Sub(t.EndTime).Round(time.Second))
	case start.Sub(now) > Skew:
		return refuse("a ticket of the future, by %s", start.Sub(now).Round(time.Second))
	case isSet(t.Flags.Bytes, flags.Invalid):
		return refuse("a ticket that is not valid yet")
	case t.CRealm != r.Ticket.Realm && len(t.Transited.Contents) > 0 && !isSet(t.Flags.Bytes, flags.TransitedPolicyChecked):
		return refuse("a ticket by way of realms that no KDC has checked")
	case !goodKey(t.Key):
		return refuse("a session under cipher %d: the service's account must be set to AES", t.Key.KeyType)
	}
	for _, address := range t.CAddr {
		if address.AddrType == addrtype.IPv4 || address.AddrType == addrtype.IPv6 {
			return refuse("a ticket bound to an address, which cannot be known behind a gateway")
		}
	}
	return nil
}

// openAuthenticator opens what the client sealed, and returns when it was made. It
// must be of the ticket's client, for GSS-API, and of now.
func (r *request) openAuthenticator(now time.Time) (time.Time, error) {
	t := &r.Ticket.DecryptedEncPart
	a := &r.Authenticator
	err := guard("the authenticator cannot be opened", func() error {
		plain, err := crypto.DecryptEncPart(r.EncryptedAuthenticator, t.Key, keyusage.AP_REQ_AUTHENTICATOR)
		if err != nil {
			return err
		}
		return a.Unmarshal(plain)
	})
	if err != nil {
		return time.Time{}, err
	}
	made := a.CTime.Add(time.Duration(a.Cusec) * time.Microsecond)
	switch off := now.Sub(made); {
	case a.AVNO != iana.PVNO || a.Cusec < 0 || a.Cusec > 999_999:
		return made, refuse("a malformed authenticator")
	case !a.CName.Equal(t.CName) || a.CRealm != t.CRealm:
		return made, refuse("the authenticator is another client's")
	case off > Skew || off < -Skew:
		return made, refuse("the client's clock differs by %s, or the token is old", off.Round(time.Second))
	case a.Cksum.CksumType != chksumtype.GSSAPI || len(a.Cksum.Checksum) < minChecksum:
		return made, refuse("the authenticator is of another protocol")
	}
	return made, nil
}

// minChecksum is the least length of GSS-API's checksum: length, bindings, flags
// (RFC 4121, section 4.1.1). The bindings are to a TLS connection that ends before us.
const minChecksum = 24

// errNoPAC says that a ticket has no PAC that counts.
var errNoPAC = errors.New("no PAC")

// pac finds the PAC among a ticket's authorization data: the first one in
// containers that may be ignored (MS-PAC, section 2.1).
func (r *request) pac() (found []byte, err error) {
	err = guard("authorization data", func() error {
		for _, outer := range r.Ticket.DecryptedEncPart.AuthorizationData {
			if outer.ADType != adIfRelevant {
				continue
			}
			var list types.AuthorizationData
			if err := list.Unmarshal(outer.ADData); err != nil {
				return err
			}
			for _, inner := range list {
				if inner.ADType == adPAC {
					found = inner.ADData
					return nil
				}
			}
		}
		return errNoPAC
	})
	return found, err
}

// The types of authorization data (RFC 4120, section 7.5.4).
const (
	adIfRelevant = 1
	adPAC        = 128
)
