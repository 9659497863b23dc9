package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"docket/shared/access"
)

// Scheme is a way to sign in. Its text is what configuration, accounts and
// verifiers call it.
type Scheme string

// The schemes.
const (
	Basic        Scheme = "basic"          // RFC 7617
	DigestMD5    Scheme = "digest-md5"     // RFC 7616, algorithms MD5 and MD5-sess
	DigestSHA256 Scheme = "digest-sha-256" // RFC 7616, algorithms SHA-256 and SHA-256-sess
	NTLM         Scheme = "ntlm"           // MS-NLMP, NTLMv2 alone
	Negotiate    Scheme = "negotiate"      // RFC 4559: Kerberos, and NTLM where that is a scheme too
)

// digestFamily is the word for both Digest schemes.
const digestFamily = "digest"

// order is that of the challenges on one header line, found by trying clients:
// Java's HttpClient sees only the first, .NET Framework only the first Digest;
// clients that merge the parameters of several take the last; curl takes all that
// follows NTLM for its token.
var order = []Scheme{Basic, Negotiate, DigestMD5, DigestSHA256, NTLM}

// ErrScheme says that a list of schemes is not one.
var ErrScheme = errors.New("unknown authentication scheme")

// ParseSchemes reads a list as given on a command line: basic, digest (both
// algorithms), digest-md5, digest-sha-256, ntlm, negotiate, separated by commas,
// in any order and case. The result is in the order of challenges and has no repetitions. Errors
// are ErrScheme.
func ParseSchemes(list string) ([]Scheme, error) {
	var given []Scheme
	for _, word := range strings.Split(list, ",") {
		s, err := parseScheme(strings.ToLower(strings.TrimSpace(word)))
		if err != nil {
			return nil, err
		}
		given = append(given, s...)
	}
	return sorted(given), nil
}

func parseScheme(word string) ([]Scheme, error) {
	if word == digestFamily {
		return []Scheme{DigestMD5, DigestSHA256}, nil
	}
	if s := Scheme(word); slices.Contains(order, s) {
		return []Scheme{s}, nil
	}
	return nil, fmt.Errorf("%w %.40q: use basic, digest, digest-md5, digest-sha-256, ntlm, negotiate", ErrScheme, word)
}

// sorted brings schemes into the order of challenges, each once.
func sorted(list []Scheme) []Scheme {
	var out []Scheme
	for _, s := range order {
		if slices.Contains(list, s) {
			out = append(out, s)
		}
	}
	return out
}

// enabled reports whether an account may use a scheme. A list of schemes limits
// an account to them; without one its verifiers decide, which exist only for
// schemes that were enabled when the password was set.
func enabled(a *access.Account, s Scheme) bool {
	if a.Disabled {
		return false
	}
	if len(a.Schemes) == 0 {
		return true
	}
	for _, word := range a.Schemes {
		if _, isDigest := algorithms[s]; word == string(s) || word == digestFamily && isDigest {
			return true
		}
	}
	return false
}

// mayNegotiate reports whether an account may sign in by a Kerberos ticket.
// Nothing is stored for it, so its list of schemes must name it.
func mayNegotiate(a *access.Account) bool {
	return !a.Disabled && slices.Contains(a.Schemes, string(Negotiate))
}
