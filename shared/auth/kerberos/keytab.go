package kerberos

import (
	"fmt"
	"strings"

	"docket/shared/auth"

	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/types"
)

// ciphers are those that are accepted, of keys, tickets and sessions, with the bytes
// of their keys. RC4 and DES are not: RFC 8429 took them out of use.
var ciphers = map[int32]int{
	etypeID.AES128_CTS_HMAC_SHA1_96:    16,
	etypeID.AES256_CTS_HMAC_SHA1_96:    32,
	etypeID.AES128_CTS_HMAC_SHA256_128: 16,
	etypeID.AES256_CTS_HMAC_SHA384_192: 32,
}

// service is the first part of the names that clients ask tickets for (RFC 4559,
// section 4).
const service = "HTTP"

// serviceKey is a key of ours.
type serviceKey struct {
	types.EncryptionKey
	realm, host string
	version     uint32
}

// readKeytab takes the usable keys. Errors are auth.ErrConfig.
func readKeytab(content []byte) ([]serviceKey, error) {
	if len(content) > maxKeytab {
		return nil, fmt.Errorf("%w: the keytab has %d bytes, at most %d", auth.ErrConfig, len(content), maxKeytab)
	}
	file := keytab.New()
	if guard("keytab", func() error { return file.Unmarshal(content) }) != nil {
		return nil, fmt.Errorf("%w: the keytab is not one: klist -k shows what is in it", auth.ErrConfig)
	}
	var keys []serviceKey
	for _, e := range file.Entries {
		if n := e.Principal.Components; len(n) == 2 && strings.EqualFold(n[0], service) && goodKey(e.Key) {
			keys = append(keys, serviceKey{e.Key, e.Principal.Realm, n[1], e.KVNO})
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: the keytab has %d keys, none of them an AES key of a principal HTTP/host: klist -ke shows them", auth.ErrConfig, len(file.Entries))
	}
	return keys, nil
}

func goodKey(k types.EncryptionKey) bool {
	n, ok := ciphers[k.KeyType]
	return ok && len(k.KeyValue) == n
}

// fits reports whether the key may be the one of a ticket. Version 0 is none, and a
// keytab may have room for the lowest 8 bits alone.
func (k *serviceKey) fits(t *request) bool {
	version := uint32(t.Ticket.EncPart.KVNO)
	return k.KeyType == t.Ticket.EncPart.EType && (version == 0 || version == k.version || k.version < 256 && k.version == version&0xff)
}

// names reports whether the key is of the service that a ticket names.
func (k *serviceKey) names(t *request) bool {
	return k.realm == t.Ticket.Realm && strings.EqualFold(k.host, t.Ticket.SName.NameString[1])
}
