package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The assemblies that all tests read: as in cdk.json, and with every option.
// They are made once, because jsii takes seconds.
var synthesized, optional assembly

// options are all that cdk.json leaves out.
var options = map[string]any{
	"name": "Audit", "waf": true, "domainName": "audit.example.com", "certificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/c",
	"trustStoreUri": "s3://example-trust/clients/ca.pem", "alarmEmail": "oncall@example.com",
	"auth": "negotiate,basic", "keytab": true, "realms": []any{"CORP.EXAMPLE=Corp"}, "groupSids": []any{"S-1-5-21-1-2-3-4=A, B"}, "timeZone": "Europe/Zurich", "logLevel": "debug", "logDays": 30.0, "ratePerSecond": 7.0, "burst": 9.0, "searchMemory": 3008.0,
	"recordsTable": "restored-records", "directoryTable": "restored-directory",
	"ingestQueue": true, "ingestBucket": true, "ingestCloudTrail": true, "ingestReadEvents": true, "ingestCustomEvents": true,
	"ingestBuckets": []any{"example-trail", "example-logs"}, "ingestKeys": []any{"arn:aws:kms:eu-central-1:111122223333:key/k"},
	"ingestAccounts": []any{"111122223333"}, "ingestPlan": "AWS", "ingestMapping": "testdata/mapping", "ingestConcurrency": 9.0, "reserveConcurrency": false,
}

// assembly is what one app wrote.
type assembly struct {
	dir               string
	data, api, ingest template // ingest is empty where all its sources are off
}

type template struct {
	Resources map[string]resource
	Outputs   map[string]any
}

type resource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := run(m)
	jsii.Close()
	os.Exit(code)
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "docket-infra")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := placeholders(dir); err != nil {
		panic(err)
	}
	synthesized = synthesize(filepath.Join(dir, "plain"), nil)
	optional = synthesize(filepath.Join(dir, "optional"), options)
	return m.Run()
}

func synthesize(dir string, settings map[string]any) assembly {
	app := newApp(dir, settings)
	if err := build(app); err != nil {
		panic(err)
	}
	app.Synth(nil)
	name := "Docket"
	if n, ok := settings["name"]; ok {
		name = n.(string)
	}
	a := assembly{dir: dir, data: load(dir, name+"Data"), api: load(dir, name+"Api")}
	if _, err := os.Stat(filepath.Join(dir, name+"Ingest.template.json")); err == nil {
		a.ingest = load(dir, name+"Ingest")
	}
	return a
}

