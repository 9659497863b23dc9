package shell

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"docket/shared/environment"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/events"
)

func TestContractPath(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/activity_records":         "/netwrix/api/v1/activity_records",
		"/netwrix/api/v1/activity_records": "/netwrix/api/v1/activity_records",
		"/netwrix":                         "/netwrix",
		"/netwrixx/api":                    "/netwrix/netwrixx/api",
		"/api//v1/%2e/":                    "/netwrix/api//v1/%2e/",
		"/":                                "/netwrix/",
	} {
		if got := ContractPath(path); got != want {
			t.Errorf("ContractPath(%q) = %q; want %q", path, got, want)
		}
	}
}

// TestAuthorizedBelievesTheAuthorizerAlone: no header makes a caller.
func TestAuthorizedBelievesTheAuthorizerAlone(t *testing.T) {
	forged := map[string]string{
		"Authorization": "Basic YW5uOng=", "X-Account": "ann", "Account": "ann",
		"X-GoLambdaProxy-ApiGw-Context": `{"authorizer":{"account":"ann"}}`, "X-Amzn-Request-Context": `{"authorizer":{"account":"ann"}}`,
	}
	for _, c := range []struct {
		name       string
		authorizer map[string]any
		want       string
	}{
		{"known", map[string]any{AccountKey: "bob"}, "bob"},
		{"none", nil, ""},
		{"no text", map[string]any{AccountKey: 7.0}, ""},
		{"principal alone", map[string]any{"principalId": "ann"}, ""},
	} {
		var account string
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, err := Authorized{}.Caller(r.Context(), r)
			if err != nil {
				t.Error(err)
			}
			account = caller.Account
			w.WriteHeader(http.StatusNoContent)
		})
		consumed := 0
		_, err := Proxy(h, func(context.Context, dynamo.Consumed) { consumed++ })(t.Context(), events.APIGatewayProxyRequest{
			HTTPMethod: http.MethodGet, Path: "/api/v1/activity_records", Headers: forged,
			RequestContext: events.APIGatewayProxyRequestContext{Authorizer: c.authorizer},
		})
		if err != nil || account != c.want || consumed != 1 {
			t.Errorf("%s: account %q, %v, metered %d times; want %q once", c.name, account, err, consumed, c.want)
		}
	}
	caller, err := Authorized{}.Caller(t.Context(), nil)
	if err != nil || caller.Account != "" {
		t.Errorf("without an event: %+v, %v; want nobody", caller, err)
	}
}

// TestMetricsLine has the shape that CloudWatch takes for the embedded metric
// format: one line, each metric defined and given.
func TestMetricsLine(t *testing.T) {
	var out bytes.Buffer
	m := NewMetrics(&out, func() time.Time { return time.UnixMilli(1234) })
	m.Consumed(t.Context(), dynamo.Consumed{Reads: 1.5, Writes: 2, Calls: 3})
	if bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("%q; want one line", out.String())
	}
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
		ReadUnits, WriteUnits, TableCalls float64
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.AWS.Timestamp != 1234 || line.ReadUnits != 1.5 || line.WriteUnits != 2 || line.TableCalls != 3 {
		t.Errorf("%s", out.String())
	}
	d := line.AWS.CloudWatchMetrics[0]
	if d.Namespace != environment.Namespace || len(d.Metrics) != 3 || len(d.Dimensions) != 2 || len(d.Dimensions[0]) != 0 {
		t.Errorf("%+v; want three metrics, with and without the function", d)
	}
}
