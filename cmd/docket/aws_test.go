package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"docket/shared/table/dynamo/dynamolocal"

	"github.com/google/go-cmp/cmp"
)

// awsFake is what of CloudFormation and Secrets Manager the command line calls.
type awsFake struct {
	outputs map[string]string
	secret  string
	refuse  string // name of the API call to refuse
	code    string // with this error
	calls   []string
}

const awsTestSecret = `{"realm":"Docket","seed":"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01"}`

func newAWSFake() *awsFake {
	return &awsFake{secret: awsTestSecret, outputs: map[string]string{
		"RecordsTableName": "records", "DirectoryTableName": "directory", "StateTableName": "state", "KeyRingArn": "arn:aws:secretsmanager:eu-central-1:1:secret:ring",
	}}
}

func (f *awsFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, call, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		f.jsonCall(w, r, call)
		return
	}
	call := r.PostForm.Get("Action")
	f.calls = append(f.calls, call+" "+r.PostForm.Get("StackName"))
	switch {
	case call == f.refuse:
		xmlError(w, f.code, "User: nobody is not authorized to perform: cloudformation:"+call)
	case r.PostForm.Get("StackName") != "AuditData":
		xmlError(w, "ValidationError", "Stack with id "+r.PostForm.Get("StackName")+" does not exist")
	default:
		var members strings.Builder
		for k, v := range f.outputs {
			fmt.Fprintf(&members, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", k, v)
		}
		fmt.Fprintf(w, `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>`+
			`<StackName>AuditData</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>%s</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, members.String())
	}
}

func xmlError(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
}

func (f *awsFake) jsonCall(w http.ResponseWriter, r *http.Request, call string) {
	var in struct{ SecretId, SecretString string }
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	err := json.NewDecoder(r.Body).Decode(&in)
	f.calls = append(f.calls, call+" "+in.SecretId)
	if err != nil || call == f.refuse {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type":%q,"message":"nobody is not authorized to perform: secretsmanager:%s"}`, f.code, call)
		return
	}
	if call == "PutSecretValue" {
		f.secret = in.SecretString
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"ARN": in.SecretId, "SecretString": f.secret})
}

// setAWS points the SDK at the fake, at an engine, and at nothing else of the
// caller's settings.
func setAWS(t *testing.T, fake http.Handler, engine string) {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_CLOUDFORMATION": server.URL, "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.URL, "AWS_ENDPOINT_URL_DYNAMODB": engine,
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_DEFAULT_REGION": "",
		"AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_PROFILE": "",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
	} {
		t.Setenv(name, value)
	}
}

// docketIn runs a command line and returns its exit code and what it printed.
func docketIn(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) string { return "" }})
	return code, out.String(), errs.String()
}

// TestAdministrationOfADeployment tells how the first administrator comes about,
// on Amazon's own engine.
func TestAdministrationOfADeployment(t *testing.T) {
	engine, err := dynamolocal.Start(t.Context())
	if errors.Is(err, dynamolocal.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Stop)
	fake := newAWSFake()
	for _, name := range []string{"records", "directory", "state"} {
		if err := engine.CreateTable(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	seen := &awsActions{t: t, next: engineProxy(t, engine.Endpoint), used: map[string]bool{}}
	recorder := httptest.NewServer(seen)
	t.Cleanup(recorder.Close)
	setAWS(t, fake, recorder.URL)
	runSteps(t, []awsStep{
		{[]string{"account", "add", `Corp\ann`, "--generate"}, "password: "},
		{[]string{"role", "grant", "Global administrator", "--account", `Corp\ann`}, "ann"},
		{[]string{"plan", "add", "Integrations", "--enabled"}, "Integrations"},
		{[]string{"account", "show", `Corp\ann`}, "Global administrator"},
		{[]string{"access", "export"}, `Corp\ann`},
		{[]string{"access", "log"}, "ann"},
		{[]string{"account", "password", `Corp\ann`, "--generate"}, "password: "},
		{[]string{"account", "remove", `Corp\ann`, "--cascade"}, "ann"},
		{[]string{"account", "list", "--json"}, "[]"},
	})
	if fake.calls[0] != "DescribeStacks AuditData" || fake.calls[1] != "GetSecretValue "+fake.outputs["KeyRingArn"] {
		t.Errorf("calls %q", fake.calls[:2])
	}
	wantPolicy(t, "Every day", fake, seen, "kms:Decrypt")
	runSteps(t, []awsStep{
		{[]string{"keys", "rotate"}, "key: 2"},
		{[]string{"account", "add", `Corp\ann`, "--generate"}, "password: "},
		{[]string{"ledger", "restored", "--yes"}, "epoch: "},
	})
	// Secrets Manager seals a new version under a data key of the key.
	wantPolicy(t, "Maintenance", fake, seen, "kms:Decrypt", "kms:GenerateDataKey")
}

type awsStep struct {
	args []string
	want string
}

func runSteps(t *testing.T, steps []awsStep) {
	t.Helper()
	for _, step := range steps {
		code, out, errs := docketIn(t, append(step.args, "--aws", "--stack", "Audit")...)
		if code != exitOK || !strings.Contains(out, step.want) {
			t.Fatalf("docket %v: exit code %d\n%s%s\nwant %q", step.args, code, out, errs, step.want)
		}
	}
}

// awsActions notes the IAM actions that requests to DynamoDB need.
type awsActions struct {
	t    *testing.T
	next http.Handler
	mu   sync.Mutex
	used map[string]bool
}

func (a *awsActions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, call, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	a.mu.Lock()
	if call == "TransactWriteItems" { // needs what its parts need
		for part, action := range map[string]string{"Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"} {
			if bytes.Contains(body, []byte(`"`+part+`":{`)) {
				a.used["dynamodb:"+action] = true
			}
		}
	} else {
		a.used["dynamodb:"+call] = true
	}
	a.mu.Unlock()
	a.next.ServeHTTP(w, r)
}

func engineProxy(t *testing.T, endpoint string) http.Handler {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(to)
}

// wantPolicy compares the policy under a heading of docs/deployment.md with what
// was called since the last comparison: neither more nor less is documented.
func wantPolicy(t *testing.T, heading string, fake *awsFake, seen *awsActions, others ...string) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "**"+heading+"**")
	_, rest, found := strings.Cut(rest, "```json\n")
	text, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("no policy under %s", heading)
	}
	var policy struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			documented[action] = true
		}
	}
	used := seen.used
	used["dynamodb:BatchGetItem"] = true // what Get becomes in a directory of several leaves
	for _, action := range others {
		used[action] = true
	}
	for _, call := range fake.calls {
		name, _, _ := strings.Cut(call, " ")
		service := "secretsmanager:"
		if name == "DescribeStacks" {
			service = "cloudformation:"
		}
		used[service+name] = true
	}
	if diff := cmp.Diff(documented, used); diff != "" {
		t.Errorf("%s: the policy (-) and what is called (+):\n%s", heading, diff)
	}
	seen.used, fake.calls = map[string]bool{}, nil
}

