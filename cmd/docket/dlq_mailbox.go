package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"docket/shared/delivery"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// mailbox is a queue and its dead letters.
type mailbox struct {
	sqs         *sqs.Client
	deployed    *deployment
	name        string // records, files or events
	queue, dead string // URLs
	wait        int32  // seconds of long polling
}

// The queues of a deployment: the names of their outputs begin so (infra/ingestion.go).
var mailboxes = []string{"Records", "Files", "Events"}

// open finds the queues to look at.
func (l *letters) open(ctx context.Context) ([]*mailbox, error) {
	if err := l.flags.check(); err != nil {
		return nil, err
	}
	if !l.flags.on {
		return nil, &exitError{exitUsage, errors.New("dead letters are those of a deployment in AWS (--aws) or of a rehearsal (--endpoint URL)")}
	}
	if l.queue != "" && !slices.ContainsFunc(mailboxes, func(name string) bool { return strings.ToLower(name) == l.queue }) {
		return nil, &exitError{exitUsage, fmt.Errorf("--queue %q: use records, files or events", l.queue)}
	}
	d, err := l.flags.deployment(ctx, "Ingest")
	if err != nil {
		return nil, err
	}
	wait := int32(emptyWait)
	if l.flags.endpoint != "" { // a rehearsal is one server
		wait = 0
	}
	var found []*mailbox
	for _, name := range mailboxes {
		m := &mailbox{sqs.NewFromConfig(d.cfg), d, strings.ToLower(name), d.outputs[name+"QueueUrl"], d.outputs[name+"DeadUrl"], wait}
		if m.queue != "" && m.dead != "" && (l.queue == "" || l.queue == m.name) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("stack %s has no such queue: its source is not switched on", d.stack)
	}
	return found, nil
}

// each looks at the dead letters one after the other, while visit says to go on.
// Those that visit does not take away are shown to others again at its end.
func (l *letters) each(ctx context.Context, visit func(*mailbox, *deadLetter) (bool, error)) error {
	boxes, err := l.open(ctx)
	if err != nil {
		return err
	}
	for _, m := range boxes {
		more, err := m.each(ctx, visit)
		if errors.Is(err, context.Canceled) {
			return errors.New("interrupted")
		}
		if err != nil || !more {
			return m.deployed.explain(err)
		}
	}
	return nil
}

// How dead letters are looked at.
const (
	holdTime  = 5 * time.Minute // while which nobody else gets one, should the command be killed
	emptyWait = 1               // seconds of long polling, in which SQS asks all its servers
	perCall   = 10              // SQS's most
)

func (m *mailbox) each(ctx context.Context, visit func(*mailbox, *deadLetter) (bool, error)) (more bool, err error) {
	held := map[string]*deadLetter{}
	defer func() { err = errors.Join(err, m.release(context.WithoutCancel(ctx), held)) }()
	for {
		out, err := m.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &m.dead, MaxNumberOfMessages: perCall, WaitTimeSeconds: m.wait, VisibilityTimeout: int32(holdTime / time.Second),
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		}, once)
		if err != nil {
			err = fmt.Errorf("read the dead letters of %s: %w", m.name, err)
			if answer := smithy.APIError(nil); !errors.As(err, &answer) {
				err = fmt.Errorf("%w\nif the answer was lost on its way, the letters in it are hidden for up to %s", err, holdTime)
			}
			return false, err
		}
		if len(out.Messages) == 0 {
			return true, nil
		}
		more = true
		seen := len(held)
		for i := range out.Messages {
			d := &deadLetter{m.name, out.Messages[i], false}
			before := held[d.id()]
			held[d.id()] = d // all of this call, or those not visited would stay hidden
			if !more || before != nil {
				continue // delivered twice
			}
			if more, err = visit(m, d); err != nil {
				return false, err
			}
		}
		if !more {
			return false, nil
		}
		if len(held) == seen { // the first ones come again: looking took longer than they are held
			return true, nil
		}
	}
}

// once switches the SDK's tries off: an answer that is lost takes up to ten letters
// with it, and another try would show the others as if they were all.
func once(o *sqs.Options) { o.Retryer = aws.NopRetryer{} }

// release shows what was looked at to others again.
func (m *mailbox) release(ctx context.Context, held map[string]*deadLetter) error {
	var batch []types.ChangeMessageVisibilityBatchRequestEntry
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		// Single failures do not matter: those messages come back by themselves.
		_, err := m.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &m.dead, Entries: batch})
		batch = nil
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(held)) {
		if held[id].gone {
			continue
		}
		batch = append(batch, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(len(batch))), ReceiptHandle: held[id].message.ReceiptHandle})
		if len(batch) == perCall {
			if err := flush(); err != nil {
				return fmt.Errorf("show the dead letters of %s again: %w", m.name, err)
			}
		}
	}
	return flush()
}

