package rehearsal

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

var eventRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| ([^| ,]+)")

// documentedEvents are the rows of events/README.md: the file and the answer.
func documentedEvents(t *testing.T) (files, answers []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "events", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range eventRow.FindAllStringSubmatch(string(text), -1) {
		files, answers = append(files, m[1]), append(answers, m[2])
	}
	return files, answers
}

// TestEventsAreWhatFunctionsTake: every file is documented, and has no field
// that the types of aws-lambda-go do not know, but for three that they lack.
func TestEventsAreWhatFunctionsTake(t *testing.T) {
	files, _ := documentedEvents(t)
	found, err := filepath.Glob(filepath.Join(repository, "events", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(files) {
		t.Errorf("%d events, %d of them documented", len(found), len(files))
	}
	for _, file := range files {
		raw, err := os.ReadFile(filepath.Join(repository, "events", filepath.FromSlash(file)))
		if err != nil {
			t.Error(err)
			continue
		}
		var e any = &events.APIGatewayProxyRequest{}
		if strings.HasPrefix(file, "authorizer/") {
			e = &events.APIGatewayCustomAuthorizerRequestTypeRequest{}
		}
		dec := json.NewDecoder(bytes.NewReader(known(t, raw)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(e); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// unmodelled are fields that API Gateway sends and the types lack.
var unmodelled = []string{"deploymentId", "principalOrgId"}

// unmodelledForAuthorizers are lacking in the authorizer's type alone.
var unmodelledForAuthorizers = []string{
	"extendedRequestId", "requestTime", "requestTimeEpoch", "protocol", "domainName", "domainPrefix", "resourceId",
	"accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType", "cognitoIdentityId",
	"cognitoIdentityPoolId", "user", "userAgent", "userArn",
}

// known is an event without the fields that its type is known to lack.
func known(t *testing.T, raw []byte) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	rc, _ := e["requestContext"].(map[string]any)
	identity, _ := rc["identity"].(map[string]any)
	lacking := unmodelled
	if e["type"] == "REQUEST" {
		lacking = append(lacking[:len(lacking):len(lacking)], unmodelledForAuthorizers...)
	}
	for _, name := range lacking {
		if name != "accountId" {
			delete(rc, name)
		}
		delete(identity, name)
	}
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkEvents runs docket invoke over all events.
func checkEvents(t *testing.T, b built) {
	files, answers := documentedEvents(t)
	args := []string{"invoke", "--assembly", b.assembly, "--binaries", b.binaries}
	for _, file := range files {
		args = append(args, "--event", filepath.Join(repository, "events", filepath.FromSlash(file)))
	}
	c := exec.Command(b.docket, args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("docket invoke: %v\n%s", err, stderr.Bytes())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(files) {
		t.Fatalf("%d answers for %d events", len(lines), len(files))
	}
	for i, line := range lines {
		if got := outcome(t, line); got != answers[i] {
			t.Errorf("%s: %s; want %s: %.300s", files[i], got, answers[i], line)
		}
	}
}

// outcome is the status of an answer, or the effect of a policy, which a
// challenge accompanies if it denies.
func outcome(t *testing.T, line string) string {
	t.Helper()
	var a struct {
		StatusCode     json.Number
		PolicyDocument struct{ Statement []struct{ Effect string } }
		Context        struct{ Challenge string }
	}
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatalf("%v in %.300s", err, line)
	}
	if len(a.PolicyDocument.Statement) == 0 {
		return a.StatusCode.String()
	}
	effect := a.PolicyDocument.Statement[0].Effect
	if effect == "Deny" && !strings.Contains(a.Context.Challenge, "nonce=") {
		t.Errorf("a denial without a challenge: %.300s", line)
	}
	return effect
}

var messageRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$")

// checkMessageEvents runs docket invoke over the events of queues, one after the other
// over one ledger, and compares what the function says with their documentation.
func checkMessageEvents(t *testing.T, b built) {
	const folder = "ingest"
	readme := read(t, filepath.Join(repository, "events", folder, "README.md"))
	rows := messageRow.FindAllStringSubmatch(string(readme), -1)
	args := []string{"invoke", "--tables", "memory", "--assembly", b.assembly, "--binaries", b.binaries}
	dead := 0
	for _, row := range rows {
		args = append(args, "--event", filepath.Join(repository, "events", folder, filepath.FromSlash(row[1])))
		n, err := strconv.Atoi(row[4])
		if err != nil {
			t.Fatal(err)
		}
		dead += n
	}
	c := exec.Command(b.docket, args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil || len(rows) == 0 {
		t.Fatalf("docket invoke over %d events: %v\n%s", len(rows), err, stderr.Bytes())
	}
	if want := strings.Repeat(`{"batchItemFailures":[]}`+"\n", len(rows)); string(out) != want {
		t.Errorf("answers\n%s", out)
	}
	if n := strings.Count(stderr.String(), "docket: a dead letter: "); n != dead {
		t.Errorf("%d dead letters were told of; want %d", n, dead)
	}
	var said [][]string // what each invocation measured
	for line := range strings.Lines(stderr.String()) {
		var m struct{ IngestStored, IngestRepeated, IngestRefused *int }
		if json.Unmarshal([]byte(line), &m) == nil && m.IngestStored != nil && m.IngestRepeated != nil && m.IngestRefused != nil {
			said = append(said, []string{strconv.Itoa(*m.IngestStored), strconv.Itoa(*m.IngestRepeated), strconv.Itoa(*m.IngestRefused)})
		}
	}
	if len(said) != len(rows) {
		t.Fatalf("%d invocations measured something; want %d:\n%s", len(said), len(rows), stderr.Bytes())
	}
	for i, row := range rows {
		if !slices.Equal(said[i], row[2:]) {
			t.Errorf("%s: stored, before, refused %v; want %v", row[1], said[i], row[2:])
		}
	}
}
