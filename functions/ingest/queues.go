package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"docket/shared/delivery"
	"docket/shared/environment"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queues are the URLs of those that are switched on.
type queues map[delivery.Address]string

// readQueues reads the variables of all sources. One alone is a mistake: a queue
// without dead letters would lose the reason of everything it refuses.
func readQueues(getenv func(string) string) (queues, error) {
	q := queues{}
	for _, of := range []struct {
		queue       delivery.Queue
		alive, dead string
	}{
		{delivery.Records, environment.RecordsQueue, environment.RecordsDead},
		{delivery.Files, environment.FilesQueue, environment.FilesDead},
		{delivery.Events, environment.EventsQueue, environment.EventsDead},
	} {
		alive, dead := getenv(of.alive), getenv(of.dead)
		if (alive == "") != (dead == "") {
			return nil, fmt.Errorf("%s and %s go together", of.alive, of.dead)
		}
		if alive != "" {
			q[delivery.Address{Queue: of.queue}], q[delivery.Address{Queue: of.queue, Dead: true}] = alive, dead
		}
	}
	if len(q) == 0 {
		return nil, fmt.Errorf("no queue is set: set %s, %s or %s", environment.RecordsQueue, environment.FilesQueue, environment.EventsQueue)
	}
	return q, nil
}

// source finds the queue of an ARN, arn:PARTITION:sqs:REGION:ACCOUNT:NAME. The URL
// of a queue ends with /ACCOUNT/NAME.
func (q queues) source(arn string) (delivery.Queue, bool) {
	part := strings.Split(arn, ":")
	if len(part) != 6 || part[2] != "sqs" || part[4] == "" || part[5] == "" {
		return 0, false
	}
	for address, text := range q {
		u, err := url.Parse(text)
		if err == nil && !address.Dead && strings.HasSuffix(u.Path, "/"+part[4]+"/"+part[5]) {
			return address.Queue, true
		}
	}
	return 0, false
}

// letters sends messages. The SDK tries again by itself.
type letters struct {
	sqs interface {
		SendMessage(ctx context.Context, in *sqs.SendMessageInput, options ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	}
	queues queues
}

var _ delivery.Sender = (*letters)(nil)

// Send sends a message.
func (l *letters) Send(ctx context.Context, to delivery.Address, letter delivery.Letter) error {
	queue, ok := l.queues[to]
	if !ok {
		return fmt.Errorf("the queue of %s is not set", to.Queue)
	}
	attributes := make(map[string]types.MessageAttributeValue, len(letter.Attributes))
	for name, a := range letter.Attributes {
		v := types.MessageAttributeValue{DataType: &a.Type}
		if strings.HasPrefix(a.Type, "Binary") {
			v.BinaryValue = a.Binary
		} else {
			v.StringValue = &a.Text
		}
		attributes[name] = v
	}
	_, err := l.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &letter.Body, MessageAttributes: attributes})
	return err
}
