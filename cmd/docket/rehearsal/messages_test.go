package rehearsal

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// BenchmarkMessages takes messages of one record through the whole rehearsal: sent
// over HTTP, batched, handed to the ingest function, stored by transactions, in
// DynamoDB Local and in memory. It counts from the first that is sent until the queue
// is empty. One in ten is poison in the second run of each, and ends as a dead letter.
// The queue alone is measured by the benchmark of the same name in package gateway.
func BenchmarkMessages(b *testing.B) {
	built := build(b)
	for _, tables := range []string{"memory", "local"} {
		b.Run(tables, func(b *testing.B) {
			r := newIngesting(b, built, start(b, built, "--tables", tables))
			r.send(b, "", one("warm", "")) // starts the function
			r.quiet(b)
			b.Run("clean", func(b *testing.B) { r.measure(b, 0) })
			b.Run("poison", func(b *testing.B) { r.measure(b, 10) })
		})
	}
}

// measure loads the queue and waits until it is empty. poison is one in so many, 0 for
// none.
func (r *ingesting) measure(b *testing.B, poison int) {
	const messages = 20_000
	sent := 0
	before := r.records(b, who)["load"]
	b.ResetTimer()
	begun := time.Now()
	for b.Loop() {
		r.load(b, messages, poison)
		sent += messages
		r.quiet(b)
	}
	took := time.Since(begun)
	b.StopTimer()
	b.ReportMetric(float64(sent)/took.Seconds(), "messages/s")
	good := sent
	if poison > 0 {
		good -= sent / poison
	}
	if n := r.records(b, who)["load"] - before; n != good {
		b.Errorf("%d records stored; want %d", n, good)
	}
}

// load sends messages in batches of ten, over several connections.
func (r *ingesting) load(b *testing.B, n, poison int) {
	b.Helper()
	const senders, batch = 4, 10
	client := sqs.NewFromConfig(r.cfg)
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := s * batch; i < n; i += senders * batch {
				var entries []types.SendMessageBatchRequestEntry
				for j := range batch {
					body := one("load", "")
					if poison > 0 && (i+j)%poison == 0 {
						body = fmt.Sprintf(`{"Who":%d}`, i)
					}
					entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(j)), MessageBody: &body})
				}
				out, err := client.SendMessageBatch(b.Context(), &sqs.SendMessageBatchInput{QueueUrl: aws.String(r.queues["RecordsQueue"]), Entries: entries})
				if err != nil || len(out.Failed) > 0 {
					b.Error(err, out)
					return
				}
			}
		})
	}
	wg.Wait()
}
