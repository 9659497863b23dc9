package gateway

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"docket/shared/gateway/sqs"

	"github.com/aws/aws-lambda-go/events"
)

// source is an event source mapping: a queue whose messages go to a function.
type source struct {
	id          string
	function    string // its name in the CDK app
	queue       *sqs.Queue
	batch       int
	window      time.Duration
	partial     bool // ReportBatchItemFailures
	concurrency int
}

// sources reads the event source mappings.
func (a *assembly) sources(s *Services) ([]source, error) {
	var all []source
	for id, r := range a.of("AWS::Lambda::EventSourceMapping") {
		q, ok := s.Queues.Queue(a.target(r.Properties["EventSourceArn"]))
		if !ok {
			return nil, fmt.Errorf("%w: %s maps something that is no queue", ErrTemplate, id)
		}
		m := source{id: id, queue: q, batch: 10, concurrency: 5, window: duration(r.Properties["MaximumBatchingWindowInSeconds"])}
		m.function = a.of("AWS::Lambda::Function")[a.target(r.Properties["FunctionName"])].construct()
		if s.Visibility > 0 { // a message must not come again while its batch is gathered
			m.window = min(m.window, s.Visibility/4)
		}
		if n, ok := r.Properties["BatchSize"].(float64); ok {
			m.batch = int(n)
		}
		if n, ok := at(r.Properties, "ScalingConfig", "MaximumConcurrency").(float64); ok {
			m.concurrency = int(n)
		}
		for _, kind := range list(r.Properties["FunctionResponseTypes"]) {
			m.partial = m.partial || kind == "ReportBatchItemFailures"
		}
		all = append(all, m)
	}
	return all, nil
}

// longPoll is how long a poller waits for the first message of a batch.
const longPoll = 20 * time.Second

// poll takes messages to the function until the context ends.
func (g *Gateway) poll(ctx context.Context, m source) {
	var pollers sync.WaitGroup
	for range m.concurrency {
		pollers.Go(func() {
			var held []sqs.Delivery // received, but too much for one event
			for ctx.Err() == nil {
				var batch []sqs.Delivery
				var err error
				if batch, held, err = m.collect(ctx, held); err != nil {
					g.Log.Error("poll", "queue", m.queue.Name, "error", err)
					wait(ctx, time.Second)
				}
				if len(batch) > 0 {
					g.deliver(ctx, m, batch)
				}
			}
		})
	}
	pollers.Wait()
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// perReceive is how many messages one call to SQS gets.
const perReceive = 10

// collect gathers messages until the batch or the event is full, or the window is
// over. What is too much for the event is held for the next.
func (m source) collect(ctx context.Context, held []sqs.Delivery) (batch, rest []sqs.Delivery, err error) {
	bytes := 0
	var end time.Time
	for first := true; ; first = false {
		got := held
		held = nil
		if len(got) == 0 {
			patience := longPoll
			if len(batch) > 0 {
				patience = max(time.Until(end), 0)
			}
			if got, err = m.queue.Receive(ctx, min(perReceive, m.batch-len(batch)), patience, -1); err != nil {
				return batch, nil, err
			}
		}
		if first {
			end = time.Now().Add(m.window)
		}
		for i := range got {
			n := eventSize(&got[i])
			if len(batch) > 0 && bytes+n > maxEvent {
				return batch, got[i:], nil
			}
			batch, bytes = append(batch, got[i]), bytes+n
		}
		if len(got) == 0 || len(batch) >= m.batch || !time.Now().Before(end) || ctx.Err() != nil {
			return batch, nil, nil
		}
	}
}

// eventSize bounds the bytes of a message in an event: JSON escapes may take six
// for one, and what SQS adds some hundred.
func eventSize(d *sqs.Delivery) int {
	const envelope = 1024
	escaped, err := json.Marshal(d.Body)
	if err != nil {
		return maxEvent // not reached: a text always is JSON
	}
	n := len(escaped) + envelope
	for name, a := range d.Attributes {
		n += 2 * (len(name) + len(a.Type) + len(a.Text) + len(a.Binary))
	}
	return n
}

// deliver invokes the function with a batch and deletes what it has done. All
// else comes again when its visibility timeout ends.
func (g *Gateway) deliver(ctx context.Context, m source, batch []sqs.Delivery) {
	failed, err := g.invokeBatch(ctx, m, batch)
	if err != nil {
		g.Log.Warn("messages come again", "function", m.function, "messages", len(batch), "error", err)
		return
	}
	for _, d := range batch {
		if failed[d.ID] {
			continue
		}
		if err := m.queue.Delete(d.Receipt); err != nil {
			g.Log.Error("delete a message", "queue", m.queue.Name, "message", d.ID, "error", err)
		}
	}
}

func (g *Gateway) invokeBatch(ctx context.Context, m source, batch []sqs.Delivery) (failed map[string]bool, err error) {
	var id [16]byte
	if _, err := io.ReadFull(g.Rand, id[:]); err != nil {
		return nil, fmt.Errorf("make request id: %w", err)
	}
	event, err := json.Marshal(m.event(batch))
	if err != nil {
		return nil, fmt.Errorf("make an event of messages: %w", err)
	}
	// An invocation that has begun is not broken off: Lambda would not either.
	answer, err := g.pools[m.function].invoke(context.WithoutCancel(ctx), hex.EncodeToString(id[:]), event)
	if err != nil {
		return nil, err
	}
	if !m.partial {
		return nil, nil
	}
	return failures(answer, batch)
}

// event is what Lambda makes of messages.
func (m source) event(batch []sqs.Delivery) events.SQSEvent {
	var e events.SQSEvent
	for i := range batch {
		d := &batch[i]
		message := events.SQSMessage{
			MessageId: d.ID, ReceiptHandle: d.Receipt, Body: d.Body, Md5OfBody: d.BodyMD5(), Md5OfMessageAttributes: d.AttributesMD5(),
			Attributes: d.System(), MessageAttributes: map[string]events.SQSMessageAttribute{},
			EventSourceARN: m.queue.ARN(), EventSource: "aws:sqs", AWSRegion: localRegion,
		}
		for name, a := range d.Attributes {
			v := events.SQSMessageAttribute{DataType: a.Type, BinaryValue: a.Binary}
			if a.Binary == nil {
				v.StringValue = &a.Text
			}
			message.MessageAttributes[name] = v
		}
		e.Records = append(e.Records, message)
	}
	return e
}

// failures reads the answer of a function that reports them. Nothing, null or an
// empty list is success; an answer that is malformed, or names what was not in the
// batch, is the failure of all (Lambda developer guide, "Implementing partial
// batch responses").
func failures(answer []byte, batch []sqs.Delivery) (map[string]bool, error) {
	var list struct {
		BatchItemFailures []struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &list); err != nil {
			return nil, fmt.Errorf("the answer is malformed: %w", err)
		}
	}
	known := map[string]bool{}
	for _, d := range batch {
		known[d.ID] = true
	}
	failed := map[string]bool{}
	for _, f := range list.BatchItemFailures {
		if f.ItemIdentifier == nil || !known[*f.ItemIdentifier] {
			return nil, fmt.Errorf("the answer names a message that is not in the batch")
		}
		failed[*f.ItemIdentifier] = true
	}
	return failed, nil
}
