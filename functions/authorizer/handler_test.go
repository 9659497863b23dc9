package main

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/environment"
	"docket/shared/table/bolt"

	"github.com/aws/aws-lambda-go/events"
)

func TestSameTarget(t *testing.T) {
	r := request{Path: "/api/v1/activity_records/enum", MultiValueQueryStringParameters: map[string][]string{"format": {"json"}, "x": {"1", "a b"}}}
	for _, c := range []struct {
		uri  string
		want bool
	}{
		{"/netwrix/api/v1/activity_records/enum?format=json&x=1&x=a%20b", true},
		{"/api/v1/activity_records/enum?format=json&x=1&x=a+b", true},
		{"/netwrix/api/v1/activity_records/enum?x=a%20b&format=%6ason&x=1", true},
		{"https://host:443/netwrix/api/v1/activity_records/enum?format=json&x=1&x=a%20b", true},
		{"/netwrix/api/v1/activity_records/enum?format=json&x=1&&x=a%20b&", true},
		{"/netwrix/api/v1/activity_records/enum/?format=json&x=1&x=a%20b", false},
		{"/netwrix/api/v1/activity_records/search?format=json&x=1&x=a%20b", false},
		{"/netwrix/api/v1/activity_records/enum?format=xml&x=1&x=a%20b", false},
		{"/netwrix/api/v1/activity_records/enum?format=json&x=1", false},
		{"/netwrix/api/v1/activity_records/enum?format=json&x=1&x=1&x=a%20b", false},
		{"/netwrix/api/v1/activity_records/enum?format=json&x=1&x=a%20b&y", false},
		{"/netwrix/api/v1/activity_records/enum?format=json&x=1&x=%zz", false},
		{"/netwrix/api/v1/activity_records/enum?%zz=1", false},
		{"/netwrix/netwrix/api/v1/activity_records/enum?format=json&x=1&x=a%20b", false},
		{"/netwrix/api/v1/activity_records/enum", false},
		{"*", false},
		{"", false},
	} {
		if got := sameTarget(c.uri, r); got != c.want {
			t.Errorf("sameTarget(%q) is %v", c.uri, got)
		}
	}
}

// known answers every request alike.
type known struct {
	outcome auth.Outcome
	err     error
	asked   auth.Request
}

func (k *known) Authenticate(_ context.Context, r auth.Request) (auth.Outcome, error) {
	k.asked = r
	return k.outcome, k.err
}

type broken struct{}

var errBroken = errors.New("table is not there")

func (broken) Snapshot(context.Context) (*access.Snapshot, error) { return nil, errBroken }

// directory has one Contributor, ann.
func directory(t *testing.T) *access.Directory {
	t.Helper()
	db, err := bolt.Open(t.TempDir()+"/db", bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	d := access.Open(db.Table("directory"), time.Now)
	_, err = d.Edit("test", rand.Reader).Update(t.Context(), func(draft *access.Draft) error {
		for _, name := range []string{"ann", "bob"} {
			if err := draft.AddAccount(access.Account{Name: name}); err != nil {
				return err
			}
		}
		return draft.Grant(access.Assignment{Role: access.Contributor, Account: "ann"})
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func event(method, path string) request {
	return request{
		MethodArn: "arn:aws:execute-api:us-east-1:000000000000:abc/netwrix/" + method + path, Path: path, HTTPMethod: method,
		MultiValueHeaders: map[string][]string{"authorization": {"Basic x"}, "Authorization": {"Basic y"}, "user-agent": {"tests"}, "host": {"docket.example"}},
		RequestContext: events.APIGatewayCustomAuthorizerRequestTypeRequestContext{
			Identity: events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: "192.0.2.1"},
		},
	}
}

func TestHandle(t *testing.T) {
	const write, enum = "/api/v1/activity_records", "/api/v1/activity_records/enum"
	ann := auth.Outcome{OK: true, Account: access.Account{Name: "ann"}, Challenge: "again"}
	d := directory(t)
	for _, c := range []struct {
		name, method, path string
		outcome            auth.Outcome
		allow              bool
	}{
		{"a contributor writes", "POST", write, ann, true},
		{"with a slash", "POST", write + "/", ann, true},
		{"under the stage", "POST", "/netwrix" + write, ann, true},
		{"a contributor reads", "GET", enum, ann, false},
		{"no endpoint", "POST", enum + "/x", ann, false},
		{"no method", "DELETE", write, ann, false},
		{"a group of the ticket reads", "GET", enum, auth.Outcome{OK: true, Account: access.Account{Name: "ann"}, Groups: []string{access.ClientUsersGroup, "B, \"C\""}}, true},
		{"a group of the ticket that is nothing", "GET", enum, auth.Outcome{OK: true, Account: access.Account{Name: "ann"}, Groups: []string{"none"}, Challenge: "again"}, false},
		{"nobody", "POST", write, auth.Outcome{Challenge: "again"}, false},
		{"an account without a role", "POST", write, auth.Outcome{OK: true, Account: access.Account{Name: "bob"}, Challenge: "again"}, false},
	} {
		counted := map[string]int{}
		k := &known{outcome: c.outcome}
		a := &authorizer{k, d, func(_ context.Context, metric string) { counted[metric]++ }}
		got, err := a.handle(t.Context(), event(c.method, c.path))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := got.PolicyDocument.Statement[0]
		effect, denied := "Deny", 1
		if c.allow {
			effect, denied = "Allow", 0
		}
		if s.Effect != effect || s.Resource[0] != "arn:aws:execute-api:us-east-1:000000000000:abc/netwrix/*" || counted[environment.Denied] != denied {
			t.Errorf("%s: %+v, counted %v; want %s for the stage", c.name, s, counted, effect)
		}
		if c.allow && got.Context["account"] != "ann" || !c.allow && (got.Context["challenge"] != "again" || got.PrincipalID != anonymous || got.Context["account"] != nil) {
			t.Errorf("%s: principal %q, context %v", c.name, got.PrincipalID, got.Context)
		}
		if groups, _ := got.Context["groups"].(string); c.allow && (groups != "") != (len(c.outcome.Groups) > 0) || groups != "" && groups != `["`+access.ClientUsersGroup+`","B, \"C\""]` {
			t.Errorf("%s: groups %q of %q", c.name, groups, c.outcome.Groups)
		}
		if len(k.asked.Authorization) != 2 || k.asked.UserAgent != "tests" || k.asked.Source != "192.0.2.1" || k.asked.Host != "docket.example" {
			t.Errorf("%s: asked %+v; want the headers in whatever case, and the source", c.name, k.asked)
		}
	}
}

// TestNotKnowingIsAnError: neither yes nor no, which the gateway makes a 503.
func TestNotKnowingIsAnError(t *testing.T) {
	count := func(context.Context, string) { t.Error("counted as a denial") }
	e := event("POST", "/api/v1/activity_records")
	if _, err := (&authorizer{&known{err: errBroken}, broken{}, count}).handle(t.Context(), e); !errors.Is(err, errBroken) {
		t.Errorf("%v; want the error of the table", err)
	}
	ann := &known{outcome: auth.Outcome{OK: true, Account: access.Account{Name: "ann"}}}
	if _, err := (&authorizer{ann, broken{}, count}).handle(t.Context(), e); !errors.Is(err, errBroken) {
		t.Errorf("%v; want the error of the directory", err)
	}
}