// TestWhatIsWrongWithADeploymentIsSaid: every error says what to do.
func TestWhatIsWrongWithADeploymentIsSaid(t *testing.T) {
	refusing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","Message":"not authorized to perform: dynamodb:GetItem"}`)
	})
	engine := httptest.NewServer(refusing)
	t.Cleanup(engine.Close)
	for name, c := range map[string]struct {
		change func(*testing.T, *awsFake)
		args   []string
		code   int
		want   []string
	}{
		"no such stack":     {nil, []string{"--stack", "Adit"}, exitFailure, []string{"there is no stack AditData in eu-central-1", "--stack", "--region"}},
		"the default stack": {nil, nil, exitFailure, []string{"there is no stack DocketData"}},
		"another region":    {nil, []string{"--stack", "Adit", "--region", "us-east-2"}, exitFailure, []string{"in us-east-2"}},
		"not Docket's": {func(_ *testing.T, f *awsFake) { delete(f.outputs, "DirectoryTableName") }, []string{"--stack", "Audit"}, exitFailure,
			[]string{"has no output DirectoryTableName"}},
		"no right to look": {func(_ *testing.T, f *awsFake) { f.refuse, f.code = "DescribeStacks", "AccessDenied" }, []string{"--stack", "Audit"}, exitFailure,
			[]string{"look up stack AuditData", "docs/deployment.md has the policy"}},
		"no right to the ring": {func(_ *testing.T, f *awsFake) { f.refuse, f.code = "GetSecretValue", "AccessDeniedException" }, []string{"--stack", "Audit"}, exitFailure,
			[]string{"read the key ring", "docs/deployment.md has the policy"}},
		"no right to the table": {nil, []string{"--stack", "Audit"}, exitFailure, []string{"dynamodb:GetItem", "docs/deployment.md has the policy"}},
		"an old session": {func(_ *testing.T, f *awsFake) { f.refuse, f.code = "DescribeStacks", "ExpiredToken" }, []string{"--stack", "Audit"}, exitFailure,
			[]string{"sign in again"}},
		"a damaged ring": {func(_ *testing.T, f *awsFake) { f.secret = "{}" }, []string{"--stack", "Audit"}, exitFailure, []string{"malformed key ring"}},
		"no region":      {func(t *testing.T, _ *awsFake) { t.Setenv("AWS_REGION", "") }, []string{"--stack", "Audit"}, exitFailure, []string{"no AWS region", "--region"}},
		"no credentials": {func(t *testing.T, _ *awsFake) {
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		}, []string{"--stack", "Audit"}, exitFailure, []string{"no AWS credentials", "--profile"}},
		"no such profile": {nil, []string{"--profile", "nobody"}, exitFailure, []string{"nobody"}},
		"both places":     {nil, []string{"--data", "here"}, exitFailure, []string{"aws data"}},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWSFake()
			setAWS(t, fake, engine.URL)
			if c.change != nil {
				c.change(t, fake)
			}
			code, out, errs := docketIn(t, append([]string{"account", "list", "--aws"}, c.args...)...)
			if code != c.code || out != "" {
				t.Errorf("exit code %d, %q; want %d and nothing", code, out, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("error\n%swant %q", errs, want)
				}
			}
		})
	}
}

// TestAStackWithoutAWSIsRefused: it must not become a data directory.
func TestAStackWithoutAWSIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	code, _, errs := docketIn(t, "account", "add", "ann", "--generate", "--stack", "Audit")
	if code != exitUsage || !strings.Contains(errs, "give --aws as well") || isData("data") {
		t.Errorf("exit code %d, data directory %v: %s", code, isData("data"), errs)
	}
}
