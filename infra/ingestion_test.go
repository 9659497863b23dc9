package main

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docket/shared/environment"
)

// TestSourcesAreOff: nothing that takes records without a client is there unless
// it is asked for.
func TestSourcesAreOff(t *testing.T) {
	if synthesized.ingest.Resources != nil {
		t.Error("there is a stack for records without a client")
	}
	for _, stack := range []template{synthesized.data, synthesized.api} {
		for _, kind := range []string{"AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::Lambda::EventSourceMapping"} {
			if n := len(stack.of(kind)); n != 0 {
				t.Errorf("%d of %s", n, kind)
			}
		}
	}
}

// TestEachSourceAlone: a source brings its own queue and no other, and the
// function knows of no other.
func TestEachSourceAlone(t *testing.T) {
	for name, c := range map[string]struct {
		settings  map[string]any
		variables []string
		rules     int
	}{
		"queue":      {map[string]any{"ingestQueue": true}, []string{environment.RecordsQueue, environment.RecordsDead}, 0},
		"bucket":     {map[string]any{"ingestBucket": true}, []string{environment.FilesQueue, environment.FilesDead, environment.Buckets, environment.Accounts}, 1},
		"buckets":    {map[string]any{"ingestBuckets": []any{"trail"}}, []string{environment.FilesQueue, environment.FilesDead, environment.Buckets, environment.Accounts}, 1},
		"cloudtrail": {map[string]any{"ingestCloudTrail": true}, []string{environment.EventsQueue, environment.EventsDead, environment.Accounts}, 1},
		"custom":     {map[string]any{"ingestCustomEvents": true}, []string{environment.EventsQueue, environment.EventsDead, environment.Accounts}, 1},
	} {
		a := synthesize(filepath.Join(t.TempDir(), name), c.settings)
		if n := len(a.ingest.of("AWS::SQS::Queue")); n != 2 {
			t.Errorf("%s: %d queues; want one and its dead letters", name, n)
		}
		if n := len(a.ingest.of("AWS::Events::Rule")); n != c.rules {
			t.Errorf("%s: %d rules; want %d", name, n, c.rules)
		}
		for id, r := range a.ingest.of("AWS::Lambda::Function") {
			got := slices.Sorted(maps.Keys(at(r.Properties, "Environment", "Variables").(map[string]any)))
			want := append(c.variables, environment.DirectoryTable, environment.KeysSecret, environment.LogLevel, environment.MaxReceives, environment.RecordsTable)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s reads %v; want %v", name, id, got, want)
			}
		}
	}
}

