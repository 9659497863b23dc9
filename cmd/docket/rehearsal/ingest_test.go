package rehearsal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docket/shared/source/sourcetest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// trailEvents is how many events the log files of the samples hold.
const trailEvents = 951

// ingesting is a rehearsal that takes records without a client.
type ingesting struct {
	*running
	docket string
	cfg    aws.Config
	queues map[string]string // URLs by the name before Queue or Dead
}

func newIngesting(t testing.TB, b built, running *running) *ingesting {
	t.Helper()
	r := &ingesting{running: running, docket: b.docket, queues: map[string]string{}}
	r.cfg = aws.Config{Region: "us-east-1", BaseEndpoint: &r.aws, Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", "")}
	list, err := sqs.NewFromConfig(r.cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range list.QueueUrls {
		name := url[strings.LastIndexByte(url, '/')+1:]
		r.queues[name[:len(name)-8]] = url // eight digits end each logical id
	}
	if len(r.queues) != 6 {
		t.Fatalf("queues %v; want three with dead letters", r.queues)
	}
	return r
}

// run runs docket and returns what it printed.
func (r *ingesting) run(t testing.TB, args ...string) string {
	t.Helper()
	c := exec.Command(r.docket, args...)
	c.Env = append(os.Environ(), "DOCKET_PASSWORD=NetwrixIsCool", `DOCKET_USER=Enterprise\NetwrixUser`, "DOCKET_URL="+r.url)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("docket %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// record is what tests look at of a record.
type record struct{ Who, What, DataSource string }

// records counts the records of the database by a field.
func (r *ingesting) records(t testing.TB, by func(record) string) map[string]int {
	t.Helper()
	n := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(r.run(t, "export", "--format", "ndjson")))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var rec record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		n[by(rec)]++
	}
	return n
}

func source(r record) string { return r.DataSource }
func who(r record) string    { return r.Who }

// quiet waits until no queue has a message that is ready or being worked on.
func (r *ingesting) quiet(t testing.TB) {
	t.Helper()
	client := sqs.NewFromConfig(r.cfg)
	until(t, "the queues are empty", func() bool {
		left := 0
		for name, url := range r.queues {
			if !strings.HasSuffix(name, "Queue") {
				continue
			}
			out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
			if err != nil {
				t.Fatal(err)
			}
			for _, count := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
				if out.Attributes[count] != "0" {
					left++
				}
			}
		}
		return left == 0
	})
}

// until looks ten times a second until a condition holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(2 * time.Minute); !holds(); <-ticker.C {
		if time.Now().After(end) {
			t.Fatalf("waited two minutes in vain until %s", what)
		}
	}
}

