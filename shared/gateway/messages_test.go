package gateway

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"docket/shared/gateway/sqs"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
)

// sink is a function that reads all messages, and sends the poison among them to
// the dead letters by itself, one request each.
func sink() func(context.Context, events.SQSEvent) (json.RawMessage, error) {
	client := awssqs.NewFromConfig(aws.Config{
		Region: localRegion, BaseEndpoint: aws.String(os.Getenv("SINK")), Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", ""),
	})
	dead := os.Getenv("DEAD")
	return func(ctx context.Context, e events.SQSEvent) (json.RawMessage, error) {
		for _, m := range e.Records {
			var record map[string]any
			if err := json.Unmarshal([]byte(m.Body), &record); err == nil {
				continue
			}
			if _, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: &dead, MessageBody: &m.Body}); err != nil {
				return nil, err
			}
		}
		return json.RawMessage(`{"batchItemFailures":[]}`), nil
	}
}

// BenchmarkMessages takes messages of 500 bytes from the queue through a function
// that is a process of its own, as all functions are, in batches of 1,000.
func BenchmarkMessages(b *testing.B) {
	body := `{"Who":"` + strings.Repeat("x", 490) + `"}`
	for name, poison := range map[string]int{"clean": 0, "poison": 10} {
		b.Run(name, func(b *testing.B) {
			w := newWorkshop(b, 0)
			w.gateway.sources[0].batch, w.gateway.sources[0].window = 1000, 100*time.Millisecond
			const round = 10_000
			for b.Loop() {
				b.StopTimer()
				for i := range round {
					text := body
					if poison > 0 && i%poison == 0 {
						text = "poison"
					}
					if _, err := w.work.Send(text, nil, 0); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				ctx, cancel := context.WithCancel(b.Context())
				ended := make(chan struct{})
				go func() { w.gateway.Run(ctx); close(ended) }()
				empty(b, w.work)
				cancel()
				b.StopTimer()
				<-ended
				b.StartTimer()
			}
			b.ReportMetric(float64(round*b.N)/b.Elapsed().Seconds(), "messages/s")
			if dead, _, _ := w.dead.Count(); poison > 0 && dead != b.N*round/poison {
				b.Errorf("%d dead letters; want %d", dead, b.N*round/poison)
			}
			w.gateway.Close()
		})
	}
}

// empty waits until a queue has nothing left.
func empty(b *testing.B, q *sqs.Queue) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		if ready, inFlight, _ := q.Count(); ready+inFlight == 0 {
			return
		}
		<-ticker.C
	}
}
