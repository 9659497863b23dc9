package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/delivery"
	"docket/shared/environment"
	"docket/shared/ingest"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/source"
	"docket/shared/table/memory"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

var testQueues = queues{
	{Queue: delivery.Records}:             "https://sqs.eu-central-1.amazonaws.com/111122223333/records",
	{Queue: delivery.Records, Dead: true}: "https://sqs.eu-central-1.amazonaws.com/111122223333/records-dead",
	{Queue: delivery.Files}:               "http://127.0.0.1:4566/111122223333/files",
	{Queue: delivery.Files, Dead: true}:   "http://127.0.0.1:4566/111122223333/files-dead",
	{Queue: delivery.Events}:              "https://sqs.eu-central-1.amazonaws.com/111122223333/events",
	{Queue: delivery.Events, Dead: true}:  "https://sqs.eu-central-1.amazonaws.com/111122223333/events-dead",
}

const (
	recordsARN = "arn:aws:sqs:eu-central-1:111122223333:records"
	filesARN   = "arn:aws:sqs:eu-central-1:111122223333:files"
	good       = `{"Who":"w","Where":"h","ObjectType":"t","What":"x","Action":"Read","When":"2026-01-01T00:00:00Z"}`
)

// testHandler is the function over a ledger in memory, with a bucket that is out of
// order.
type testHandler struct {
	handler
	t       *testing.T
	at      time.Time
	ingest  ingest.Config
	objects delivery.Objects
	metrics bytes.Buffer
	sent    []delivery.Letter
}

func newTestHandler(t *testing.T) *testHandler {
	t.Helper()
	h := &testHandler{t: t, at: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), objects: outOfOrder{}}
	ring, err := keys.Generate(rand.NewChaCha8([32]byte{1}), h.at, "test")
	if err != nil {
		t.Fatal(err)
	}
	h.ingest.Ledger, err = ledger.Open(t.Context(), ledger.Config{Table: memory.New(h.clock), Ring: ring, Now: h.clock, Rand: rand.NewChaCha8([32]byte{2})})
	if err != nil {
		t.Fatal(err)
	}
	if h.ingest.Mapping, err = source.NewMapping(); err != nil {
		t.Fatal(err)
	}
	h.restart()
	return h
}

func (h *testHandler) clock() time.Time { return h.at }

// restart makes the handler with what was set.
func (h *testHandler) restart() {
	h.handler = handler{queues: testQueues, now: h.clock, metrics: shell.NewMetrics(&h.metrics, h.clock)}
	h.deliverer = delivery.New(delivery.Config{
		Ingest: h.ingest, Objects: h.objects, Letters: h, Buckets: []string{"b", "docket-drop-111122223333"}, Accounts: []string{"111122223333"},
		MaxReceives: 5, Workers: 1, Now: h.clock, Log: slog.New(slog.DiscardHandler),
	})
}

// values are the metrics of what was invoked.
func (h *testHandler) values(t *testing.T) map[string]any {
	t.Helper()
	values := map[string]any{}
	for l := range strings.Lines(h.metrics.String()) {
		if err := json.Unmarshal([]byte(l), &values); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

func (h *testHandler) Send(_ context.Context, _ delivery.Address, l delivery.Letter) error {
	h.sent = append(h.sent, l)
	return nil
}

type outOfOrder struct{}

func (outOfOrder) Open(context.Context, delivery.Object) (io.ReadCloser, error) {
	return nil, errTest
}

var errTest = errors.New("out of order")

// invoke runs the handler as the runtime does: bytes in, bytes out.
func (h *testHandler) invoke(t *testing.T, event string) (string, error) {
	t.Helper()
	b, err := lambda.NewHandler(h.handle).Invoke(t.Context(), []byte(event))
	return string(b), err
}

func sqsEvent(arn string, bodies ...string) string {
	type record = map[string]any
	var all []record
	for i, body := range bodies {
		all = append(all, record{
			"messageId": fmt.Sprint("id-", i+1), "receiptHandle": "r", "body": body, "eventSource": "aws:sqs", "eventSourceARN": arn, "awsRegion": "eu-central-1",
			"attributes": record{"ApproximateReceiveCount": "1", "SentTimestamp": "1936158484000"}, "messageAttributes": record{},
		})
	}
	b, err := json.Marshal(record{"Records": all})
	if err != nil {
		panic(err)
	}
	return string(b)
}

const object = `{"id":"1","detail-type":"Object Created","source":"aws.s3","account":"111122223333","detail":{"bucket":{"name":"b"},"object":{"key":"k","version-id":"1"}}}`

// TestAnswers: the answer byte for byte. In any other shape Lambda may take it for
// the success of all messages, and delete them.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct{ event, want string }{
		"all done":     {sqsEvent(recordsARN, good, good), `{"batchItemFailures":[]}`},
		"poison":       {sqsEvent(recordsARN, "poison", good), `{"batchItemFailures":[]}`},
		"one to retry": {sqsEvent(filesARN, object, "poison"), `{"batchItemFailures":[{"itemIdentifier":"id-1"}]}`},
		"all to retry": {sqsEvent(filesARN, object, object, object), `{"batchItemFailures":[{"itemIdentifier":"id-1"},{"itemIdentifier":"id-2"},{"itemIdentifier":"id-3"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestHandler(t)
			got, err := h.invoke(t, c.event)
			if got != c.want || err != nil {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// TestNoAnswer: an event that is not understood is an error, never a success.
func TestNoAnswer(t *testing.T) {
	for name, event := range map[string]string{
		"empty":             `{}`,
		"no records":        `{"Records":[]}`,
		"null":              `null`,
		"a list":            `[]`,
		"another source":    `{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"}}}]}`,
		"another queue":     sqsEvent("arn:aws:sqs:eu-central-1:111122223333:others", good),
		"another account":   sqsEvent("arn:aws:sqs:eu-central-1:999122223333:records", good),
		"a dead-letter one": sqsEvent("arn:aws:sqs:eu-central-1:111122223333:records-dead", good),
		"no ARN":            sqsEvent("", good),
		"two queues":        strings.Replace(sqsEvent(recordsARN, good, good), recordsARN, filesARN, 1),
		"no ID":             strings.Replace(sqsEvent(recordsARN, good, good), "id-2", "", 1),
		"an ID of no text":  strings.Replace(sqsEvent(recordsARN, good), `"id-1"`, "7", 1),
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestHandler(t)
			got, err := h.invoke(t, event)
			if err == nil {
				t.Errorf("answered %s", got)
			}
			if h.metrics.Len() > 0 || len(h.sent) > 0 {
				t.Error("it was worked on")
			}
		})
	}
}

