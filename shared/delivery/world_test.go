package delivery

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/ingest"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/source"
	"docket/shared/table"
	"docket/shared/table/memory"
)

const (
	testAccount = "111122223333"
	testBucket  = "trails"
)

// world is a ledger in memory, buckets, dead letters and a clock.
type world struct {
	t      testing.TB
	at     time.Time
	table  table.Table
	ring   *keys.Ring
	ledger *ledger.Ledger
	plans  map[string]bool
	seed   byte

	mu      sync.Mutex
	objects map[Object]string // what Open finds
	letters map[Address][]Letter
	fault   error // of Send
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), plans: map[string]bool{}, objects: map[Object]string{}, letters: map[Address][]Letter{}}
	w.table = memory.New(w.now)
	ring, err := keys.Generate(rand.NewChaCha8([32]byte{200}), w.at, "test")
	if err != nil {
		t.Fatal(err)
	}
	w.ring = ring
	w.restart()
	return w
}

func (w *world) now() time.Time { return w.at }

// restart forgets everything that is not in the table.
func (w *world) restart() {
	w.t.Helper()
	const tries = 100 // of a table that fails at times
	var err error
	for range tries {
		w.seed++
		w.ledger, err = ledger.Open(context.Background(), ledger.Config{
			Table: w.table, Ring: w.ring, Now: w.now, Rand: rand.NewChaCha8([32]byte{w.seed}),
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
		if err == nil {
			return
		}
	}
	w.t.Fatal(err)
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
			Ledger: w.ledger, Mapping: m, Plan: activity.Plan{ID: "default", Name: "Default"},
			FindPlan: func(_ context.Context, given activity.Plan) (activity.Plan, bool, error) {
				return activity.Plan{ID: "id of " + given.Name, Name: given.Name}, w.plans[given.Name], nil
			},
		},
		Objects: w, Letters: w, Buckets: []string{testBucket}, Accounts: []string{testAccount},
		MaxReceives: 5, Workers: 1, Now: w.now, Log: slog.New(slog.DiscardHandler),
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

// stored are all records of the ledger: When, Who, What, plan and eventID of each,
// sorted.
func (w *world) stored() []string {
	w.t.Helper()
	ctx := context.Background()
	n, err := w.ledger.Shards(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for s := range n {
		for at := ledger.Position(0); ; {
			parts, err := w.ledger.Scan(ctx, ledger.Shard(s), at, ledger.End, 1<<20)
			if err != nil {
				w.t.Fatal(err)
			}
			if len(parts) == 0 {
				break
			}
			for _, p := range parts {
				recs, err := p.Segment.Records(nil)
				if err != nil {
					w.t.Fatal(err)
				}
				for i := range recs {
					all = append(all, line(&recs[i]))
				}
				at = p.First + ledger.Position(p.Segment.Len())
			}
		}
	}
	slices.Sort(all)
	return all
}

func line(r *activity.Record) string {
	id := ""
	for _, d := range r.Details {
		if d.PropertyName == "eventID" {
			id = d.After
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Who, r.What, r.Plan.Name, id))
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

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

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
	names, err := filepath.Glob("../source/testdata/cloudtrail/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no log files: %v", err)
	}
	var texts []string
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	return texts
}

var errTest = errors.New("out of order")