// send sends messages to the queue for records, with an identity if it is not
// empty.
func (r *ingesting) send(t testing.TB, identity string, bodies ...string) {
	t.Helper()
	client := sqs.NewFromConfig(r.cfg)
	for _, body := range bodies {
		in := &sqs.SendMessageInput{QueueUrl: aws.String(r.queues["RecordsQueue"]), MessageBody: aws.String(body)}
		if identity != "" {
			in.MessageAttributes = map[string]types.MessageAttributeValue{"DocketIdentity": {DataType: aws.String("String"), StringValue: &identity}}
		}
		if _, err := client.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
}

// letter is a line of docket dlq list.
type letter struct{ Queue, ID, Identity, Reason, Body string }

func (r *ingesting) letters(t testing.TB) []letter {
	t.Helper()
	var list []letter
	if err := json.Unmarshal([]byte(r.run(t, "dlq", "list", "--endpoint", r.aws, "--json")), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func one(who, plan string) string {
	if plan != "" {
		plan = fmt.Sprintf(`,"MonitoringPlan":{"Name":%q}`, plan)
	}
	return fmt.Sprintf(`{"Who":%q,"Where":"w","ObjectType":"o","What":"x","Action":"Added","When":"2026-03-04T05:06:07Z"%s}`, who, plan)
}

// repetition makes a rehearsal repeat a third of all deliveries, soon, and compact
// its ledger all the while.
var repetition = []string{"--visibility", "3s", "--repeat", "0.3", "--every", "5s"}

// checkIngestion takes files, messages and events through the real functions and
// DynamoDB Local, with deliveries that are repeated, and counts what is stored by the
// API.
func checkIngestion(t *testing.T, r *ingesting, drop string) {
	t.Run("log files", func(t *testing.T) { checkLogFiles(t, r, drop) })
	t.Run("messages", func(t *testing.T) { checkMessages(t, r) })
	t.Run("a redrive that helps", func(t *testing.T) { checkRedrive(t, r) })
	t.Run("events", func(t *testing.T) { checkCustomEvents(t, r) })
	t.Run("uploads", func(t *testing.T) { checkUploads(t, r) })
	t.Run("a deleted object", func(t *testing.T) { checkDeletedObject(t, r) })
}

// checkLogFiles puts all sample files of CloudTrail into the bucket.
func checkLogFiles(t *testing.T, r *ingesting, drop string) {
	names := sourcetest.LogFiles(t)
	if len(names) != 24 {
		t.Fatalf("%d sample files", len(names))
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(drop, filepath.Base(name)), read(t, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all events are stored", func() bool { return r.records(t, source)["Amazon Web Services"] >= trailEvents })
	r.quiet(t)
	if n := r.records(t, source)["Amazon Web Services"]; n != trailEvents {
		t.Errorf("%d records; want %d, each event once", n, trailEvents)
	}
	if l := r.letters(t); len(l) != 0 {
		t.Errorf("dead letters: %+v", l)
	}
}

// checkMessages sends messages with one poison in ten, each good one twice with an
// identity: the good are stored once, the poison become dead letters that say why,
// and a redrive of them stores nothing.
func checkMessages(t *testing.T, r *ingesting) {
	const messages = 100
	for i := range messages {
		if i%10 == 9 {
			r.send(t, "", `{"Who":1}`)
			continue
		}
		for range 2 {
			r.send(t, fmt.Sprintf("order-%d", i), one("application", ""))
		}
	}
	r.quiet(t)
	for _, round := range []string{"sent", "redriven"} {
		if n := r.records(t, who)["application"]; n != messages*9/10 {
			t.Errorf("%s: %d records; want %d", round, n, messages*9/10)
		}
		letters := r.letters(t)
		identities := map[string]bool{}
		for _, l := range letters {
			identities[l.Identity] = true
			if l.Queue != "records" || !strings.Contains(l.Reason, "must be a string") {
				t.Errorf("%s: dead letter %+v", round, l)
			}
		}
		if len(identities) != messages/10 || len(letters) < messages/10 {
			t.Errorf("%s: %d dead letters of %d messages; want %d", round, len(letters), len(identities), messages/10)
		}
		if round == "sent" {
			r.run(t, "dlq", "redrive", "--all", "--endpoint", r.aws)
			r.quiet(t)
		}
	}
}

// checkRedrive: a record of a plan that is missing is refused; once the plan is
// there, its redrive stores that record, and not again the one beside it.
func checkRedrive(t *testing.T, r *ingesting) {
	r.send(t, "", "["+one("early", "")+","+one("late", "Missing")+"]")
	r.quiet(t)
	var found letter
	for _, l := range r.letters(t) {
		if strings.Contains(l.Reason, "Missing") || strings.Contains(l.Reason, "plan") {
			found = l
		}
	}
	if found.ID == "" {
		t.Fatalf("no dead letter names the plan: %+v", r.letters(t))
	}
	shown := r.run(t, "dlq", "show", found.ID, "--endpoint", r.aws)
	if !strings.Contains(shown, one("late", "Missing")) || !strings.Contains(shown, found.Reason) {
		t.Errorf("docket dlq show printed %s", shown)
	}
	r.run(t, "plan", "add", "Missing", "--enabled", "--endpoint", r.aws)
	for range 2 { // a second redrive has nothing left, or a repetition that changes nothing
		for _, l := range r.letters(t) {
			if l.Identity == found.Identity {
				r.run(t, "dlq", "redrive", l.ID, "--endpoint", r.aws)
			}
		}
		r.quiet(t)
	}
	if n := r.records(t, who); n["early"] != 1 || n["late"] != 1 {
		t.Errorf("%d early, %d late; want one of each", n["early"], n["late"])
	}
}

// checkCustomEvents: an event of an application is stored, one that AWS could have
// sent is taken from AWS alone, and from the accounts on the list.
func checkCustomEvents(t *testing.T, r *ingesting) {
	entry := func(source, kind, detail string) map[string]string {
		return map[string]string{"Source": source, "DetailType": kind, "Detail": detail}
	}
	put := func(target, path string, body any) string {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, answer := send(t, http.MethodPost, r.aws+path, map[string]string{"X-Amz-Target": target}, raw)
		if status != http.StatusOK {
			t.Fatalf("status %d: %s", status, answer)
		}
		return answer
	}
	trail := func(account, id string) map[string]any {
		return map[string]any{
			"version": "0", "id": "e-" + id, "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam", "account": account, "time": "2026-03-04T05:06:07Z", "region": "us-east-1", "resources": []string{},
			"detail": map[string]any{
				"eventVersion": "1.08", "eventID": id, "eventName": "CreateUser", "eventSource": "iam.amazonaws.com", "eventTime": "2026-03-04T05:06:07Z", "awsRegion": "us-east-1",
				"recipientAccountId": account, "eventCategory": "Management", "managementEvent": true, "readOnly": false, "sourceIPAddress": "192.0.2.1",
				"userIdentity": map[string]any{"type": "IAMUser", "userName": "trail-" + account, "accountId": account}, "requestParameters": map[string]any{"userName": "new"},
			},
		}
	}
	const own, other, stranger = "000000000000", "218007301253", "999999999999"
	for range 3 {
		put("", "/aws-events", trail(own, "11111111-0000-0000-0000-000000000001"))
	}
	put("", "/aws-events", trail(other, "11111111-0000-0000-0000-000000000002"))
	put("", "/aws-events", trail(stranger, "11111111-0000-0000-0000-000000000003"))
	forged, err := json.Marshal(trail(own, "11111111-0000-0000-0000-000000000004")["detail"])
	if err != nil {
		t.Fatal(err)
	}
	answer := put("AWSEvents.PutEvents", "/", map[string]any{"Entries": []any{
		entry("shop", "Docket Activity Records", `{"records":[`+one("shop", "")+`,`+one("shop", "")+`]}`),
		entry("shop", "Docket Activity Records", string(forged)),
		entry("shop", "Something else", one("nobody", "")),
	}})
	if !strings.Contains(answer, `"FailedEntryCount":0`) {
		t.Errorf("PutEvents: %s", answer)
	}
	r.quiet(t)
	n := r.records(t, who)
	if n["shop"] != 2 || n["nobody"] != 0 || n["trail-"+own] != 1 || n["trail-"+other] != 1 || n["trail-"+stranger] != 0 {
		t.Errorf("shop %d, nobody %d, own %d, other %d, stranger %d; want 2, 0, 1, 1, 0", n["shop"], n["nobody"], n["trail-"+own], n["trail-"+other], n["trail-"+stranger])
	}
	reasons := ""
	for _, l := range r.letters(t) {
		if l.Queue == "events" {
			reasons += l.Reason + "\n"
		}
	}
	if !strings.Contains(reasons, stranger) || strings.Count(reasons, "\n") < 2 {
		t.Errorf("reasons of events:\n%swant the stranger's account and the forged event", reasons)
	}
}

// checkUploads: a file that no request could bring goes to the bucket by credentials
// and by a URL, and is stored once by each, however often it is sent.
func checkUploads(t *testing.T, r *ingesting) {
	file := filepath.Join(t.TempDir(), "large.ndjson")
	const records = 7000
	text := strings.Repeat(strings.Replace(one("upload", ""), `"x"`, `"`+strings.Repeat("x", 1000)+`"`, 1)+"\n", records)
	if len(text) < 6<<20 {
		t.Fatalf("%d bytes: a request of API Gateway has room for them", len(text))
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(r.run(t, "upload-url", "large.ndjson", "--endpoint", r.aws))
	for range 2 {
		r.run(t, "import", "--via-bucket", file, "--endpoint", r.aws)
		r.run(t, "import", "--via-bucket", file, "--upload-url", url)
	}
	r.quiet(t)
	if n := r.records(t, who)["upload"]; n != 2*records {
		t.Errorf("%d records; want %d, each of two objects once", n, 2*records)
	}
}

// checkDeletedObject: a file that is gone before it was read does not vanish
// without a word.
func checkDeletedObject(t *testing.T, r *ingesting) {
	event := map[string]any{
		"version": "0", "id": "e-gone", "detail-type": "Object Created", "source": "aws.s3", "account": "000000000000", "time": "2026-03-04T05:06:07Z", "region": "us-east-1", "resources": []string{},
		"detail": map[string]any{"version": "0", "bucket": map[string]string{"name": r.bucket(t)}, "object": map[string]any{"key": "gone.json", "size": 2, "etag": "x", "version-id": "none", "sequencer": "1"}, "reason": "PutObject"},
	}
	raw, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := send(t, http.MethodPost, r.aws+"/aws-events", nil, raw); status != http.StatusOK || !strings.Contains(answer, `"rules":1`) {
		t.Fatalf("status %d: %s", status, answer)
	}
	r.quiet(t)
	for _, l := range r.letters(t) {
		if l.Queue == "files" && strings.Contains(l.Reason, "does not exist any more") {
			return
		}
	}
	t.Errorf("no dead letter tells of the file: %+v", r.letters(t))
}

// bucket is the name of the drop bucket.
func (r *ingesting) bucket(t testing.TB) string {
	t.Helper()
	out, err := cloudformation.NewFromConfig(r.cfg).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("DocketIngest")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out.Stacks[0].Outputs {
		if *o.OutputKey == "DropBucketName" {
			return *o.OutputValue
		}
	}
	t.Fatal("the stack has no output DropBucketName")
	return ""
}
