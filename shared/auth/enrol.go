package auth

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"docket/shared/access"
	"docket/shared/auth/ntlmssp"
	"docket/shared/keys"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// ErrPassword says that a password cannot be used.
var ErrPassword = errors.New("invalid password")

// NewVerifiers makes all that is stored of a password: for Basic one hash, for
// each Digest scheme one pair of HA1 for every form of the name that clients
// send, as written, in lower and in upper case; for NTLM one pair of NT hashes;
// for Negotiate nothing, and with it alone no password. account is the account's
// name as access has it. A password has 1 to 1024 bytes of UTF-8 without control
// characters; it is brought to normal form C. Errors are ErrPassword,
// ErrScheme, access.ErrInvalid and those of rand.
func NewVerifiers(ring *keys.Ring, rand io.Reader, account, password string, schemes []Scheme) ([]access.Verifier, error) {
	name, err := access.ParseName(account)
	if err != nil {
		return nil, err
	}
	password = norm.NFC.String(password)
	if err := checkPassword(password); err != nil {
		return nil, err
	}
	v, err := newVault(ring)
	if err != nil {
		return nil, err
	}
	if len(schemes) == 0 {
		return nil, fmt.Errorf("%w: none given", ErrScheme)
	}
	if !slices.ContainsFunc(schemes, func(s Scheme) bool { return s != Negotiate }) {
		return nil, fmt.Errorf("%w: who signs in by tickets alone has none", ErrPassword)
	}
	var list []access.Verifier
	for _, s := range schemes {
		if !slices.Contains(order, s) {
			return nil, fmt.Errorf("%w %.40q", ErrScheme, string(s))
		}
	}
	for _, s := range sorted(schemes) {
		made, err := v.enrol(rand, name, password, s)
		if err != nil {
			return nil, err
		}
		list = append(list, made...)
	}
	return list, nil
}

// KeepVerifiers returns those of an account's verifiers that some schemes use, for
// an account that is to have these schemes and keep its password. Errors are
// ErrPassword: nothing is stored for one of them.
func KeepVerifiers(list []access.Verifier, schemes []Scheme) ([]access.Verifier, error) {
	var kept []access.Verifier
	for _, s := range sorted(schemes) {
		n := len(kept)
		for _, v := range list {
			if v.Scheme == string(s) {
				kept = append(kept, v)
			}
		}
		if len(kept) == n && s != Negotiate {
			return nil, fmt.Errorf("%w: none is stored for %s", ErrPassword, s)
		}
	}
	return kept, nil
}

func checkPassword(p string) error {
	switch {
	case p == "" || len(p) > maxPassword:
		return fmt.Errorf("%w: it has %d bytes, must have 1 to %d", ErrPassword, len(p), maxPassword)
	case !utf8.ValidString(p):
		return fmt.Errorf("%w: it is not valid UTF-8", ErrPassword)
	case hasControl(p) || strings.Contains(p, "\t"):
		return fmt.Errorf("%w: it has control characters", ErrPassword)
	}
	return nil
}

func (v *vault) enrol(rand io.Reader, name access.Name, password string, s Scheme) ([]access.Verifier, error) {
	switch s {
	case Negotiate:
		return nil, nil // tickets need nothing of ours
	case NTLM:
		pair := append(ntlmssp.NTHash(password), ntlmssp.WideHash(password)...)
		one, err := v.sealNew(rand, name.String(), s, "", pair)
		return []access.Verifier{one}, err
	case Basic:
		plain, err := newHash(rand, password)
		if err != nil {
			return nil, err
		}
		one, err := v.sealNew(rand, name.String(), s, "", plain)
		return []access.Verifier{one}, err
	}
	var list []access.Verifier
	for _, form := range digestForms(name) {
		one, err := v.sealNew(rand, name.String(), s, form, pairOf(algorithms[s], form, v.realm, password))
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// digestForms lists the texts of a name that HA1 is stored for.
func digestForms(name access.Name) []string {
	var forms []string
	for _, f := range name.Forms() {
		for _, cased := range []string{f, strings.ToLower(f), strings.ToUpper(f)} {
			if !slices.Contains(forms, cased) {
				forms = append(forms, cased)
			}
		}
	}
	return forms
}

// pairOf is HA1 (RFC 7616, section 3.4.2) of name and password in UTF-8, then in
// Latin-1, or the first again if Latin-1 cannot write them.
func pairOf(g algorithm, form, realm, password string) []byte {
	pair := g.sum(form, realm, password)
	latinForm, err1 := charmap.ISO8859_1.NewEncoder().String(form)
	latinPassword, err2 := charmap.ISO8859_1.NewEncoder().String(password)
	if err1 != nil || err2 != nil {
		return append(pair, pair...)
	}
	return append(pair, g.sum(latinForm, realm, latinPassword)...)
}
