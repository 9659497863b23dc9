package auth

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"docket/shared/access"
	"docket/shared/keys"
)

func TestVerifiersOpenInTheirPlaceAlone(t *testing.T) {
	ring, list := sealedUser()
	v, err := newVault(ring)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		open := func(sealed []byte, account, scheme, form string) error {
			_, err := v.open(sealed, account, Scheme(scheme), form)
			return err
		}
		if err := open(e.Sealed, userName, e.Scheme, e.Form); err != nil {
			t.Fatalf("%s for %q: %v", e.Scheme, e.Form, err)
		}
		if err := open(e.Sealed, "netwrixuser@ENTERPRISE", e.Scheme, e.Form); err != nil {
			t.Errorf("%s: another way to write the account: %v", e.Scheme, err)
		}
		for what, err := range map[string]error{
			"another account": open(e.Sealed, `Enterprise\Other`, e.Scheme, e.Form),
			"another scheme":  open(e.Sealed, userName, e.Scheme+"x", e.Form),
			"another form":    open(e.Sealed, userName, e.Scheme, e.Form+"x"),
			"cut":             open(e.Sealed[:len(e.Sealed)-1], userName, e.Scheme, e.Form),
			"cut to nothing":  open(nil, userName, e.Scheme, e.Form),
		} {
			if !errors.Is(err, errSealed) {
				t.Errorf("%s, %s: %v; want errSealed", e.Scheme, what, err)
			}
		}
		for i := range e.Sealed {
			changed := bytes.Clone(e.Sealed)
			changed[i] ^= 1
			if err := open(changed, userName, e.Scheme, e.Form); !errors.Is(err, errSealed) {
				t.Fatalf("%s: byte %d changed: %v; want errSealed", e.Scheme, i, err)
			}
		}
	}
}