// TestReadMessage: what SQS says about a message, and what it does not.
func TestReadMessage(t *testing.T) {
	text := "first"
	m := readMessage(&events.SQSMessage{
		MessageId: "m", Body: "b", Attributes: map[string]string{"ApproximateReceiveCount": "3", "SentTimestamp": "1936158484000"},
		MessageAttributes: map[string]events.SQSMessageAttribute{
			"DocketIdentity": {DataType: "String", StringValue: &text}, "raw": {DataType: "Binary.png", BinaryValue: []byte{1}}, "odd": {DataType: "String"},
		},
	})
	if m.ID != "m" || m.Body != "b" || m.Received != 3 || !m.Sent.Equal(time.UnixMilli(1936158484000)) ||
		m.Attributes[delivery.Identity].Type != "String" || m.Attributes[delivery.Identity].Text != "first" ||
		m.Attributes["raw"].Type != "Binary.png" || !bytes.Equal(m.Attributes["raw"].Binary, []byte{1}) || m.Attributes["odd"].Text != "" {
		t.Errorf("%+v", m)
	}
	if m := readMessage(&events.SQSMessage{Attributes: map[string]string{"SentTimestamp": "soon"}}); m.Received != 0 || !m.Sent.IsZero() {
		t.Errorf("%+v", m)
	}
}

// TestStop: some of the time is kept, less of a short invocation.
func TestStop(t *testing.T) {
	h := newTestHandler(t)
	for _, c := range []struct{ all, until time.Duration }{{5 * time.Minute, 280 * time.Second}, {20 * time.Second, 15 * time.Second}, {-time.Second, -time.Second}} {
		h.at = time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
		ctx, cancel := context.WithDeadline(t.Context(), h.at.Add(c.all))
		stop := h.stop(ctx)
		h.at = h.at.Add(c.until - time.Second)
		if c.all > 0 && stop() {
			t.Errorf("of %v it stops before %v", c.all, c.until)
		}
		h.at = h.at.Add(time.Second)
		if !stop() {
			t.Errorf("of %v it goes on at %v", c.all, c.until)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop := h.stop(ctx)
	if stop() {
		t.Error("without a deadline it stops")
	}
	if cancel(); !stop() {
		t.Error("cancelled, it goes on")
	}
}

// TestReport: the metrics that alarms read.
func TestReport(t *testing.T) {
	h := newTestHandler(t)
	h.at = time.UnixMilli(1936158484000).Add(1500 * time.Millisecond)
	if _, err := h.invoke(t, sqsEvent(recordsARN, good, "poison")); err != nil {
		t.Fatal(err)
	}
	values := h.values(t)
	for name, want := range map[string]float64{
		environment.IngestStored: 1, environment.IngestRepeated: 0, environment.IngestRefused: 1, environment.IngestRetried: 0,
		environment.IngestContinued: 0, environment.IngestLag: 1.5,
	} {
		if values[name] != want {
			t.Errorf("%s: %v; want %v", name, values[name], want)
		}
	}
}
