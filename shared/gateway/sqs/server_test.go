package sqs

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// newClient is the SDK's own, which compares the sums of what it gets.
func newClient(t testing.TB, s *Service) *sqs.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.base = server.URL
	return sqs.NewFromConfig(aws.Config{
		Region: Region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", ""), RetryMaxAttempts: 1,
	})
}

// TestClient takes a message with attributes through all actions of the SDK that
// Docket uses.
func TestClient(t *testing.T) {
	s := newService()
	dead := s.Create(Settings{Name: "dead"})
	s.Create(Settings{Name: "q", MaxReceives: 3, Dead: dead})
	c := newClient(t, s)
	ctx := t.Context()
	named, err := c.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	q := named.QueueUrl
	list, err := c.ListQueues(ctx, &sqs.ListQueuesInput{})
	if err != nil || !slices.Contains(list.QueueUrls, *q) || len(list.QueueUrls) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	sent, err := c.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String(`{"a":"ä\"<>"}`), MessageAttributes: map[string]types.MessageAttributeValue{
		"DocketIdentity": {DataType: aws.String("String"), StringValue: aws.String("id")},
		"Blob":           {DataType: aws.String("Binary.x"), BinaryValue: []byte{0, 1, 255}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: q, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, VisibilityTimeout: 60,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	m := got.Messages[0]
	if *m.MessageId != *sent.MessageId || *m.Body != `{"a":"ä\"<>"}` || m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["SentTimestamp"] == "" ||
		aws.ToString(m.MD5OfMessageAttributes) != aws.ToString(sent.MD5OfMessageAttributes) || len(m.MessageAttributes) != 2 ||
		string(m.MessageAttributes["Blob"].BinaryValue) != "\x00\x01\xff" || aws.ToString(m.MessageAttributes["DocketIdentity"].StringValue) != "id" {
		t.Errorf("%+v", m)
	}
	counts, err := c.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil || counts.Attributes["ApproximateNumberOfMessagesNotVisible"] != "1" || !strings.Contains(counts.Attributes["RedrivePolicy"], dead.ARN()) {
		t.Errorf("%v, %v", counts, err)
	}
	if _, err := c.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: q, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0}); err != nil {
		t.Error(err)
	}
	again, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: q})
	if err != nil || len(again.Messages) != 1 || len(again.Messages[0].MessageAttributes)+len(again.Messages[0].Attributes) != 0 {
		t.Fatalf("%+v, %v; want the message without what was not asked for", again, err)
	}
	if _, err := c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: again.Messages[0].ReceiptHandle}); err != nil {
		t.Error(err)
	}
	if none, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: q}); err != nil || len(none.Messages) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}

func TestClientBatches(t *testing.T) {
	s := newService()
	q := s.Create(Settings{Name: "q", MaxBytes: 100})
	c := newClient(t, s)
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	out, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: aws.String(q.URL()), Entries: []types.SendMessageBatchRequestEntry{
		entry("a", "one"), entry("b", strings.Repeat("x", 101)), entry("c", "three"),
	}})
	if err != nil || len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "b" {
		t.Fatalf("%+v, %v", out, err)
	}
	got, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(q.URL()), MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	deleted, err := c.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(q.URL()), Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("x"), ReceiptHandle: got.Messages[0].ReceiptHandle}, {Id: aws.String("y"), ReceiptHandle: aws.String("none")},
	}})
	if err != nil || len(deleted.Successful) != 1 || len(deleted.Failed) != 1 {
		t.Errorf("%+v, %v", deleted, err)
	}
	if ready, inFlight, _ := q.Count(); ready != 0 || inFlight != 1 {
		t.Errorf("%d ready, %d in flight; want one in flight", ready, inFlight)
	}
	for code, entries := range map[string][]types.SendMessageBatchRequestEntry{
		"EmptyBatchRequest": {}, "BatchEntryIdsNotDistinct": {entry("a", "x"), entry("a", "y")}, "InvalidBatchEntryId": {entry("a b", "x")},
		"TooManyEntriesInBatchRequest": {entry("1", "x"), entry("2", "x"), entry("3", "x"), entry("4", "x"), entry("5", "x"), entry("6", "x"), entry("7", "x"), entry("8", "x"), entry("9", "x"), entry("10", "x"), entry("11", "x")},
	} {
		_, err := c.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: aws.String(q.URL()), Entries: entries})
		var api smithy.APIError
		if !errors.As(err, &api) || !strings.HasSuffix(api.ErrorCode(), code) {
			t.Errorf("%v; want %s", err, code)
		}
	}
}

func TestClientErrors(t *testing.T) {
	s := newService()
	q := s.Create(Settings{Name: "q"})
	c := newClient(t, s)
	_, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String("http://localhost/1/none"), MessageBody: aws.String("x")})
	var missing *types.QueueDoesNotExist
	if !errors.As(err, &missing) {
		t.Errorf("%v; want QueueDoesNotExist", err)
	}
	_, err = c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: aws.String(q.URL()), ReceiptHandle: aws.String("none")})
	var invalid *types.ReceiptHandleIsInvalid
	if !errors.As(err, &invalid) {
		t.Errorf("%v; want ReceiptHandleIsInvalid", err)
	}
	_, err = c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(q.URL()), MaxNumberOfMessages: 11})
	if err == nil {
		t.Error("11 messages at a time")
	}
	if _, err := c.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: aws.String(q.URL())}); err == nil {
		t.Error("an action that is not there was accepted")
	}
}