func TestVerifiersOutliveRotations(t *testing.T) {
	f := newFixture(t)
	ring, err := f.ring.Rotate(strings.NewReader(strings.Repeat("r", keys.Size)), f.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	a := f.instance(func(c *Config) { c.Ring = ring })
	if !f.sendTo(a, source, basicHeader(userName, userPassword)).OK {
		t.Error("a verifier of the old key is refused")
	}
}

// What is stored holds no password and no HA1 in clear, and only what was
// enabled.
func TestNewVerifiers(t *testing.T) {
	ring, list := sealedUser()
	count := map[string]int{}
	for _, e := range list {
		count[e.Scheme]++
		for _, g := range algorithms {
			if bytes.Contains(e.Sealed, g.sum(e.Form, ring.Realm(), userPassword)) {
				t.Errorf("%s: HA1 in clear", e.Scheme)
			}
		}
		if bytes.Contains(e.Sealed, []byte(userPassword)) {
			t.Errorf("%s: the password in clear", e.Scheme)
		}
	}
	if count["basic"] != 1 || count["digest-md5"] != 9 || count["digest-sha-256"] != 9 || len(list) != len(decoys) {
		t.Errorf("%v, %d in all; want 1, 9 and 9", count, len(list))
	}
	only, err := NewVerifiers(ring, strings.NewReader(strings.Repeat("x", 999)), "bob", "p", []Scheme{DigestSHA256, DigestSHA256})
	if err != nil || len(only) != 2 || only[0].Form != "bob" || only[1].Form != "BOB" {
		t.Errorf("%v, %v; want SHA-256 for bob and BOB", only, err)
	}
}

func TestNewVerifiersRefuses(t *testing.T) {
	ring, _ := sealedUser()
	for what, c := range map[string]struct {
		name, password string
		schemes        []Scheme
		rand           io.Reader
		want           error
	}{
		"no password":         {userName, "", order, nil, ErrPassword},
		"a long password":     {userName, strings.Repeat("p", maxPassword+1), order, nil, ErrPassword},
		"not UTF-8":           {userName, "\xff", order, nil, ErrPassword},
		"a control character": {userName, "a\tb", order, nil, ErrPassword},
		"no scheme":           {userName, "p", nil, nil, ErrScheme},
		"an unknown scheme":   {userName, "p", []Scheme{"kerberos"}, nil, ErrScheme},
		"a bad name":          {`a\b\c`, "p", order, nil, access.ErrInvalid},
		"no randomness":       {userName, "p", order, strings.NewReader("short"), io.ErrUnexpectedEOF},
	} {
		list, err := NewVerifiers(ring, c.rand, c.name, c.password, c.schemes)
		if !errors.Is(err, c.want) || list != nil {
			t.Errorf("%s: %v, %v; want %v", what, list, err, c.want)
		}
		if err != nil && c.password != "" && c.password != "p" && strings.Contains(err.Error(), c.password) {
			t.Errorf("%s: the error tells the password: %v", what, err)
		}
	}
}

func TestKeepVerifiers(t *testing.T) {
	_, all := sealedUser()
	for _, c := range []struct {
		schemes []Scheme
		want    int
	}{{order, len(all)}, {[]Scheme{Negotiate}, 0}, {[]Scheme{NTLM, Negotiate}, 1}, {[]Scheme{Basic, NTLM}, 2}, {[]Scheme{DigestMD5}, (len(all) - 2) / 2}} {
		kept, err := KeepVerifiers(all, c.schemes)
		if err != nil || len(kept) != c.want {
			t.Errorf("%v: %d kept, %v; want %d of %d", c.schemes, len(kept), err, c.want, len(all))
		}
	}
	one, err := KeepVerifiers(all, []Scheme{Basic})
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := KeepVerifiers(one, []Scheme{Basic, NTLM}); !errors.Is(err, ErrPassword) || kept != nil {
		t.Errorf("%v, %v; want ErrPassword", kept, err)
	}
}

// A verifier that does not open lets nobody in, and says so in the log.
func TestDamagedVerifiersRefuse(t *testing.T) {
	f := newFixture(t)
	f.edit(func(d *access.Draft) error {
		return d.UpdateAccount(userName, func(a *access.Account) {
			list := make([]access.Verifier, len(a.Verifiers))
			for i, v := range a.Verifiers {
				list[i] = v
				list[i].Sealed = append([]byte("x"), v.Sealed[1:]...)
			}
			a.Verifiers = list
		})
	})
	if f.send(basicHeader(userName, userPassword)).OK || f.send(f.login().header()).OK {
		t.Error("accepted")
	}
	if !strings.Contains(f.log.String(), "verifier cannot be used") {
		t.Errorf("log %q; want a word of it", f.log)
	}
}

func TestHashesRefuseMadCosts(t *testing.T) {
	good := encodeHash(make([]byte, saltBytes), make([]byte, hashBytes))
	for i, b := range map[int]byte{0: 0, 1: 0xff, 5: 0} {
		bad := bytes.Clone(good)
		bad[i] = b
		if ok, err := checkHash(bad, "p"); ok || !errors.Is(err, errHash) {
			t.Errorf("byte %d is %d: %v, %v; want errHash", i, b, ok, err)
		}
	}
	if ok, err := checkHash(good[1:], "p"); ok || !errors.Is(err, errHash) {
		t.Errorf("cut: %v, %v; want errHash", ok, err)
	}
}

// The same work is done whoever is asked for, so that time tells nothing.
func TestWorkTellsNothing(t *testing.T) {
	f := newFixture(t)
	f.edit(func(d *access.Draft) error {
		_, list := sealedUser()
		if err := d.AddAccount(access.Account{Name: `Enterprise\Off`, Disabled: true, Verifiers: list}); err != nil {
			return err
		}
		return d.AddAccount(access.Account{Name: `Enterprise\Empty`})
	})
	names := []string{userName, `Enterprise\Nobody`, `Enterprise\Off`, `Enterprise\Empty`, `eNTERPRISE\NetwrixUser`}
	for what, header := range map[string]func(name, password string) string{
		"basic":       basicHeader,
		"digest, MD5": func(n, p string) string { return digestLogin{user: n, password: p, nonce: f.nonce()}.header() },
		"digest, SHA-256-sess": func(n, p string) string {
			return digestLogin{user: n, password: p, nonce: f.nonce(), algorithm: "SHA-256-sess"}.header()
		},
	} {
		want := ""
		for _, name := range names {
			got := steps(f.auth, func() {
				if f.send(header(name, "wrong")).OK {
					t.Fatalf("%s: %s accepted with a wrong password", what, name)
				}
			})
			if want == "" {
				want = got
			}
			if got != want || got == "" {
				t.Errorf("%s: %s takes %q, %s takes %q", what, name, got, names[0], want)
			}
		}
		f.clock.add(window + maxDelay)
	}
}

func TestFakesFitNothingAndStayTheSame(t *testing.T) {
	ring, _ := sealedUser()
	v, err := newVault(ring)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Scheme{Basic, DigestMD5, DigestSHA256, NTLM} {
		a, b := v.fake("bob", s, ""), v.fake("bob", s, "")
		if !bytes.Equal(a, b) || bytes.Equal(a, v.fake("eve", s, "")) {
			t.Errorf("%s: a fake is not its name's", s)
		}
		plain, err := v.open(a, "", s, "")
		if err != nil {
			t.Fatal(err)
		}
		want := map[Scheme]int{Basic: hashLength, DigestMD5: 32, DigestSHA256: 64, NTLM: 32}[s]
		if len(plain) != want {
			t.Errorf("%s: a fake of %d bytes; a real one has %d", s, len(plain), want)
		}
	}
}