// TestStatefulIngestIDs: a changed id of a queue is a new one, and the messages in
// the old one are read by nobody.
func TestStatefulIngestIDs(t *testing.T) {
	var b bytes.Buffer
	stateful := []string{"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SQS::Queue"}
	for _, id := range slices.Sorted(maps.Keys(optional.ingest.Resources)) {
		r := optional.ingest.Resources[id]
		if !slices.Contains(stateful, r.Type) {
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", r.Type, id)
		if r.DeletionPolicy != "Retain" {
			t.Errorf("%s is deleted with the stack", id)
		}
	}
	checkIDs(t, "stateful-ingest.golden", b.Bytes())
}

// TestQueues: what AWS advises, and what keeps a message from being lost.
func TestQueues(t *testing.T) {
	queues := optional.ingest.of("AWS::SQS::Queue")
	if len(queues) != 6 {
		t.Errorf("%d queues; want three with dead letters", len(queues))
	}
	timeout := 0.0
	for _, r := range optional.ingest.of("AWS::Lambda::Function") {
		timeout = r.Properties["Timeout"].(float64)
	}
	for id, r := range queues {
		p := r.Properties
		if p["KmsMasterKeyId"] == nil {
			t.Errorf("%s is not encrypted with a key of its own", id)
		}
		if !refusesPlain(optional.ingest.of("AWS::SQS::QueuePolicy"), id) {
			t.Errorf("%s can be reached without TLS", id)
		}
		if strings.Contains(id, "Dead") {
			if p["MessageRetentionPeriod"] != 14.0*86_400 {
				t.Errorf("%s keeps dead letters %v s", id, p["MessageRetentionPeriod"])
			}
			continue
		}
		redrive := p["RedrivePolicy"]
		if most, _ := at(redrive, "maxReceiveCount").(float64); most < 5 || !strings.Contains(text(redrive), strings.TrimSuffix(id[:len(id)-8], "Queue")+"Dead") {
			t.Errorf("%s: redrive policy %s", id, text(redrive))
		}
		if v, _ := p["VisibilityTimeout"].(float64); timeout <= 0 || v < 6*timeout {
			t.Errorf("%s: visibility %v s; want six times %v", id, v, timeout)
		}
		if size, _ := p["MaximumMessageSize"].(float64); size <= 0 || size > 1<<20-8<<10 {
			t.Errorf("%s takes %v bytes: its dead letters with their reasons would not fit", id, size)
		}
	}
	mappings := optional.ingest.of("AWS::Lambda::EventSourceMapping")
	if len(mappings) != 3 {
		t.Errorf("%d event source mappings", len(mappings))
	}
	for id, r := range mappings {
		p := r.Properties
		window, _ := p["MaximumBatchingWindowInSeconds"].(float64)
		if text(p["FunctionResponseTypes"]) != `["ReportBatchItemFailures"]` || at(p, "ScalingConfig", "MaximumConcurrency") != 9.0 ||
			p["BatchSize"].(float64) > 10 && window < 1 {
			t.Errorf("%s: %s", id, text(p))
		}
	}
}

// refusesPlain says whether a policy of a queue or bucket denies what is not TLS.
func refusesPlain(policies map[string]resource, id string) bool {
	for _, r := range policies {
		for _, s := range at(r.Properties, "PolicyDocument", "Statement").([]any) {
			if at(s, "Effect") == "Deny" && text(at(s, "Condition")) == `{"Bool":{"aws:SecureTransport":"false"}}` && strings.Contains(text(at(s, "Resource")), id) {
				return true
			}
		}
	}
	return false
}

func TestDropBucket(t *testing.T) {
	buckets := optional.ingest.of("AWS::S3::Bucket")
	for id, r := range buckets {
		p := r.Properties
		if !refusesPlain(optional.ingest.of("AWS::S3::BucketPolicy"), id) {
			t.Errorf("%s can be reached without TLS", id)
		}
		for _, setting := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			if at(p, "PublicAccessBlockConfiguration", setting) != true {
				t.Errorf("%s: %s is off", id, setting)
			}
		}
		if strings.HasPrefix(id, "DropLogs") {
			continue
		}
		if at(p, "VersioningConfiguration", "Status") != "Enabled" || p["LoggingConfiguration"] == nil ||
			at(p, "NotificationConfiguration", "EventBridgeConfiguration", "EventBridgeEnabled") != true || !strings.Contains(text(p["BucketEncryption"]), `"aws:kms"`) {
			t.Errorf("%s: %s", id, text(p))
		}
		rule := at(p, "LifecycleConfiguration", "Rules").([]any)[0]
		if at(rule, "ExpirationInDays") != 90.0 || at(rule, "NoncurrentVersionExpiration", "NoncurrentDays") != 90.0 || at(rule, "AbortIncompleteMultipartUpload") == nil {
			t.Errorf("%s: lifecycle %s", id, text(rule))
		}
	}
	if len(buckets) != 2 {
		t.Errorf("%d buckets; want the drop and its access logs", len(buckets))
	}
}

