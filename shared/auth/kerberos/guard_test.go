package kerberos

import (
	"errors"
	"strings"
	"testing"

	"docket/shared/auth"
	"docket/shared/auth/kerberostest"
)

// TestGuard: what the library says or panics with may quote a token.
func TestGuard(t *testing.T) {
	for name, step := range map[string]func() error{
		"panics": func() error { panic("a secret") },
		"overruns": func() error {
			var none []byte
			return errors.New(string(none[len("a secret")]))
		},
		"fails": func() error { return errors.New("a secret") },
	} {
		if err := guard("step", step); !errors.Is(err, auth.ErrTicket) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "step") {
			t.Errorf("a step that %s: %v", name, err)
		}
	}
	if err := guard("step", func() error { return nil }); err != nil {
		t.Error(err)
	}
}

func BenchmarkAccept(b *testing.B) {
	for name, with := range map[string]bool{"plain": false, "39 groups": true} {
		b.Run(name, func(b *testing.B) {
			f := newToken(b)
			if with {
				f.Part.AuthorizationData = kerberostest.With(b, pacOf(b, kerberostest.Logons(b)["MS-PAC"]))
			}
			token := f.Bytes(b)
			a := acceptor(b, start, func(c *Config) { c.Groups = map[string]string{"S-1-5-32-544": "x"} })
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Accept(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
