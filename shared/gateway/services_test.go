package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestOneAddress: clients of the SDK find every service at one endpoint.
func TestOneAddress(t *testing.T) {
	w := newWorkshop(t, 0)
	w.Handlers = map[string]http.Handler{"DynamoDB_": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	server := httptest.NewServer(w.Services)
	defer server.Close()
	cfg := aws.Config{Region: localRegion, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", ""), RetryMaxAttempts: 1}

	stacks, err := cloudformation.NewFromConfig(cfg).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("Queues")})
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{}
	for _, o := range stacks.Stacks[0].Outputs {
		outputs[*o.OutputKey] = *o.OutputValue
	}
	if len(outputs) != 2 || outputs["DropBucketName"] != "drop" || !strings.HasSuffix(outputs["WorkUrl"], "/000000000000/Work") {
		t.Errorf("outputs %v; want the two that have twins", outputs)
	}
	if _, err := cloudformation.NewFromConfig(cfg).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("None")}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a stack that is not there: %v", err)
	}
	if _, err := s3.NewFromConfig(cfg).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("drop"), Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
		t.Error(err)
	}
	got, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(outputs["WorkUrl"])})
	if err != nil || len(got.Messages) != 1 {
		t.Errorf("%+v, %v; want the event of the object", got, err)
	}
	for name, c := range map[string]struct {
		path, target, body string
		status             int
	}{
		"another service":      {"/", "DynamoDB_20120810.GetItem", "{}", http.StatusTeapot},
		"an event of AWS":      {EventsPath, "", `{"id":"1","detail-type":"x","source":"aws.x","account":"1","time":"t","region":"r"}`, http.StatusOK},
		"no event":             {EventsPath, "", `{}`, http.StatusBadRequest},
		"an event of somebody": {"/", "AWSEvents.PutEvents", `{"Entries":[{"Source":"a","DetailType":"b","Detail":"{}"}]}`, http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Target", c.target)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%s: status %d, %v, %s; want %d", name, resp.StatusCode, err, body, c.status)
		}
	}
}

// TestQueuesOfTheTemplate: their settings, and the ones of the rehearsal over them.
func TestQueuesOfTheTemplate(t *testing.T) {
	w := newWorkshop(t, 0)
	if w.work.Visibility != 30*time.Second || w.work.MaxReceives != 3 || w.work.Dead != w.dead || w.dead.Retention != 14*24*time.Hour || w.dead.Dead != nil {
		t.Errorf("%+v, %+v", w.work.Settings, w.dead.Settings)
	}
	if w := newWorkshop(t, time.Second); w.work.Visibility != time.Second {
		t.Errorf("visibility %s", w.work.Visibility)
	}
}