// redrive sends a letter to its queue and then takes it away. Should the second
// fail, it is there twice, with one identity.
func (m *mailbox) redrive(ctx context.Context, d *deadLetter) error {
	if from := d.attribute(delivery.FromQueue); from != "" && from != m.name {
		return fmt.Errorf("it says that it came from the queue %q, and lies with those of %s", from, m.name)
	}
	_, err := m.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &m.queue, MessageBody: d.message.Body, MessageAttributes: d.again()})
	if err != nil {
		return m.deployed.explain(fmt.Errorf("send it to %s: %w", m.name, err))
	}
	d.gone = true
	_, err = m.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &m.dead, ReceiptHandle: d.message.ReceiptHandle})
	if err != nil {
		return m.deployed.explain(fmt.Errorf("it was sent again, but not taken out of the dead letters of %s: %w", m.name, err))
	}
	return nil
}

// deadLetter is a message of a dead-letter queue.
type deadLetter struct {
	queue   string
	message types.Message
	gone    bool // it was sent again
}

func (d *deadLetter) id() string { return aws.ToString(d.message.MessageId) }

func (d *deadLetter) attribute(name string) string {
	return aws.ToString(d.message.MessageAttributes[name].StringValue)
}

// identity is what the letter's records are known by: that which it was given, or
// its ID, which stays the same when SQS itself moves it.
func (d *deadLetter) identity() string {
	if given := d.attribute(delivery.Identity); given != "" {
		return given
	}
	return d.id()
}

// maxAttributes is how many a message of SQS may have.
const maxAttributes = 10

// again are the attributes with which a letter is sent again. Where they would be
// too many, those of the sender that come last by name are left out: nothing of
// Docket's depends on them.
func (d *deadLetter) again() map[string]types.MessageAttributeValue {
	made := map[string]types.MessageAttributeValue{
		delivery.Identity: {DataType: aws.String("String"), StringValue: aws.String(d.identity())},
	}
	if progress, ok := d.message.MessageAttributes[delivery.Progress]; ok {
		made[delivery.Progress] = progress
	}
	for _, name := range slices.Sorted(maps.Keys(d.message.MessageAttributes)) {
		if _, have := made[name]; !have && name != delivery.Reason && name != delivery.FromQueue && len(made) < maxAttributes {
			made[name] = d.message.MessageAttributes[name]
		}
	}
	return made
}

// letterView is a dead letter as it is printed.
type letterView struct {
	Queue      string            `json:"queue"`
	ID         string            `json:"id"`
	Identity   string            `json:"identity"`
	Sent       string            `json:"sent"`
	Bytes      int               `json:"bytes"` // of the body
	Reason     string            `json:"reason"`
	Attributes map[string]string `json:"attributes,omitempty"` // further ones
	Body       string            `json:"body,omitempty"`
}

// noReason is for letters that SQS moved by itself.
const noReason = "not known: every delivery ended without an answer of the function, whose log says more"

func (d *deadLetter) view(whole bool) letterView {
	v := letterView{Queue: d.queue, ID: d.id(), Identity: d.identity(), Bytes: len(aws.ToString(d.message.Body)), Reason: d.attribute(delivery.Reason)}
	if ms, err := strconv.ParseInt(d.message.Attributes["SentTimestamp"], 10, 64); err == nil {
		v.Sent = time.UnixMilli(ms).UTC().Format(time.RFC3339)
	}
	if v.Reason == "" {
		v.Reason = noReason
	}
	// A rule that could not deliver says so in attributes of its own.
	if code := d.attribute("ERROR_CODE"); code != "" && d.attribute(delivery.Reason) == "" {
		v.Reason = "EventBridge could not put it into the queue: " + code + " " + d.attribute("ERROR_MESSAGE")
	}
	if !whole {
		return v
	}
	v.Body, v.Attributes = aws.ToString(d.message.Body), map[string]string{}
	for name, a := range d.message.MessageAttributes {
		switch {
		case name == delivery.Reason || name == delivery.FromQueue || name == delivery.Identity:
		case a.BinaryValue != nil:
			v.Attributes[name] = fmt.Sprintf("%d bytes", len(a.BinaryValue))
		default:
			v.Attributes[name] = aws.ToString(a.StringValue)
		}
	}
	return v
}
