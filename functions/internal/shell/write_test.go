package shell

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/api"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/table"
	"docket/shared/table/bolt"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/events"
)

// outage is a table that can be told to be away.
type outage struct {
	table.Table
	away error
}

func (o *outage) Write(ctx context.Context, ops ...table.Op) error {
	if o.away != nil {
		return o.away
	}
	return o.Table.Write(ctx, ops...)
}

func (o *outage) Get(ctx context.Context, k ...table.Key) ([]table.Item, error) {
	if o.away != nil {
		return nil, o.away
	}
	return o.Table.Get(ctx, k...)
}

// writer is the write function's handler over a table on this machine.
func writer(t *testing.T) (ProxyHandler, *ledger.Ledger, *outage) {
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
	ring, err := keys.Parse([]byte(`{"realm":"Docket","seed":"` + rand.Text() + rand.Text() + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	records := &outage{Table: db.Table("records")}
	l, err := ledger.Open(t.Context(), ledger.Config{Table: records, Ring: ring, Now: time.Now, Rand: rand.Reader, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	d := access.Open(db.Table("directory"), time.Now)
	_, err = d.Edit("test", rand.Reader).Update(t.Context(), func(draft *access.Draft) error {
		if err := draft.AddAccount(access.Account{Name: "ann"}); err != nil {
			return err
		}
		return draft.Grant(access.Assignment{Role: access.Contributor, Account: "ann"})
	})
	if err != nil {
		t.Fatal(err)
	}
	h := api.New(api.Config{Guard: Authorized{}, Directory: d, Writer: l, Limits: limits, Now: time.Now, Rand: rand.Reader, Log: log})
	return Proxy(h, func(context.Context, dynamo.Consumed) {}), l, records
}

func writeEvent(headers map[string]string) events.APIGatewayProxyRequest {
	body := `[{"Who":"a","Where":"b","ObjectType":"c","What":"d","Action":"Added","When":"2026-03-04T05:06:07Z"}]`
	return events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodPost, Path: "/api/v1/activity_records/", Headers: headers,
		QueryStringParameters: map[string]string{"format": "json"},
		Body:                  base64.StdEncoding.EncodeToString([]byte(body)), IsBase64Encoded: true,
		RequestContext: events.APIGatewayProxyRequestContext{Authorizer: map[string]any{AccountKey: "ann"}},
	}
}

func stored(t *testing.T, l *ledger.Ledger) int {
	t.Helper()
	tails, err := l.Tails(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range tails {
		n += int(p)
	}
	return n
}

// TestInvokedTwice: Lambda may run a function twice for one request. With an
// Idempotency-Key the records are there once.
func TestInvokedTwice(t *testing.T) {
	h, l, _ := writer(t)
	for range 2 {
		a, err := h(t.Context(), writeEvent(map[string]string{"Idempotency-Key": "k1"}))
		if err != nil || a.StatusCode != http.StatusOK || a.Body != "" {
			t.Fatalf("%+v, %v; want an empty 200", a, err)
		}
	}
	if n := stored(t, l); n != 1 {
		t.Errorf("%d records are stored; want 1", n)
	}
}

// TestTableAway: what the table cannot do is a 503 of the contract, and the same
// request succeeds when it is back.
func TestTableAway(t *testing.T) {
	h, l, records := writer(t)
	event := writeEvent(map[string]string{"Idempotency-Key": "k2"})
	for _, away := range []error{table.ErrBusy, table.ErrUnavailable, context.DeadlineExceeded} {
		records.away = away
		a, err := h(t.Context(), event)
		if err != nil || a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.Body, `"ServerError"`) || len(a.MultiValueHeaders["Retry-After"]) != 1 {
			t.Errorf("%v: %+v, %v; want the contract's 503 with Retry-After", away, a, err)
		}
		if strings.Contains(a.Body, away.Error()) {
			t.Errorf("%v shows in %s", away, a.Body)
		}
	}
	records.away = nil
	if a, err := h(t.Context(), event); err != nil || a.StatusCode != http.StatusOK {
		t.Errorf("%+v, %v; want 200 when the table is back", a, err)
	}
	if n := stored(t, l); n != 1 {
		t.Errorf("%d records are stored; want 1", n)
	}
}
