package main

import (
	"strings"

	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"
)

// alarm is a condition that somebody should look at; docs/operations.md says
// what to do about each.
type alarm struct {
	name      string
	about     string
	metric    awscloudwatch.IMetric
	threshold float64
	periods   float64 // of five minutes
}

// observe adds alarms, the topic they go to, and a dashboard.
func (a *apiStack) observe(s Settings) {
	key := awskms.NewKey(a.Stack, jsii.String("AlarmKey"), &awskms.KeyProps{
		Description: jsii.String("Docket: alarm topic at rest"), EnableKeyRotation: jsii.Bool(true), RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	watch(a.Stack, key, s, a.alarms(), a.graphs())
}

// watch puts alarms, a topic and a dashboard into a stack.
func watch(stack awscdk.Stack, key awskms.Key, s Settings, alarms []alarm, graphs []awscloudwatch.IWidget) {
	action := awscloudwatchactions.NewSnsAction(alarmTopic(stack, key, s))
	board := awscloudwatch.NewDashboard(stack, jsii.String("Dashboard"), nil)
	for _, al := range alarms {
		made := awscloudwatch.NewAlarm(stack, jsii.String(al.name), &awscloudwatch.AlarmProps{
			AlarmDescription:   jsii.String(al.about),
			Metric:             al.metric,
			Threshold:          jsii.Number(al.threshold),
			EvaluationPeriods:  jsii.Number(al.periods),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
			TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
		})
		made.AddAlarmAction(action)
		board.AddWidgets(awscloudwatch.NewAlarmWidget(&awscloudwatch.AlarmWidgetProps{Alarm: made, Title: jsii.String(al.about)}))
	}
	board.AddWidgets(graphs...)
}

// alarmTopic is where alarms go. Neither the topic nor its key lets CloudWatch
// in by itself: the action of an alarm would fail, and only the alarm's history
// would say so.
func alarmTopic(stack awscdk.Stack, key awskms.Key, s Settings) awssns.Topic {
	topic := awssns.NewTopic(stack, jsii.String("Alarms"), &awssns.TopicProps{MasterKey: key, EnforceSSL: jsii.Bool(true)})
	key.AddToResourcePolicy(serviceMay(stack, "cloudwatch", []string{"kms:Decrypt", "kms:GenerateDataKey"}, jsii.String("*")), nil)
	topic.AddToResourcePolicy(serviceMay(stack, "cloudwatch", []string{"sns:Publish"}, topic.TopicArn()))
	if s.AlarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(s.AlarmEmail), nil))
	}
	return topic
}

// serviceMay allows something to a service on behalf of this account. In the
// policy of a key, the resource * is that key.
func serviceMay(stack awscdk.Stack, service string, actions []string, resource *string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String(service+".amazonaws.com"), nil)},
		Actions:    jsii.Strings(actions...),
		Resources:  &[]*string{resource},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
	})
}

// graphs are the rest of the dashboard: load, time and what the tables cost.
func (a *apiStack) graphs() []awscloudwatch.IWidget {
	minute := func(statistic string) *awscloudwatch.MetricOptions {
		return &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(1)), Statistic: jsii.String(statistic)}
	}
	var times []awscloudwatch.IMetric
	for _, f := range functions {
		times = append(times, a.functions[f.name].MetricDuration(minute("p99")))
	}
	one := awscdk.Duration_Minutes(jsii.Number(1))
	return []awscloudwatch.IWidget{
		graph("Requests a minute, and those refused or failed", a.api.MetricCount(minute("Sum")), a.api.MetricClientError(minute("Sum")), a.api.MetricServerError(minute("Sum"))),
		graph("Time of the functions, p99, ms", times...),
		graph("Read and write units a minute", own(environment.ReadUnits, one), own(environment.WriteUnits, one)),
	}
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{Title: jsii.String(title), Left: &metrics, Width: jsii.Number(8)})
}

func (a *apiStack) alarms() []alarm {
	five := awscdk.Duration_Minutes(jsii.Number(5))
	option := func(statistic string) *awscloudwatch.MetricOptions {
		return &awscloudwatch.MetricOptions{Period: five, Statistic: jsii.String(statistic)}
	}
	list := []alarm{
		{"ServerErrors", "answers with a 5xx status", a.api.MetricServerError(option("Sum")), 5, 1},
		{"Latency", "slowest hundredth of requests takes over 10 s", a.api.MetricLatency(option("p99")), 10_000, 3},
		{"Denials", "many requests are refused for their credentials", own(environment.Denied, five), 500, 2},
		{"Contention", "appends retry because writers meet on a shard", own(environment.AppendConflicts, five), 1000, 3},
		{"Damage", "a stored segment does not match its checksum", own(environment.Damage, five), 0, 1},
	}
	list = append(list, compactionAlarms()...)
	for _, f := range functions {
		name := strings.ToUpper(f.name[:1]) + f.name[1:]
		list = append(list,
			alarm{name + "Errors", f.name + " ends with an error or in a time-out", a.functions[f.name].MetricErrors(option("Sum")), 0, 1},
			alarm{name + "Throttles", f.name + " is throttled by Lambda", a.functions[f.name].MetricThrottles(option("Sum")), 0, 1},
		)
	}
	return list
}

// own is the sum of one of the metrics that the functions write; longest its
// maximum.
func own(name string, period awscdk.Duration) awscloudwatch.IMetric {
	return ownMetric(name, "Sum", period)
}

func longest(name string, period awscdk.Duration) awscloudwatch.IMetric {
	return ownMetric(name, "Maximum", period)
}

func ownMetric(name, statistic string, period awscdk.Duration) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(environment.Namespace), MetricName: jsii.String(name), Statistic: jsii.String(statistic), Period: period,
	})
}

func splitS3(uri string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	return bucket, key
}
