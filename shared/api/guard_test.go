package api_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/api"
	"docket/shared/auth"
	"docket/shared/keys"
	"docket/shared/table/memory"
)

// inGroup is a guard for which everybody with credentials is ann, in a group.
type inGroup string

func (g inGroup) Caller(_ context.Context, r *http.Request) (api.Caller, error) {
	if r.Header.Get("Authorization") == "" {
		return api.Caller{Challenge: "Negotiate"}, nil
	}
	return api.Caller{Account: "ann", Groups: []string{string(g)}, Challenge: "Negotiate"}, nil
}

// TestGroupsOfACaller lets a caller write whom only the groups of its sign-in allow to,
// up to the first question about the body.
func TestGroupsOfACaller(t *testing.T) {
	directory := access.Open(memory.New(nil), time.Now)
	_, err := directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		if err := d.AddGroup(access.Group{Name: "Writers"}); err != nil {
			return err
		}
		if err := d.Grant(access.Assignment{Role: access.Contributor, Group: "Writers"}); err != nil {
			return err
		}
		return d.AddAccount(access.Account{Name: "ann"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for group, want := range map[inGroup]int{"writers": http.StatusBadRequest, "Readers": http.StatusUnauthorized} {
		h := api.New(api.Config{Guard: group, Directory: directory, Limits: api.ServeLimits, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)})
		for header, persistent := range map[string]string{"": "", "Basic x": "", "NTLM x": "", "Negotiate YII=": "false", "negotiate YII=": "false"} {
			w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/netwrix/api/v1/activity_records/?format=json", strings.NewReader("{"))
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			h.ServeHTTP(w, r)
			status := want
			if header == "" {
				status = http.StatusUnauthorized
			}
			if status == http.StatusUnauthorized {
				persistent = ""
			}
			if w.Code != status || w.Header().Get("Persistent-Auth") != persistent {
				t.Errorf("%s, %q: %d, Persistent-Auth %q; want %d, %q", group, header, w.Code, w.Header().Get("Persistent-Auth"), status, persistent)
			}
		}
	}
}

// ticket is a Kerberos whose tickets put everybody into a group.
type ticket string

func (k ticket) Accept(context.Context, []byte) (auth.Ticket, error) {
	return auth.Ticket{Account: "ann", Groups: []string{string(k)}, End: time.Now()}, nil
}

// TestCredentialsTellGroups: what a ticket says of groups reaches the caller's rights.
func TestCredentialsTellGroups(t *testing.T) {
	directory := access.Open(memory.New(nil), time.Now)
	_, err := directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		return d.AddAccount(access.Account{Name: "ann", Schemes: []string{"negotiate"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keys.Generate(rand.Reader, time.Now(), "Docket")
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Config{
		Directory: directory, State: memory.New(nil), Ring: ring, Schemes: []auth.Scheme{auth.Negotiate}, Now: time.Now, Rand: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Kerberos: ticket("Writers"),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString([]byte("\x60\x0c\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02x")))
	caller, err := api.Credentials(a).Caller(t.Context(), r)
	if err != nil || caller.Account != "ann" || !slices.Equal(caller.Groups, []string{"Writers"}) {
		t.Errorf("%+v, %v", caller, err)
	}
}