// placeholders stand in for the built functions, whose content does not matter
// to a template.
func placeholders(dir string) error {
	bins := filepath.Join(dir, "functions")
	for _, f := range append(functions[:len(functions):len(functions)], ingestFunction) {
		if err := os.MkdirAll(filepath.Join(bins, f.name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(bins, f.name, "bootstrap"), []byte(f.name), 0o755); err != nil {
			return err
		}
	}
	return os.Setenv("DOCKET_FUNCTIONS", bins)
}

// newApp makes an app with the flags of cdk.json and the given settings over
// its own.
func newApp(dir string, settings map[string]any) awscdk.App {
	raw, err := os.ReadFile("../cdk.json")
	if err != nil {
		panic(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(raw, &file); err != nil {
		panic(err)
	}
	own := file.Context["docket"].(map[string]any)
	for k, v := range settings {
		own[k] = v
	}
	return awscdk.NewApp(&awscdk.AppProps{Context: &file.Context, Outdir: jsii.String(dir)})
}

func load(dir, stack string) template {
	raw, err := os.ReadFile(filepath.Join(dir, stack+".template.json"))
	if err != nil {
		panic(err)
	}
	var t template
	if err := json.Unmarshal(raw, &t); err != nil {
		panic(err)
	}
	return t
}

// of lists the resources of a type by logical id.
func (t template) of(kind string) map[string]resource {
	m := map[string]resource{}
	for id, r := range t.Resources {
		if r.Type == kind {
			m[id] = r
		}
	}
	return m
}

// at walks into nested properties; a missing step gives nil.
func at(v any, path ...string) any {
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestStatefulLogicalIDs: a changed id of a table is a new, empty table.
func TestStatefulLogicalIDs(t *testing.T) {
	var b bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(synthesized.data.Resources)) {
		fmt.Fprintf(&b, "%s %s\n", synthesized.data.Resources[id].Type, id)
	}
	checkIDs(t, "stateful.golden", b.Bytes())
}

// checkIDs compares logical ids with those that are kept in a file.
func checkIDs(t *testing.T, file string, got []byte) {
	t.Helper()
	golden := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("logical ids changed: CloudFormation would make new, empty resources.\ngot:\n%swant:\n%s", got, want)
	}
}

func TestTablesCannotBeLost(t *testing.T) {
	tables := synthesized.data.of("AWS::DynamoDB::Table")
	if len(tables) != 3 {
		t.Fatalf("%d tables; want 3", len(tables))
	}
	for id, r := range tables {
		p := r.Properties
		if p["DeletionProtectionEnabled"] != true || r.DeletionPolicy != "Retain" {
			t.Errorf("%s can be deleted", id)
		}
		if at(p, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
			t.Errorf("%s has no point-in-time recovery", id)
		}
		if p["BillingMode"] != "PAY_PER_REQUEST" || at(p, "SSESpecification", "SSEType") != "KMS" || at(p, "SSESpecification", "KMSMasterKeyId") == nil {
			t.Errorf("%s: billing %v, encryption %v", id, p["BillingMode"], p["SSESpecification"])
		}
		if at(p, "TimeToLiveSpecification", "AttributeName") != expiry {
			t.Errorf("%s has no expiry", id)
		}
	}
	for kind, n := range map[string]int{"AWS::KMS::Key": 1, "AWS::SecretsManager::Secret": 1} {
		found := synthesized.data.of(kind)
		if len(found) != n {
			t.Errorf("%d of %s; want %d", len(found), kind, n)
		}
		for id, r := range found {
			if r.DeletionPolicy != "Retain" {
				t.Errorf("%s can be deleted", id)
			}
		}
	}
}

// TestLeastPrivilege asserts each policy statement for statement: what is not
// in the table of functions.go is not granted.
func TestLeastPrivilege(t *testing.T) {
	policies := synthesized.api.of("AWS::IAM::Policy")
	if len(policies) != len(functions) {
		t.Errorf("%d policies; want one a function", len(policies))
	}
	for id, r := range policies {
		statements := at(r.Properties, "PolicyDocument", "Statement").([]any)
		for _, s := range statements {
			actions := text(at(s, "Action"))
			if strings.Contains(actions, "*") {
				t.Errorf("%s: action %s", id, actions)
			}
			if at(s, "Resource") == "*" && actions != `["xray:PutTelemetryRecords","xray:PutTraceSegments"]` {
				t.Errorf("%s: %s on everything", id, actions)
			}
			if strings.Contains(actions, "kms:") && at(s, "Condition", "StringEquals", "kms:ViaService") == nil {
				t.Errorf("%s: the key can be used directly", id)
			}
		}
	}
	for name, want := range map[string]string{
		"authorizer": "Directory:BatchGetItem Directory:GetItem Directory:Query State:BatchGetItem State:GetItem State:PutItem State:Query",
		"enum":       "Directory:BatchGetItem Directory:GetItem Directory:Query Records:BatchGetItem Records:GetItem Records:Query State:BatchGetItem State:GetItem State:PutItem State:Query",
		"search":     "Directory:BatchGetItem Directory:GetItem Directory:Query Records:BatchGetItem Records:GetItem Records:Query State:BatchGetItem State:GetItem State:PutItem State:Query",
		"write":      "Directory:BatchGetItem Directory:GetItem Directory:Query Records:BatchGetItem Records:ConditionCheckItem Records:GetItem Records:PutItem Records:Query",
		"fallback":   "",
		"compact":    "Records:BatchGetItem Records:ConditionCheckItem Records:DeleteItem Records:GetItem Records:PutItem Records:Query",
	} {
		if got := strings.Join(tableActions(policies, name), " "); got != want {
			t.Errorf("%s may do\n%s\nwant\n%s", name, got, want)
		}
	}
}

// tableActions lists what a function's policy allows on tables.
func tableActions(policies map[string]resource, function string) []string {
	var list []string
	for id, r := range policies {
		if !strings.HasPrefix(id, function+"Role") {
			continue
		}
		for _, s := range at(r.Properties, "PolicyDocument", "Statement").([]any) {
			for _, table := range []string{"Records", "Directory", "State"} {
				if !strings.Contains(text(at(s, "Resource")), "FnGetAtt"+table) {
					continue
				}
				for _, action := range strings.Split(strings.Trim(text(at(s, "Action")), `[]"`), `","`) {
					if a, ok := strings.CutPrefix(action, "dynamodb:"); ok {
						list = append(list, table+":"+a)
					}
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestEnvironment: a function gets the variables that its code reads. The
// functions' own tests hold them to the same table.
func TestEnvironment(t *testing.T) {
	want := map[string][]string{
		"authorizer": {environment.Schemes, environment.DirectoryTable, environment.KeysSecret, environment.LogLevel, environment.StateTable},
		"enum":       {environment.DirectoryTable, environment.KeysSecret, environment.LogLevel, environment.RecordsTable, environment.StateTable, environment.TimeZone},
		"search":     {environment.DirectoryTable, environment.KeysSecret, environment.LogLevel, environment.RecordsTable, environment.StateTable, environment.TimeZone},
		"write":      {environment.DirectoryTable, environment.KeysSecret, environment.LogLevel, environment.RecordsTable},
		"fallback":   {environment.LogLevel},
		"compact":    {environment.KeysSecret, environment.LogLevel, environment.RecordsTable},
	}
	made := synthesized.api.of("AWS::Lambda::Function")
	if len(made) != len(want) {
		t.Errorf("%d functions; want %d", len(made), len(want))
	}
	for name, variables := range want {
		for id, r := range made {
			if !strings.HasPrefix(id, name) {
				continue
			}
			vars, _ := at(r.Properties, "Environment", "Variables").(map[string]any)
			got := slices.Sorted(maps.Keys(vars))
			slices.Sort(variables)
			if !slices.Equal(got, variables) {
				t.Errorf("%s reads %v; want %v", name, got, variables)
			}
			if r.Properties["Runtime"] != "provided.al2023" || text(r.Properties["Architectures"]) != `["arm64"]` {
				t.Errorf("%s: runtime %v on %v", name, r.Properties["Runtime"], r.Properties["Architectures"])
			}
			if at(r.Properties, "TracingConfig", "Mode") != "Active" {
				t.Errorf("%s is not traced", name)
			}
		}
	}
}

func TestEveryMethodHasTheAuthorizer(t *testing.T) {
	guarded := 0
	for id, r := range synthesized.api.of("AWS::ApiGateway::Method") {
		p := r.Properties
		switch {
		case p["HttpMethod"] == "ANY":
			if p["AuthorizationType"] != "NONE" || !strings.Contains(text(at(p, "Integration", "Uri")), "fallback") {
				t.Errorf("%s: ANY must be the fallback's", id)
			}
		case p["AuthorizationType"] != "CUSTOM" || p["AuthorizerId"] == nil:
			t.Errorf("%s has no authorizer", id)
		default:
			guarded++
		}
	}
	if guarded != len(routes) {
		t.Errorf("%d guarded methods; want %d", guarded, len(routes))
	}
	for id, r := range synthesized.api.of("AWS::ApiGateway::Authorizer") {
		if r.Properties["AuthorizerResultTtlInSeconds"] != float64(0) || r.Properties["Type"] != "REQUEST" || r.Properties["IdentitySource"] != "context.path" {
			t.Errorf("%s: %v", id, text(r.Properties))
		}
	}
}

func TestEveryGatewayAnswerIsOurs(t *testing.T) {
	got := map[string]resource{}
	for _, r := range synthesized.api.of("AWS::ApiGateway::GatewayResponse") {
		got[r.Properties["ResponseType"].(string)] = r
	}
	// All response types of API Gateway, as its developer guide lists them.
	for _, name := range []string{
		"ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS",
		"DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE",
		"MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
	} {
		r, ok := got[name]
		if !ok {
			t.Errorf("%s has API Gateway's own answer", name)
			continue
		}
		templates := text(r.Properties["ResponseTemplates"])
		if strings.Contains(templates, `"message"`) || at(r.Properties, "ResponseParameters", "gatewayresponse.header.X-Request-Id") == nil {
			t.Errorf("%s: %s", name, text(r.Properties))
		}
	}
	denied := got["ACCESS_DENIED"].Properties
	if denied["StatusCode"] != "401" || at(denied, "ResponseParameters", "gatewayresponse.header.WWW-Authenticate") != "context.authorizer.challenge" {
		t.Errorf("ACCESS_DENIED: %s", text(denied))
	}
	if got["THROTTLED"].Properties["StatusCode"] != "503" || at(got["THROTTLED"].Properties, "ResponseParameters", "gatewayresponse.header.Retry-After") == nil {
		t.Errorf("THROTTLED: %s", text(got["THROTTLED"].Properties))
	}
}

func TestStage(t *testing.T) {
	for id, r := range synthesized.api.of("AWS::ApiGateway::Stage") {
		p := r.Properties
		settings := p["MethodSettings"].([]any)[0]
		if p["StageName"] != "netwrix" || p["TracingEnabled"] != true || p["AccessLogSetting"] == nil ||
			at(settings, "DataTraceEnabled") != false || at(settings, "LoggingLevel") != "ERROR" || at(settings, "ThrottlingRateLimit") != float64(200) {
			t.Errorf("%s: %s", id, text(p))
		}
		format := text(at(p, "AccessLogSetting", "Format"))
		for _, secret := range []string{"header", "querystring", "body"} {
			if strings.Contains(format, secret) {
				t.Errorf("the access log has %s", secret)
			}
		}
	}
}

// TestNag: cdk-nag finds nothing that is not suppressed for a reason.
func TestNag(t *testing.T) {
	suppressed := map[string]bool{}
	for _, report := range []string{
		filepath.Join(synthesized.dir, "AwsSolutions-DocketData-NagReport.csv"), filepath.Join(synthesized.dir, "AwsSolutions-DocketApi-NagReport.csv"),
		filepath.Join(optional.dir, "AwsSolutions-AuditIngest-NagReport.csv"), filepath.Join(optional.dir, "AwsSolutions-AuditData-NagReport.csv"), filepath.Join(optional.dir, "AwsSolutions-AuditApi-NagReport.csv"),
	} {
		f, err := os.Open(report)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) < 5 {
			t.Errorf("%s has %d rows: the rules did not run", filepath.Base(report), len(rows))
		}
		for _, row := range rows[1:] {
			switch row[2] {
			case "Compliant":
			case "Suppressed":
				suppressed[row[0]] = true
				if row[0] == firewallSuppression.rule && strings.Contains(report, "Audit") {
					t.Errorf("%s is suppressed on %s although the firewall is on", row[0], row[1])
				}
				if len(row[3]) < 40 {
					t.Errorf("%s on %s is suppressed without a reason: %q", row[0], row[1], row[3])
				}
			default:
				t.Errorf("%s on %s: %s: %s", row[0], row[1], row[2], row[5])
			}
		}
	}
	for _, list := range [][]suppression{dataSuppressions, apiSuppressions, ingestSuppressions, {firewallSuppression}} {
		for _, s := range list {
			if !suppressed[s.rule] {
				t.Errorf("the suppression of %s suppresses nothing: remove it", s.rule)
			}
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, settings := range map[string]map[string]any{
		"not a setting":             {"colour": "red"},
		"must be a number":          {"logDays": "90"},
		"must be one of":            {"logDays": 91.0},
		"must be true or false":     {"waf": "yes"},
		"go together":               {"domainName": "audit.example.com"},
		"needs a domainName":        {"trustStoreUri": "s3://b/k"},
		"must be s3://":             {"trustStoreUri": "s3://bucket"},
		"letters, digits":           {"name": "-"},
		"must be a list of texts":   {"ingestBuckets": []any{"b", 1.0}},
		"must be names of buckets":  {"ingestBuckets": []any{"B*"}},
		"account IDs":               {"ingestAccounts": []any{"root"}},
		"must be ARNs":              {"ingestBuckets": []any{"trail"}, "ingestKeys": []any{"*"}},
		"those of ingestBuckets":    {"ingestKeys": []any{"arn:aws:kms:eu-central-1:111122223333:key/k"}},
		"needs ingestCloudTrail":    {"ingestReadEvents": true},
		"needs ingestCloudTrail or": {"ingestAccounts": []any{"111122223333"}},
		"every event":               {"customPattern": map[string]any{}},
		"no event has a field":      {"customPattern": map[string]any{"sources": []any{"a"}}},
		"detail.a.b must be a list": {"cloudTrailPattern": map[string]any{"detail": map[string]any{"a": map[string]any{"b": "c"}}}},
		"an event pattern":          {"cloudTrailPattern": "all"},
		"a folder with rules":       {"ingestMapping": "testdata/none"},
		"has no .yaml file":         {"ingestMapping": "context"},
		"2 to 1000":                 {"ingestConcurrency": 1.0},
		"must be names of tables":   {"recordsTable": "arn:aws:dynamodb:x"},
		"searchMemory must be":      {"searchMemory": 1.0},
		"ratePerSecond and burst":   {"burst": 0.0},
		"at least one scheme":       {"auth": ""},
		"keytab needs negotiate":    {"keytab": true, "realms": []any{"A=b"}},
		"keytab and realms":         {"auth": "negotiate,basic", "keytab": true},
		"groupSids need":            {"groupSids": []any{"S-1-5-32-544=x"}},
		"is not like CORP":          {"auth": "negotiate", "keytab": true, "realms": []any{"A"}},
		"is not like S-1":           {"auth": "negotiate", "keytab": true, "realms": []any{"A=b"}, "groupSids": []any{"544=x"}},
		`scheme "telepathy"`:        {"auth": "ntlm,telepathy"},
	} {
		if _, err := readSettings(newApp(t.TempDir(), settings)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v; want %q", settings, err, name)
		}
	}
}