// TestRules: each sends to the queue of its kind alone, which lets it and no other
// rule in.
func TestRules(t *testing.T) {
	for name, want := range map[string]struct{ queue, state, pattern string }{
		"NewFiles":         {"Files", "ENABLED", `"example-logs"`},
		"CloudTrailEvents": {"Events", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", text(defaults().CloudTrailPattern)},
		"CustomEvents":     {"Events", "ENABLED", text(defaults().CustomPattern)},
	} {
		p := optional.ingest.Resources[name].Properties
		if p["State"] != want.state || !strings.Contains(text(p["EventPattern"]), want.pattern) {
			t.Errorf("%s is %v, with %s", name, p["State"], text(p["EventPattern"]))
		}
		target := p["Targets"].([]any)[0]
		for part, queue := range map[string]string{"Arn": want.queue + "Queue", "DeadLetterConfig": want.queue + "Dead"} {
			if !strings.Contains(text(at(target, part)), `"`+queue) {
				t.Errorf("%s: %s is %s", name, part, text(at(target, part)))
			}
			if !letsIn(queue, name) {
				t.Errorf("%s does not let %s in", queue, name)
			}
		}
	}
	if letsIn("RecordsQueue", "NewFiles") || letsIn("EventsQueue", "NewFiles") {
		t.Error("a rule may send to the queue of another kind")
	}
}

func letsIn(queue, rule string) bool {
	for _, r := range optional.ingest.of("AWS::SQS::QueuePolicy") {
		for _, s := range at(r.Properties, "PolicyDocument", "Statement").([]any) {
			if at(s, "Principal", "Service") == "events.amazonaws.com" && strings.Contains(text(at(s, "Resource")), `"`+queue) &&
				strings.Contains(text(at(s, "Condition", "ArnEquals", "aws:SourceArn")), `"`+rule+`"`) {
				return true
			}
		}
	}
	return false
}

// TestIngestLeastPrivilege: the function may do what write may with tables, take
// from its queues, send to where its messages go, and read the buckets on the list.
func TestIngestLeastPrivilege(t *testing.T) {
	policies := optional.ingest.of("AWS::IAM::Policy")
	if len(policies) != 1 {
		t.Fatalf("%d policies", len(policies))
	}
	var got []string
	for _, r := range policies {
		for _, s := range at(r.Properties, "PolicyDocument", "Statement").([]any) {
			actions := strings.Split(strings.Trim(text(at(s, "Action")), `[]"`), `","`)
			if at(s, "Resource") == "*" && actions[0] != "xray:PutTelemetryRecords" {
				t.Errorf("%v on everything", actions)
			}
			for _, a := range actions {
				if strings.HasPrefix(a, "kms:") && at(s, "Condition", "StringEquals", "kms:ViaService") == nil {
					t.Errorf("%s: the key can be used directly", a)
				}
				if service, _, _ := strings.Cut(a, ":"); !slices.Contains([]string{"kms", "logs", "xray", "secretsmanager"}, service) {
					got = append(got, a)
				}
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"dynamodb:BatchGetItem", "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:GetItem", "dynamodb:PutItem",
		"dynamodb:Query", "dynamodb:Query", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket",
		"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
	}
	if !slices.Equal(got, want) {
		t.Errorf("ingest may do\n%v\nwant\n%v", got, want)
	}
	for _, r := range policies {
		for _, s := range at(r.Properties, "PolicyDocument", "Statement").([]any) {
			if text(at(s, "Action")) != `"sqs:SendMessage"` {
				continue
			}
			for _, queue := range []string{"RecordsQueue", "EventsQueue"} {
				if strings.Contains(text(at(s, "Resource")), `"`+queue) {
					t.Errorf("ingest may send to %s", queue)
				}
			}
		}
	}
}

// TestIngestSettingsReachTheTemplate: lists, plan, rules and concurrency.
func TestIngestSettingsReachTheTemplate(t *testing.T) {
	for _, r := range optional.ingest.of("AWS::Lambda::Function") {
		variables := at(r.Properties, "Environment", "Variables")
		for name, want := range map[string]string{
			environment.IngestPlan: `"AWS"`, environment.Mapping: `"/opt/parcels.yaml"`, environment.MaxReceives: `"10"`, environment.Buckets: "example-trail,example-logs", environment.Accounts: "111122223333",
		} {
			if !strings.Contains(text(at(variables, name)), want) {
				t.Errorf("%s is %s; want %s", name, text(at(variables, name)), want)
			}
		}
		if r.Properties["Layers"] == nil {
			t.Error("the rules are not with the function")
		}
	}
	policies := optional.ingest.of("AWS::Events::EventBusPolicy")
	for _, r := range policies {
		if !strings.Contains(text(at(r.Properties, "Statement", "Principal", "AWS")), ":111122223333:root") || at(r.Properties, "Statement", "Action") != "events:PutEvents" {
			t.Errorf("the bus lets in: %s", text(r.Properties))
		}
	}
	if len(policies) != 1 {
		t.Errorf("%d policies of the bus; want one for each account", len(policies))
	}
}

// TestLagAlarm: a record that is late to be seen is told of, by the metric that the
// function writes.
func TestLagAlarm(t *testing.T) {
	found := 0
	for id, r := range optional.ingest.of("AWS::CloudWatch::Alarm") {
		p := r.Properties
		if p["MetricName"] != environment.IngestLag {
			continue
		}
		found++
		if p["Namespace"] != environment.Namespace || p["Statistic"] != "Maximum" || p["ComparisonOperator"] != "GreaterThanThreshold" || p["Threshold"] != 1800.0 || p["Period"] != 300.0 {
			t.Errorf("%s: %s", id, text(p))
		}
		if actions, _ := p["AlarmActions"].([]any); len(actions) != 1 {
			t.Errorf("%s tells nobody", id)
		}
	}
	if found != 1 {
		t.Errorf("%d alarms on %s; want one", found, environment.IngestLag)
	}
}
