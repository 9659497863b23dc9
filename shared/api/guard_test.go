package api_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/api"
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
