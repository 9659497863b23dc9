package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"docket/shared/activity"
	"docket/shared/ingest"
	"docket/shared/ingesttest"
	"docket/shared/source"
	"docket/shared/source/sourcetest"
)

const (
	testAccount = "111122223333"
	testBucket  = "trails"
)

// world is a ledger in memory, buckets, dead letters and a clock.
type world struct {
	*ingesttest.World
	t testing.TB

	mu      sync.Mutex
	objects map[Object]string // what Open finds
	letters map[Address][]Letter
	fault   error // of Send
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{World: ingesttest.New(t), t: t, objects: map[Object]string{}, letters: map[Address][]Letter{}}
}

// builtIn is read once: many worlds are made.
var builtIn = sync.OnceValues(func() (*source.Mapping, error) { return source.NewMapping() })

func (w *world) config() Config {
	m, err := builtIn()
	if err != nil {
		w.t.Fatal(err)
	}
	return Config{
		Ingest: ingest.Config{
			Ledger: w.Ledger, Mapping: m, Plan: activity.Plan{ID: "default", Name: "Default"},
			FindPlan: w.FindPlan,
		},
		Objects: w, Letters: w, Buckets: []string{testBucket}, Accounts: []string{testAccount},
		MaxReceives: 5, Workers: 1, Now: w.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// Open reads an object.
func (w *world) Open(_ context.Context, o Object) (io.ReadCloser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok := w.objects[o]
	if !ok {
		return nil, ErrGone
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// Send keeps a letter.
func (w *world) Send(_ context.Context, to Address, l Letter) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return w.fault
	}
	w.letters[to] = append(w.letters[to], l)
	return nil
}

// dead are the reasons in a dead-letter queue.
func (w *world) dead(q Queue) []string {
	var reasons []string
	for _, l := range w.letters[Address{q, true}] {
		reasons = append(reasons, l.Attributes[Reason].Text)
	}
	return reasons
}

// take gives one message with all the time in the world.
func (w *world) take(q Queue, m Message) Summary {
	return New(w.config()).Take(context.Background(), q, []Message{m}, never, "request")
}

func never() bool { return false }

// stored are all records of the ledger: Who, What, plan and eventID of each, sorted.
func (w *world) stored() []string {
	w.t.Helper()
	var all []string
	records := w.Records()
	for i := range records {
		r := &records[i]
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Who, r.What, r.Plan.Name, ingesttest.EventID(r))))
	}
	slices.Sort(all)
	return all
}

// record is a record in JSON. Equal ones come of equal numbers.
func record(n int) string {
	return fmt.Sprintf(`{"Who":"w","Where":"h","ObjectType":"t","What":"x%d","Action":"Read","When":"2026-01-01T00:00:00Z"}`, n)
}

// planned is a record that names a plan.
func planned(n int, plan string) string {
	return strings.Replace(record(n), `"Who"`, `"MonitoringPlan":{"Name":"`+plan+`"},"Who"`, 1)
}

func ndjson(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteString(record(i) + "\n")
	}
	return b.String()
}

func packed(t testing.TB, text string) string { return string(sourcetest.Packed(t, text)) }

// notice is the notification of an object.
func notice(o Object) string {
	version := ""
	if o.Version != "" {
		version = fmt.Sprintf(`,"version-id":%q`, o.Version)
	}
	return fmt.Sprintf(`{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":%q,"time":"2031-05-06T07:08:00Z","region":"eu-central-1","resources":["arn:aws:s3:::%s"],`+
		`"detail":{"version":"0","bucket":{"name":%q},"object":{"key":%q,"size":5,"etag":%q%s,"sequencer":"617f08299329d189"},"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"1.2.3.4","reason":"PutObject"}}`,
		testAccount, o.Bucket, o.Bucket, o.Key, o.ETag, version)
}

// put puts an object into the bucket and returns its notification.
func (w *world) put(key, version, text string) string {
	o := Object{Bucket: testBucket, Key: key, Version: version, ETag: "e" + key}
	w.objects[o] = text
	return notice(o)
}

// event is an event of EventBridge.
func event(id, source, kind, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":%q,"detail-type":%q,"source":%q,"account":%q,"time":"2031-05-06T07:08:00Z","region":"eu-central-1","resources":[],"detail":%s}`, id, kind, source, testAccount, detail)
}

// trail is an event of CloudTrail.
func trail(id string) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"ann"},"eventTime":"2031-05-06T07:08:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","requestParameters":{"userName":"bob"},"eventID":%q,"recipientAccountId":"111122223333"}`, id)
}

// realFiles are log files of CloudTrail.
func realFiles(t testing.TB) []string {
	t.Helper()
	var texts []string
	for _, name := range sourcetest.LogFiles(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	return texts
}

var errTest = errors.New("out of order")
