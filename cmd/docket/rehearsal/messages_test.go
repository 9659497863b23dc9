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
// over HTTP, batched, handed to the ingest function, stored in DynamoDB Local by
// transactions, which take nearly all of the time: the queue alone is measured by the
// benchmark of the same name in package gateway. It counts from the first that is
// sent until the queue is empty. One in ten is poison in the second run, and ends as a
// dead letter.
func BenchmarkMessages(b *testing.B) {
	built := build(b)
	r := newIngesting(b, built, start(b, built))
	r.send(b, "", one("warm", "")) // starts the function
	r.quiet(b)
	for _, c := range []struct {
		name   string
		poison int // one in so many; 0 for none
	}{{"clean", 0}, {"poison", 10}} {
		b.Run(c.name, func(b *testing.B) {
			const messages = 20_000
			sent := 0
			before := r.records(b, who)["load"]
			b.ResetTimer()
			begun := time.Now()
			for b.Loop() {
				r.load(b, messages, c.poison)
				sent += messages
				r.quiet(b)
			}
			took := time.Since(begun)
			b.StopTimer()
			b.ReportMetric(float64(sent)/took.Seconds(), "messages/s")
			good := sent
			if c.poison > 0 {
				good -= sent / c.poison
			}
			if n := r.records(b, who)["load"] - before; n != good {
				b.Errorf("%d records stored; want %d", n, good)
			}
		})
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
