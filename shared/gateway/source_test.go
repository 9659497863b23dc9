package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/gateway/sqs"

	"github.com/aws/aws-lambda-go/events"
)

// work is a function that tells of each message which it got, and does what the
// body says.
func work(_ context.Context, raw json.RawMessage) (json.RawMessage, error) {
	var e struct {
		events.SQSEvent
		DetailType string `json:"detail-type"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	if e.DetailType == "Scheduled Event" {
		resp, err := http.Post(os.Getenv("REPORT"), "text/plain", strings.NewReader("scheduled"))
		if err != nil {
			return nil, err
		}
		return json.RawMessage("null"), resp.Body.Close()
	}
	var failed []string
	for _, m := range e.Records {
		line := fmt.Sprintf("%s %s %d\n", m.Body, m.Attributes["ApproximateReceiveCount"], len(e.Records))
		resp, err := http.Post(os.Getenv("REPORT"), "text/plain", strings.NewReader(line))
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		switch m.Body {
		case "crash":
			os.Exit(3)
		case "error":
			return nil, io.ErrUnexpectedEOF
		case "nonsense":
			return json.RawMessage(`{"batchItemFailures":[{"itemIdentifier":""}]}`), nil
		case "fail":
			failed = append(failed, fmt.Sprintf(`{"itemIdentifier":%q}`, m.MessageId))
		}
	}
	return json.RawMessage(`{"batchItemFailures":[` + strings.Join(failed, ",") + `]}`), nil
}

// workshop is the assembly testdata/queues with what its function reported.
type workshop struct {
	*Services
	gateway *Gateway
	work    *sqs.Queue
	dead    *sqs.Queue

	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newWorkshop(t testing.TB, visibility time.Duration) *workshop {
	t.Helper()
	w := &workshop{more: make(chan struct{}, 1000)}
	report := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		line, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		w.lines = append(w.lines, strings.TrimSpace(string(line)))
		w.mu.Unlock()
		w.more <- struct{}{}
	}))
	t.Cleanup(report.Close)
	log := slog.New(slog.DiscardHandler)
	var err error
	w.Services, err = NewServices(ServicesConfig{
		Assembly: filepath.Join("testdata", "queues"), Base: "http://localhost:1", Physical: map[string]string{"Things": "things-1"}, Visibility: visibility, Rand: rand.Reader, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Services.Close(); err != nil {
			t.Error(err)
		}
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binaries := t.TempDir()
	if err := os.Mkdir(filepath.Join(binaries, "Worker"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(binaries, "Worker", "bootstrap")); err != nil {
		t.Fatal(err)
	}
	w.gateway, err = New(Config{
		Assembly: filepath.Join("testdata", "queues"), Binaries: binaries, Services: w.Services, Variables: w.variables(t, report.URL),
		Stderr: io.Discard, Rand: rand.Reader, Now: time.Now, Log: log, ColdStart: func(string, time.Duration) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.work, _ = w.Queues.Queue("Work")
	w.dead, _ = w.Queues.Queue("Dead")
	return w
}

// variables are those of the function, which in a benchmark does what the ingest
// function does to messages, without storing any.
func (w *workshop) variables(t testing.TB, report string) map[string]string {
	v := map[string]string{"REPORT": report}
	if _, ok := t.(*testing.B); ok {
		front := httptest.NewServer(w.Services)
		t.Cleanup(front.Close)
		v["SINK"] = front.URL
	}
	return v
}

// run polls until the test ends.
func (w *workshop) run(t testing.TB) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.gateway.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); w.gateway.Close(); <-ended })
}

func (w *workshop) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if _, err := w.work.Send(b, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// letter waits for one dead letter.
func (w *workshop) letter(t *testing.T) sqs.Delivery {
	t.Helper()
	got, err := w.dead.Receive(t.Context(), 1, 20*time.Second, -1)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d dead letters, %v", len(got), err)
	}
	return got[0]
}

// seen is how often the function got each message, by body.
func (w *workshop) seen() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[string]int{}
	for _, line := range w.lines {
		n[strings.Fields(line)[0]]++
	}
	return n
}

// TestPartialFailure: of a batch, what the function reports comes again alone, as
// often as the queue allows, and is a dead letter then; all else came once.
func TestPartialFailure(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, 1500*time.Millisecond)
	w.send(t, "a", "fail", "b", "c")
	w.run(t)
	if l := w.letter(t); l.Body != "fail" || l.Source != w.work.ARN() {
		t.Errorf("dead letter %+v", l)
	}
	if got := w.seen(); got["a"] != 1 || got["b"] != 1 || got["c"] != 1 || got["fail"] != 3 {
		t.Errorf("deliveries %v; want each once, and the one that fails three times", got)
	}
	if ready, inFlight, _ := w.work.Count(); ready+inFlight != 0 {
		t.Errorf("%d messages are left", ready+inFlight)
	}
}

// TestWholeFailure: a batch whose function crashes, reports an error or answers
// nonsense comes again as a whole, innocent messages too.
func TestWholeFailure(t *testing.T) {
	for _, body := range []string{"crash", "error", "nonsense"} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			w := newWorkshop(t, 1500*time.Millisecond)
			w.send(t, "innocent", body)
			w.run(t)
			letters := []string{w.letter(t).Body, w.letter(t).Body}
			slices.Sort(letters)
			if want := []string{body, "innocent"}; !slices.Equal(letters, slices.Sorted(slices.Values(want))) {
				t.Errorf("dead letters %v; want %v", letters, want)
			}
		})
	}
}

// TestObjectsBecomeMessages: a new object of the bucket comes to the function by
// the rule, and not by the one that is off.
func TestObjectsBecomeMessages(t *testing.T) {
	w := newWorkshop(t, 0)
	if _, err := w.Objects.Put(w.Output("DropBucketName"), "a/b.json", strings.NewReader("[]"), false); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	<-w.more
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) != 1 || !strings.Contains(w.lines[0], `"key":"a/b.json"`) || !strings.Contains(w.lines[0], `"detail-type":"Object Created"`) {
		t.Errorf("the function got %q", w.lines)
	}
}

// TestEnvironmentIsResolved: what a template refers to has the names of its twins.
func TestEnvironmentIsResolved(t *testing.T) {
	w := newWorkshop(t, 0)
	got := w.gateway.api.functions["Worker"].environment
	for name, want := range map[string]string{
		"TABLE": "things-1", "DEAD": "http://localhost:1/000000000000/Dead", "BUCKETS": "drop,other", "ACCOUNTS": localAccount,
		"RULES": filepath.Join("testdata", "queues", "asset.rules") + "/a.yaml," + filepath.Join("testdata", "queues", "asset.rules") + "/b.yaml",
	} {
		if got[name] != want {
			t.Errorf("%s is %q; want %q", name, got[name], want)
		}
	}
	if s := w.gateway.schedules; len(s) != 1 || s[0].every != 5*time.Minute || s[0].function != "Worker" {
		t.Errorf("schedules %+v", s)
	}
	if m := w.gateway.sources; len(m) != 1 || m[0].batch != 20 || m[0].concurrency != 2 || !m[0].partial {
		t.Errorf("sources %+v", m)
	}
}

// TestSchedule: a function is called at its rate, and told that it was a schedule.
func TestSchedule(t *testing.T) {
	w := newWorkshop(t, 0)
	w.gateway.schedules[0].every = 10 * time.Millisecond
	w.gateway.sources = nil
	w.run(t)
	<-w.more
	<-w.more
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lines[0] != "scheduled" {
		t.Errorf("the function got %q", w.lines)
	}
}

// TestCollect: a batch ends when it is full, when the event is full, or with its
// window; what is too much is held and not lost.
func TestCollect(t *testing.T) {
	w := newWorkshop(t, 0)
	m := w.gateway.sources[0]
	for range 45 {
		w.send(t, "x")
	}
	var sizes []int
	for range 3 {
		batch, rest, err := m.collect(t.Context(), nil)
		if err != nil || len(rest) != 0 {
			t.Fatal(err, len(rest))
		}
		sizes = append(sizes, len(batch))
	}
	// Without a window there is one receive a batch.
	if !slices.Equal(sizes, []int{10, 10, 10}) {
		t.Errorf("batches of %v", sizes)
	}
	m.window = 100 * time.Millisecond
	batch, _, err := m.collect(t.Context(), nil)
	if err != nil || len(batch) != 15 {
		t.Errorf("%d within the window, %v; want all 15", len(batch), err)
	}
	for range 9 {
		w.send(t, strings.Repeat("x", 1<<20))
	}
	batch, held, err := m.collect(t.Context(), nil)
	if err != nil || len(batch) != 5 || len(held) != 4 {
		t.Fatalf("%d in the event, %d held, %v", len(batch), len(held), err)
	}
	if batch, held, err = m.collect(t.Context(), held); err != nil || len(batch) != 4 || len(held) != 0 {
		t.Errorf("%d in the next event, %d held, %v", len(batch), len(held), err)
	}
}

func TestFailures(t *testing.T) {
	batch := []sqs.Delivery{{Message: sqs.Message{ID: "a"}}, {Message: sqs.Message{ID: "b"}}}
	for answer, want := range map[string]string{
		``: "", `null`: "", `{}`: "", `{"batchItemFailures":[]}`: "", `{"batchItemFailures":null}`: "",
		`{"batchItemFailures":[{"itemIdentifier":"b"}]}`: "b", `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}`: "ab",
		`{"batchItemFailures":[{"itemIdentifier":""}]}`: "all", `{"batchItemFailures":[{"itemIdentifier":null}]}`: "all", `{"batchItemFailures":[{"id":"a"}]}`: "all",
		`{"batchItemFailures":[{"itemIdentifier":"c"}]}`: "all", `{"batchItemFailures":{}}`: "all", `[`: "all", `"x"`: "all",
	} {
		failed, err := failures([]byte(answer), batch)
		got := ""
		for _, d := range batch {
			if failed[d.ID] {
				got += d.ID
			}
		}
		if err != nil {
			got = "all"
		}
		if got != want {
			t.Errorf("%s: %q come again; want %q", answer, got, want)
		}
	}
}
