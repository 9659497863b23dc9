package tables

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"docket/shared/table"
	"docket/shared/table/dynamo"
	"docket/shared/table/memory"
	"docket/shared/table/tabletest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// TestTable holds package dynamo over this service to what every table is held to,
// and so the service to what package dynamo needs of DynamoDB.
func TestTable(t *testing.T) {
	tabletest.Run(t, func(t *testing.T, now func() time.Time) table.Table {
		server := httptest.NewServer(New(map[string]table.Table{"records": memory.New(now)}))
		t.Cleanup(server.Close)
		return dynamo.New(aws.Config{
			Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", ""),
		}, "records", dynamo.Options{Now: now})
	})
}

// TestUnits: what is billed, by the size of items and by the way.
func TestUnits(t *testing.T) {
	server := httptest.NewServer(New(map[string]table.Table{"records": memory.New(time.Now)}))
	defer server.Close()
	d := dynamo.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", ""),
	}, "records", dynamo.Options{})
	put := func(sort string, bytes int) table.Op {
		return table.Op{Item: table.Item{Key: table.Key{Partition: "p", Sort: sort}, Value: make([]byte, bytes)}}
	}
	for name, c := range map[string]struct {
		do            func(ctx context.Context) error
		reads, writes float64
	}{
		"put":         {func(ctx context.Context) error { return d.Write(ctx, put("a", 3000)) }, 0, 3},
		"transaction": {func(ctx context.Context) error { return d.Write(ctx, put("b", 3000), put("c", 1)) }, 0, 8},
		"get": {func(ctx context.Context) error {
			if err := d.Write(t.Context(), put("g", 5000)); err != nil {
				return err
			}
			_, err := d.Get(ctx, table.Key{Partition: "p", Sort: "g"})
			return err
		}, 2, 0},
		"a query of nothing": {func(ctx context.Context) error {
			_, err := d.Query(ctx, table.Query{Partition: "none", Eventual: true})
			return err
		}, 0.5, 0},
	} {
		ctx, meter := dynamo.WithMeter(t.Context())
		if err := c.do(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := meter.Consumed(); got.Reads != c.reads || got.Writes != c.writes {
			t.Errorf("%s: %+v; want %v and %v", name, got, c.reads, c.writes)
		}
	}
}

// TestRefused: what package dynamo would not send is never guessed at.
func TestRefused(t *testing.T) {
	s := New(map[string]table.Table{"records": memory.New(time.Now)})
	const key = `"Key":{"p":{"B":"cA=="},"s":{"B":"cw=="}}`
	for name, c := range map[string]struct{ action, body, code string }{
		"another service's action": {"ListTables", `{}`, "UnknownOperationException"},
		"no JSON":                  {"GetItem", `{`, "SerializationException"},
		"an unknown field":         {"GetItem", `{"TableName":"records","ProjectionExpression":"p",` + key + `}`, "SerializationException"},
		"another type":             {"GetItem", `{"TableName":"records","Key":{"p":{"S":"p"},"s":{"B":"cw=="}}}`, "SerializationException"},
		"another table":            {"GetItem", `{"TableName":"others",` + key + `}`, "ResourceNotFoundException"},
		"no key":                   {"GetItem", `{"TableName":"records"}`, "ValidationException"},
		"another attribute":        {"PutItem", `{"TableName":"records","Item":{"p":{"B":"cA=="},"s":{"B":"cw=="},"y":{"N":"1"}}}`, "ValidationException"},
		"a fraction":               {"PutItem", `{"TableName":"records","Item":{"p":{"B":"cA=="},"s":{"B":"cw=="},"x":{"N":"1.5"}}}`, "ValidationException"},
		"another condition":        {"DeleteItem", `{"TableName":"records","ConditionExpression":"x = :x","ReturnValuesOnConditionCheckFailure":"ALL_OLD",` + key + `}`, "ValidationException"},
		"values of no condition":   {"DeleteItem", `{"TableName":"records","ExpressionAttributeValues":{":now":{"N":"1"}},` + key + `}`, "ValidationException"},
		"a condition of no value":  {"DeleteItem", `{"TableName":"records","ConditionExpression":"` + absent + `","ReturnValuesOnConditionCheckFailure":"ALL_OLD",` + key + `}`, "ValidationException"},
		"another range":            {"Query", `{"TableName":"records","KeyConditionExpression":"p = :p AND s > :from","ExpressionAttributeValues":{":p":{"B":"cA=="},":from":{"B":"cA=="}}}`, "ValidationException"},
		"another partition":        {"Query", `{"TableName":"records","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"B":"cA=="}},"ExclusiveStartKey":{"p":{"B":"cw=="},"s":{"B":"cw=="}}}`, "ValidationException"},
		"an empty transaction":     {"TransactWriteItems", `{"TransactItems":[{}]}`, "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
			r.Header.Set("X-Amz-Target", Target+c.action)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), c.code) {
				t.Errorf("%d %s; want %s", w.Code, w.Body, c.code)
			}
		})
	}
}

// FuzzRequest: any request is answered, with 200 or a refusal, and what was put can be
// read whatever came.
func FuzzRequest(f *testing.F) {
	const key, item = `{"p":{"B":"cA=="},"s":{"B":"cw=="}}`, `{"p":{"B":"cA=="},"s":{"B":"cw=="},"v":{"B":"dg=="},"n":{"N":"1"},"x":{"N":"9999999999"}}`
	for action, body := range map[string]string{
		"GetItem":            `{"TableName":"records","ConsistentRead":true,"Key":` + key + `}`,
		"BatchGetItem":       `{"RequestItems":{"records":{"ConsistentRead":true,"Keys":[` + key + `]}}}`,
		"Query":              `{"TableName":"records","KeyConditionExpression":"p = :p AND s BETWEEN :from AND :to","ExpressionAttributeValues":{":p":{"B":"cA=="},":from":{"B":"YQ=="},":to":{"B":"eg=="}},"ScanIndexForward":false,"Limit":1,"ExclusiveStartKey":` + key + `}`,
		"PutItem":            `{"TableName":"records","Item":` + item + `}`,
		"DeleteItem":         `{"TableName":"records","Key":` + key + `,"ConditionExpression":"` + versionIs + `","ExpressionAttributeValues":{":now":{"N":"1"},":n":{"N":"1"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
		"TransactWriteItems": `{"TransactItems":[{"Put":{"TableName":"records","Item":` + item + `,"ConditionExpression":"` + absent + `","ExpressionAttributeValues":{":now":{"N":"1"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}]}`,
	} {
		f.Add(action, body)
	}
	f.Fuzz(func(t *testing.T, action, body string) {
		held := memory.New(time.Now)
		s := New(map[string]table.Table{"records": held})
		kept := table.Item{Key: table.Key{Partition: "kept", Sort: "kept"}, Value: []byte("kept")}
		if err := held.Write(t.Context(), table.Op{Item: kept}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			r.Header.Set("X-Amz-Target", Target+action)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if !json.Valid(w.Body.Bytes()) || w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		if items, err := held.Get(t.Context(), kept.Key); err != nil || len(items) != 1 && !strings.Contains(body, "a2VwdA==") {
			t.Fatalf("%v, %v", items, err)
		}
	})
}
