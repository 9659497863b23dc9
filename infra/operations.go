package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"
)

// Namespace is where the functions' own metrics are (embedded metric format).
const namespace = "Docket"

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
	topic := awssns.NewTopic(a.Stack, jsii.String("Alarms"), &awssns.TopicProps{MasterKey: key, EnforceSSL: jsii.Bool(true)})
	if s.AlarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(s.AlarmEmail), nil))
	}
	action := awscloudwatchactions.NewSnsAction(topic)
	board := awscloudwatch.NewDashboard(a.Stack, jsii.String("Dashboard"), nil)
	for _, al := range a.alarms() {
		made := awscloudwatch.NewAlarm(a.Stack, jsii.String(al.name), &awscloudwatch.AlarmProps{
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
}

func (a *apiStack) alarms() []alarm {
	five := awscdk.Duration_Minutes(jsii.Number(5))
	option := func(statistic string) *awscloudwatch.MetricOptions {
		return &awscloudwatch.MetricOptions{Period: five, Statistic: jsii.String(statistic)}
	}
	list := []alarm{
		{"ServerErrors", "answers with a 5xx status", a.api.MetricServerError(option("Sum")), 5, 1},
		{"Latency", "slowest hundredth of requests takes over 10 s", a.api.MetricLatency(option("p99")), 10_000, 3},
		{"Denials", "many requests are refused for their credentials", own("Denied", five), 500, 2},
		{"Contention", "appends retry because writers meet on a shard", own("AppendConflicts", five), 1000, 3},
		{"Damage", "a stored segment does not match its checksum", own("Damage", five), 0, 1},
	}
	for _, f := range functions {
		name := strings.ToUpper(f.name[:1]) + f.name[1:]
		list = append(list,
			alarm{name + "Errors", f.name + " ends with an error or in a time-out", a.functions[f.name].MetricErrors(option("Sum")), 0, 1},
			alarm{name + "Throttles", f.name + " is throttled by Lambda", a.functions[f.name].MetricThrottles(option("Sum")), 0, 1},
		)
	}
	return list
}

// own is one of the metrics that the functions write.
func own(name string, period awscdk.Duration) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(namespace), MetricName: jsii.String(name), Statistic: jsii.String("Sum"), Period: period,
	})
}

func splitS3(uri string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	return bucket, key
}
