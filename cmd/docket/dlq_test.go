package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/delivery"
	"docket/shared/gateway"
	"docket/shared/gateway/sqs"

	"github.com/google/go-cmp/cmp"
)

// newTwin serves the twins of what testdata/deployment has.
func newTwin(t *testing.T) (*gateway.Services, string) {
	t.Helper()
	return newWatchedTwin(t, func(string) {})
}

// newWatchedTwin tells of each action that is called.
func newWatchedTwin(t *testing.T, called func(action string)) (*gateway.Services, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s, err := gateway.NewServices(gateway.ServicesConfig{
		Assembly: "testdata/deployment", Base: "http://" + server.Listener.Addr().String(), Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), sqs.Target); ok {
			called("sqs:" + strings.TrimSuffix(action, "Batch"))
		} else if r.URL.Path == "/" {
			called("cloudformation:DescribeStacks")
		}
		s.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, server.URL
}

func queueOf(t *testing.T, s *gateway.Services, name string) *sqs.Queue {
	t.Helper()
	q, ok := s.Queues.Queue(name)
	if !ok {
		t.Fatalf("no queue %s", name)
	}
	return q
}

func text(value string) sqs.Attribute { return sqs.Attribute{Type: "String", Text: value} }

func put1(t *testing.T, q *sqs.Queue, body string, attributes map[string]sqs.Attribute) sqs.Message {
	t.Helper()
	m, err := q.Send(body, attributes, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDeadLetters: letters of both kinds are listed, shown and redriven, with the
// identity of the message that each is, and stay when they are only looked at.
func TestDeadLetters(t *testing.T) {
	s, endpoint := newTwin(t)
	queue, dead := queueOf(t, s, "RecordsQueue"), queueOf(t, s, "RecordsDead")
	told := put1(t, dead, `{"a":1}`, map[string]sqs.Attribute{
		delivery.Reason: text("it is\nwrong"), delivery.FromQueue: text("records"), delivery.Identity: text("the first"), "Own": text("kept"), "Blob": {Type: "Binary", Binary: []byte{1}},
	})
	moved := put1(t, queue, "moved by SQS", nil)
	for range 2 { // a delivery that is not answered, and the one that is too many
		if _, err := queue.Receive(t.Context(), 10, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	list := func() []letterView {
		t.Helper()
		code, out, errs := docketIn(t, "dlq", "list", "--endpoint", endpoint, "--json")
		var views []letterView
		if err := json.Unmarshal([]byte(out), &views); err != nil || code != exitOK {
			t.Fatalf("exit code %d, %v: %s%s", code, err, out, errs)
		}
		return views
	}
	want := map[string]letterView{
		told.ID:  {Queue: "records", ID: told.ID, Identity: "the first", Sent: told.Sent.UTC().Format(time.RFC3339), Bytes: 7, Reason: "it is\nwrong"},
		moved.ID: {Queue: "records", ID: moved.ID, Identity: moved.ID, Sent: moved.Sent.UTC().Format(time.RFC3339), Bytes: 12, Reason: noReason},
	}
	for range 2 { // looking changes nothing
		views := list()
		if len(views) != len(want) {
			t.Fatalf("%+v", views)
		}
		for _, v := range views {
			if fmt.Sprint(v) != fmt.Sprint(want[v.ID]) {
				t.Errorf("%+v; want %+v", v, want[v.ID])
			}
		}
	}
	_, table, _ := docketIn(t, "dlq", "list", "--endpoint", endpoint)
	if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "QUEUE") {
		t.Errorf("table\n%s", table)
	}
	_, shown, _ := docketIn(t, "dlq", "show", told.ID, "--endpoint", endpoint)
	for _, part := range []string{"Own = kept", "Blob = 1 bytes", "Identity:  the first", `{"a":1}`} {
		if !strings.Contains(shown, part) {
			t.Errorf("shown\n%swant %q", shown, part)
		}
	}
	if code, out, errs := docketIn(t, "dlq", "redrive", "--all", "--endpoint", endpoint); code != exitOK || strings.Count(out, "sent to records again") != 2 {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if left := list(); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
	got, err := queue.Receive(t.Context(), 10, 0, -1)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for _, d := range got {
		attributes := map[string]string{"moved by SQS": fmt.Sprint(map[string]sqs.Attribute{delivery.Identity: text(moved.ID)}),
			`{"a":1}`: fmt.Sprint(map[string]sqs.Attribute{delivery.Identity: text("the first"), "Own": text("kept"), "Blob": {Type: "Binary", Binary: []byte{1}}})}
		if fmt.Sprint(d.Attributes) != attributes[d.Body] {
			t.Errorf("%s has the attributes %v; want %s", d.Body, d.Attributes, attributes[d.Body])
		}
	}
}

// TestRedriveOfOne leaves the others, and says what it does not find.
func TestRedriveOfOne(t *testing.T) {
	s, endpoint := newTwin(t)
	dead := queueOf(t, s, "FilesDead")
	var ids []string
	for i := range 25 {
		ids = append(ids, put1(t, dead, fmt.Sprint("letter ", i), nil).ID)
	}
	code, _, errs := docketIn(t, "dlq", "redrive", ids[17], "none", "--endpoint", endpoint, "--queue", "files")
	if code != exitFailure || !strings.Contains(errs, "no dead letter none") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if ready, inFlight, _ := dead.Count(); ready != 24 || inFlight != 0 {
		t.Errorf("%d letters are there and %d hidden; want 24 and none", ready, inFlight)
	}
	got, err := queueOf(t, s, "FilesQueue").Receive(t.Context(), 10, 0, -1)
	if err != nil || len(got) != 1 || got[0].Body != "letter 17" {
		t.Errorf("%+v, %v", got, err)
	}
	_, out, _ := docketIn(t, "dlq", "list", "--limit", "5", "--json", "--endpoint", endpoint)
	if n := strings.Count(out, `"id"`); n != 5 {
		t.Errorf("%d letters; want 5", n)
	}
	if ready, inFlight, _ := dead.Count(); ready != 24 || inFlight != 0 {
		t.Errorf("after a list of some, %d are there and %d hidden", ready, inFlight)
	}
}

// TestRedriveKeepsWhatItCannotSend: a letter that its queue does not take stays,
// and the others go.
func TestRedriveKeepsWhatItCannotSend(t *testing.T) {
	s, endpoint := newTwin(t)
	dead := queueOf(t, s, "FilesDead")
	put1(t, dead, "good", nil)
	put1(t, dead, "of another", map[string]sqs.Attribute{delivery.FromQueue: text("records")})
	put1(t, dead, strings.Repeat("x", sqs.MaxBytes), nil) // no room for the identity
	code, out, errs := docketIn(t, "dlq", "redrive", "--all", "--endpoint", endpoint)
	if code != exitFinding || strings.Count(out, "sent to") != 1 || !strings.Contains(errs, "came from the queue") || !strings.Contains(errs, "shorter than") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if ready, inFlight, _ := dead.Count(); ready != 2 || inFlight != 0 {
		t.Errorf("%d letters are there and %d hidden; want 2 and none", ready, inFlight)
	}
}

// TestManyAttributes: SQS takes ten; the identity and where to go on in a file are
// among them.
func TestManyAttributes(t *testing.T) {
	s, endpoint := newTwin(t)
	attributes := map[string]sqs.Attribute{delivery.Progress: text("entry=7 refused=1")}
	for i := range 9 {
		attributes[fmt.Sprint("A", i)] = text("x")
	}
	put1(t, queueOf(t, s, "FilesDead"), "full", attributes)
	if code, _, errs := docketIn(t, "dlq", "redrive", "--all", "--endpoint", endpoint); code != exitOK {
		t.Fatal(errs)
	}
	got, err := queueOf(t, s, "FilesQueue").Receive(t.Context(), 1, 0, -1)
	if err != nil || len(got) != 1 || len(got[0].Attributes) != 10 || got[0].Attributes[delivery.Progress].Text == "" || got[0].Attributes[delivery.Identity].Text == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLostAnswer: letters that are hidden because an answer was lost are not passed
// over in silence.
func TestLostAnswer(t *testing.T) {
	s, endpoint := newTwin(t)
	for i := range 12 {
		put1(t, queueOf(t, s, "RecordsDead"), fmt.Sprint("letter ", i), nil)
	}
	real, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(real)
	var lost atomic.Bool
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.Header.Get("X-Amz-Target") == sqs.Target+"ReceiveMessage" && lost.CompareAndSwap(false, true) {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	defer server.Close()
	code, out, errs := docketIn(t, "dlq", "list", "--endpoint", server.URL, "--json")
	if code == exitOK || out != "" || !strings.Contains(errs, "hidden for up to") || !lost.Load() {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}

func TestWrongDLQCommands(t *testing.T) {
	_, endpoint := newTwin(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nowhere":      {[]string{"list"}, exitUsage, "--aws"},
		"no ID":        {[]string{"redrive", "--endpoint", endpoint}, exitUsage, "--all"},
		"ID and all":   {[]string{"redrive", "x", "--all", "--endpoint", endpoint}, exitUsage, "--all"},
		"not a queue":  {[]string{"list", "--queue", "letters", "--endpoint", endpoint}, exitUsage, "records, files or events"},
		"off":          {[]string{"list", "--queue", "events", "--endpoint", endpoint}, exitFailure, "not switched on"},
		"no stack":     {[]string{"list", "--stack", "Other", "--endpoint", endpoint}, exitFailure, "OtherIngest"},
		"no letter":    {[]string{"show", "x", "--endpoint", endpoint}, exitFailure, "no dead letter x"},
		"unknown verb": {[]string{"drop"}, exitUsage, "unknown command"},
	} {
		if code, _, errs := docketIn(t, append([]string{"dlq"}, c.args...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s", name, code, errs)
		}
	}
}

// TestPolicyForDeadLetters: docs/deployment.md gives the rights that the commands
// use, and no others but those on the key.
func TestPolicyForDeadLetters(t *testing.T) {
	used := map[string]bool{"kms:Decrypt": true, "kms:GenerateDataKey": true}
	s, endpoint := newWatchedTwin(t, func(action string) { used[action] = true })
	put1(t, queueOf(t, s, "FilesDead"), "a letter", nil)
	for _, args := range [][]string{{"list"}, {"redrive", "--all"}} {
		if code, _, errs := docketIn(t, append(append([]string{"dlq"}, args...), "--endpoint", endpoint)...); code != exitOK {
			t.Fatal(errs)
		}
	}
	raw, err := os.ReadFile("../../docs/deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "**Dead letters**")
	_, rest, _ = strings.Cut(rest, "```json\n")
	document, _, _ := strings.Cut(rest, "```")
	var policy struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, statement := range policy.Statement {
		for _, action := range statement.Action {
			documented[action] = true
		}
	}
	if diff := cmp.Diff(documented, used); diff != "" {
		t.Errorf("the policy (-) and what is called (+):\n%s", diff)
	}
}
