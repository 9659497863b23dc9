package kerberos

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/auth/kerberostest"
	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/memory"
)

// instances is several instances over the same tables.
type instances struct {
	testing.TB
	list  []*auth.Authenticator
	state counted
	log   strings.Builder
}

// counted counts writes.
type counted struct {
	table.Table
	writes *atomic.Int32
}

func (c counted) Write(ctx context.Context, ops ...table.Op) error {
	c.writes.Add(1)
	return c.Table.Write(ctx, ops...)
}

func newInstances(t testing.TB, n int, schemes []string) *instances {
	t.Helper()
	now := func() time.Time { return start }
	ring, err := keys.Generate(rand.Reader, start, "Docket")
	if err != nil {
		t.Fatal(err)
	}
	directory := access.Open(memory.New(now), now)
	_, err = directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: `Corp\Ann`, Schemes: schemes})
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &instances{TB: t, state: counted{memory.New(now), &atomic.Int32{}}}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	for range n {
		a, err := auth.New(auth.Config{
			Directory: directory, State: s.state, Ring: ring, Schemes: []auth.Scheme{auth.Negotiate}, Now: now, Rand: rand.Reader, Log: log,
			Kerberos: acceptor(t, start, func(c *Config) { c.Groups = map[string]string{"S-1-5-21-397955417-626881126-188441444-513": "Readers"} }),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.list = append(s.list, a)
	}
	return s
}

func (s *instances) send(i int, token []byte) auth.Outcome {
	out, err := s.list[i].Authenticate(context.Background(), auth.Request{
		Method: "GET", Target: "/", Authorization: []string{"Negotiate " + base64.StdEncoding.EncodeToString(token)}, Source: "192.0.2.1",
	})
	if err != nil {
		s.Error(err)
	}
	return out
}

// TestReplay sends a captured token to 16 instances at once.
func TestReplay(t *testing.T) {
	s := newInstances(t, 16, []string{"negotiate"})
	for range 20 {
		token := newToken(t).Bytes(t)
		var in atomic.Int32
		var all sync.WaitGroup
		for i := range s.list {
			all.Go(func() {
				if s.send(i, token).OK {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 {
			t.Fatalf("a token was accepted %d times", in.Load())
		}
	}
}

// TestSignIn shows what becomes of a token: account, groups, the reason in the log.
func TestSignIn(t *testing.T) {
	f := newToken(t)
	f.Part.AuthorizationData = kerberostest.With(t, pacOf(t, kerberostest.Logons(t)["MS-PAC"]))
	s := newInstances(t, 1, []string{"basic", "negotiate"})
	out := s.send(0, f.Bytes(t))
	if !out.OK || out.Account.Name != `Corp\Ann` || len(out.Groups) != 1 || out.Groups[0] != "Readers" {
		t.Errorf("%+v", out)
	}
	f.Part.EndTime = start.Add(-time.Hour)
	if out := s.send(0, f.Bytes(t)); out.OK || out.Challenge != "Negotiate" {
		t.Errorf("an expired ticket: %+v", out)
	}
	if !strings.Contains(s.log.String(), "expired ticket, by 1h0m0s") {
		t.Errorf("the log does not say why:\n%s", s.log.String())
	}
}

// TestTicketsNeedTheScheme has accounts for which nobody switched tickets on: a
// ticket is nothing that they store, so it must be asked for. None is spent.
func TestTicketsNeedTheScheme(t *testing.T) {
	for _, schemes := range [][]string{nil, {"basic"}, {"ntlm", "digest"}} {
		s := newInstances(t, 1, schemes)
		if out := s.send(0, newToken(t).Bytes(t)); out.OK {
			t.Errorf("schemes %v: signed in", schemes)
		}
		if n := s.state.writes.Load(); n != 0 {
			t.Errorf("schemes %v: %d writes", schemes, n)
		}
	}
}
