package main

import (
	"strings"

	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// ingestFunction is what the function may do with tables: what write may.
var ingestFunction = function{
	name: "ingest", about: "stores records from queues, files and events", memory: mebibytes(1769), seconds: ingestSeconds, keyRing: true,
	tables: map[tableName][]string{records: append(writes[:2:2], reads...), directory: reads},
}

// ingest makes the function and lets its queues call it.
func (i *ingestStack) ingest(d *dataStack) {
	i.function = newFunction(i.Stack, ingestFunction, i.settings, d)
	set := func(name string, value *string) { i.function.AddEnvironment(jsii.String(name), value, nil) }
	set(environment.MaxReceives, number(maxReceives))
	role := i.function.Role()
	for _, in := range i.inlets {
		set(in.variables[0], in.queue.QueueUrl())
		set(in.variables[1], in.dead.QueueUrl())
		grant(role, allow([]string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, in.queue.QueueArn()))
		grant(role, allow([]string{"sqs:SendMessage"}, in.dead.QueueArn()))
		i.mapping(in)
	}
	grant(role, i.useKey(allow([]string{"kms:Decrypt", "kms:GenerateDataKey"}, i.key.KeyArn()), "sqs"))
	if i.settings.files() {
		i.readBuckets(set)
	}
	if i.settings.files() || i.settings.events() {
		set(environment.Accounts, join(append([]*string{i.Stack.Account()}, *jsii.Strings(i.settings.Accounts...)...)))
	}
	if i.settings.Plan != "" {
		set(environment.IngestPlan, jsii.String(i.settings.Plan))
	}
	i.rules(set)
}

// mapping lets Lambda take messages from a queue to the function.
func (i *ingestStack) mapping(in *inlet) {
	awslambda.NewEventSourceMapping(i.Stack, jsii.String(in.name+"Source"), &awslambda.EventSourceMappingProps{
		Target: i.function, EventSourceArn: in.queue.QueueArn(), BatchSize: jsii.Number(in.batch),
		MaxBatchingWindow:       awscdk.Duration_Seconds(jsii.Number(in.window)),
		MaxConcurrency:          jsii.Number(i.settings.Concurrency),
		ReportBatchItemFailures: jsii.Bool(true),
	})
}

// readBuckets lets the function read the buckets on the list and no others, and
// put a file back into the queue to continue it. Listing is needed so that S3
// tells a deleted object from a forbidden one.
func (i *ingestStack) readBuckets(set func(string, *string)) {
	role := i.function.Role()
	var names, arns, objects []*string
	if i.drop != nil {
		names, arns = append(names, i.drop.BucketName()), append(arns, i.drop.BucketArn())
	}
	for _, name := range i.settings.Buckets {
		names = append(names, jsii.String(name))
		arns = append(arns, awscdk.Fn_Join(jsii.String(""), &[]*string{jsii.String("arn:"), i.Stack.Partition(), jsii.String(":s3:::" + name)}))
	}
	for _, arn := range arns {
		objects = append(objects, awscdk.Fn_Join(jsii.String(""), &[]*string{arn, jsii.String("/*")}))
	}
	set(environment.Buckets, join(names))
	grant(role, allow([]string{"s3:GetObject", "s3:GetObjectVersion"}, objects...))
	grant(role, allow([]string{"s3:ListBucket"}, arns...))
	keys := *jsii.Strings(i.settings.Keys...)
	if i.drop != nil {
		keys = append(keys, i.key.KeyArn())
	}
	if len(keys) > 0 {
		grant(role, i.useKey(allow([]string{"kms:Decrypt"}, keys...), "s3"))
	}
	for _, in := range i.inlets {
		if in.name == "Files" {
			grant(role, allow([]string{"sqs:SendMessage"}, in.queue.QueueArn()))
		}
	}
}

// useKey limits a statement to what a service does on the function's behalf.
func (i *ingestStack) useKey(statement awsiam.PolicyStatement, service string) awsiam.PolicyStatement {
	statement.AddCondition(jsii.String("StringEquals"), map[string]any{
		"kms:ViaService": awscdk.Fn_Join(jsii.String("."), &[]*string{jsii.String(service), i.Stack.Region(), i.Stack.UrlSuffix()}),
	})
	return statement
}

// rules puts the customer's rules for CloudTrail beside the function's code.
func (i *ingestStack) rules(set func(string, *string)) {
	names, err := i.settings.mappings()
	if err != nil || len(names) == 0 {
		return // the settings were checked
	}
	layer := awslambda.NewLayerVersion(i.Stack, jsii.String("Mapping"), &awslambda.LayerVersionProps{
		Code:        awslambda.Code_FromAsset(jsii.String(i.settings.Mapping), nil),
		Description: jsii.String("Docket: rules for events of CloudTrail"),
	})
	i.function.AddLayers(layer)
	set(environment.Mapping, jsii.String("/opt/"+strings.Join(names, ",/opt/")))
}

func (i *ingestStack) alarms() []alarm {
	five := awscdk.Duration_Minutes(jsii.Number(5))
	option := func(statistic string) *awscloudwatch.MetricOptions {
		return &awscloudwatch.MetricOptions{Period: five, Statistic: jsii.String(statistic)}
	}
	list := []alarm{
		{"IngestLag", "a record became visible more than half an hour after its event", longest(environment.IngestLag, five), 1800, 3},
		{"IngestErrors", "ingest ends with an error or in a time-out", i.function.MetricErrors(option("Sum")), 0, 1},
		{"IngestThrottles", "ingest is throttled by Lambda", i.function.MetricThrottles(option("Sum")), 0, 1},
	}
	for _, in := range i.inlets {
		list = append(list,
			alarm{in.name + "DeadLetters", "dead letters of " + in.name, in.dead.MetricApproximateNumberOfMessagesVisible(option("Maximum")), 0, 1},
			alarm{in.name + "Age", "a message of " + in.name + " waits for over 30 minutes", in.queue.MetricApproximateAgeOfOldestMessage(option("Maximum")), 1800, 1},
		)
	}
	return list
}

// graphs are what comes in and what waits.
func (i *ingestStack) graphs() []awscloudwatch.IWidget {
	one := awscdk.Duration_Minutes(jsii.Number(1))
	var waiting []awscloudwatch.IMetric
	for _, in := range i.inlets {
		waiting = append(waiting, in.queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: one, Statistic: jsii.String("Maximum")}))
	}
	return []awscloudwatch.IWidget{
		graph("Records stored a minute, and those stored before", own(environment.IngestStored, one), own(environment.IngestRepeated, one)),
		graph("Messages refused and tried again, files continued", own(environment.IngestRefused, one), own(environment.IngestRetried, one), own(environment.IngestContinued, one)),
		graph("Messages that wait", waiting...),
	}
}
