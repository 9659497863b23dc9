package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/delivery"
	"docket/shared/environment"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// answer is what ReportBatchItemFailures wants. What Lambda does with any other
// shape is told in several ways, one of them being to delete all messages: the list
// is never null, and an identifier never empty.
type answer struct {
	Failures []failure `json:"batchItemFailures"`
}

type failure struct {
	ID string `json:"itemIdentifier"`
}

// handler takes the events of the queues.
type handler struct {
	queues    queues
	deliverer *delivery.Deliverer
	now       func() time.Time
	metrics   *shell.Metrics
}

// The time that is kept at the end of an invocation for what is being done: the
// batch that is being stored, and letters.
const (
	reserve      = 20 * time.Second
	reserveShare = 4 // of short invocations, one part in so many
)

// handle works on one event. Its error is for events that it must not answer,
// because an answer would delete messages that nobody has looked at: Lambda then
// delivers all of them again.
func (h *handler) handle(ctx context.Context, e events.SQSEvent) (answer, error) {
	queue, messages, err := h.read(&e)
	if err != nil {
		return answer{}, err
	}
	requestID := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		requestID = lc.AwsRequestID
	}
	metered, meter := dynamo.WithMeter(ctx)
	s := h.deliverer.Take(metered, queue, messages, h.stop(ctx), requestID)
	h.metrics.Consumed(ctx, meter.Consumed())
	h.report(ctx, &s)
	a := answer{Failures: make([]failure, 0, len(s.Retry))}
	for _, id := range s.Retry {
		a.Failures = append(a.Failures, failure{id})
	}
	return a, nil
}

// read makes messages of an event. All are of one queue: so are the events that
// Lambda makes.
func (h *handler) read(e *events.SQSEvent) (delivery.Queue, []delivery.Message, error) {
	if len(e.Records) == 0 {
		return 0, nil, errors.New("the event is not one of SQS: it has no records")
	}
	arn := e.Records[0].EventSourceARN
	queue, ok := h.queues.source(arn)
	if !ok {
		return 0, nil, fmt.Errorf("the event is of %q, which is none of the queues that are set", arn)
	}
	messages := make([]delivery.Message, len(e.Records))
	for i := range e.Records {
		r := &e.Records[i]
		if r.MessageId == "" || r.EventSourceARN != arn {
			return 0, nil, fmt.Errorf("message %d of the event has no ID or is of another queue", i+1)
		}
		messages[i] = readMessage(r)
	}
	return queue, messages, nil
}

func readMessage(r *events.SQSMessage) delivery.Message {
	m := delivery.Message{ID: r.MessageId, Body: r.Body, Attributes: make(map[string]delivery.Attribute, len(r.MessageAttributes))}
	for name, a := range r.MessageAttributes {
		v := delivery.Attribute{Type: a.DataType, Binary: a.BinaryValue}
		if a.StringValue != nil {
			v.Text = *a.StringValue
		}
		m.Attributes[name] = v
	}
	// What SQS did not say stays unknown: no count is no last try, no time no lag.
	if n, err := strconv.Atoi(r.Attributes["ApproximateReceiveCount"]); err == nil {
		m.Received = n
	}
	if ms, err := strconv.ParseInt(r.Attributes["SentTimestamp"], 10, 64); err == nil {
		m.Sent = time.UnixMilli(ms)
	}
	return m
}

// stop says when time is over.
func (h *handler) stop(ctx context.Context) func() bool {
	deadline, ok := ctx.Deadline()
	if !ok {
		return func() bool { return ctx.Err() != nil }
	}
	end := deadline.Add(-max(0, min(reserve, deadline.Sub(h.now())/reserveShare)))
	return func() bool { return !h.now().Before(end) }
}

func (h *handler) report(ctx context.Context, s *delivery.Summary) {
	values := map[string]float64{
		environment.IngestStored: float64(s.Records.Stored), environment.IngestRepeated: float64(s.Records.Before),
		environment.IngestRefused: float64(s.Refused), environment.IngestRetried: float64(len(s.Retry)), environment.IngestContinued: float64(s.Continued),
	}
	if s.Lag > 0 {
		values[environment.IngestLag] = s.Lag.Seconds()
	}
	h.metrics.Values(ctx, values)
}
