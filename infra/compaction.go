package main

import (
	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// compactMinutes is longer than an invocation may take, so that one has ended when
// the next begins.
const compactMinutes = 5

// compact calls the function by a schedule. What it could not do it does the next
// time: nothing is tried again before. Two at a time would do no harm but the same
// work; where the account can spare it, one instance is reserved, and no more.
func (a *apiStack) compact(s Settings) {
	f := a.functions["compact"]
	f.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{RetryAttempts: jsii.Number(0)})
	awsevents.NewRule(a.Stack, jsii.String("Compaction"), &awsevents.RuleProps{
		Description: jsii.String("Docket: merge small segments"),
		Schedule:    awsevents.Schedule_Rate(awscdk.Duration_Minutes(jsii.Number(compactMinutes))),
		Targets:     &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(f, &awseventstargets.LambdaFunctionProps{RetryAttempts: jsii.Number(0)})},
	})
	if s.ReserveConcurrency {
		f.Node().DefaultChild().(awslambda.CfnFunction).SetReservedConcurrentExecutions(jsii.Number(1))
	}
}

// compactionAlarms: debt is what readers have to find without a manifest.
func compactionAlarms() []alarm {
	five := awscdk.Duration_Minutes(jsii.Number(5))
	return []alarm{
		{"CompactionDebt", "many segments wait to be merged", longest(environment.CompactionDebt, five), 20_000, 3},
		{"CompactionFailed", "a shard could not be compacted", own(environment.CompactionFailed, five), 0, 3},
	}
}
