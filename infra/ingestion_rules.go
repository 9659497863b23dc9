package main

import (
	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// events makes the rules for events and their queue.
func (i *ingestStack) events() {
	in := i.inlet(&inlet{name: "Events", batch: 1000, window: 5, variables: [2]string{environment.EventsQueue, environment.EventsDead}})
	if i.settings.CloudTrail {
		state := "ENABLED"
		if i.settings.ReadEvents {
			state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
		}
		i.rule("CloudTrailEvents", "events of CloudTrail", in, i.settings.CloudTrailPattern, state)
	}
	if i.settings.CustomEvents {
		i.rule("CustomEvents", "custom events that carry records", in, i.settings.CustomPattern, "ENABLED")
	}
	for _, account := range i.settings.Accounts {
		i.letIn(account)
	}
}

// letIn lets another account put events on the default bus. What they are taken
// for is for the rules and the function's own list to say.
func (i *ingestStack) letIn(account string) {
	arn := func(service, resource string, of *string) *string {
		return awscdk.Fn_Join(jsii.String(""), &[]*string{jsii.String("arn:"), i.Stack.Partition(), jsii.String(":" + service + ":"), of, jsii.String(resource)})
	}
	here := awscdk.Fn_Join(jsii.String(":"), &[]*string{i.Stack.Region(), i.Stack.Account()})
	awsevents.NewCfnEventBusPolicy(i.Stack, jsii.String("Account"+account), &awsevents.CfnEventBusPolicyProps{
		StatementId: jsii.String(i.settings.Name + "-" + account),
		Statement: map[string]any{
			"Effect": "Allow", "Action": "events:PutEvents", "Resource": arn("events", ":event-bus/default", here),
			"Principal": map[string]any{"AWS": arn("iam", ":root", jsii.String(":"+account))},
		},
	})
}

// rule sends what matches to a queue, and what cannot be sent there, for a day
// of trying, to its dead letters.
func (i *ingestStack) rule(id, about string, to *inlet, what pattern, state string) {
	r := awsevents.NewCfnRule(i.Stack, jsii.String(id), &awsevents.CfnRuleProps{
		Description: jsii.String("Docket: " + about), EventPattern: map[string]any(what), State: jsii.String(state),
		Targets: []any{&awsevents.CfnRule_TargetProperty{
			Id: jsii.String(to.name), Arn: to.queue.QueueArn(), DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: to.dead.QueueArn()},
			RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{MaximumEventAgeInSeconds: jsii.Number(86_400), MaximumRetryAttempts: jsii.Number(185)},
		}},
	})
	for _, q := range []interface {
		QueueArn() *string
		AddToResourcePolicy(awsiam.PolicyStatement) *awsiam.AddToResourcePolicyResult
	}{to.queue, to.dead} {
		q.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
			Actions:    jsii.Strings("sqs:SendMessage"),
			Resources:  &[]*string{q.QueueArn()},
			Conditions: &map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": r.AttrArn()}},
		}))
	}
	if !i.eventsMay {
		i.eventsMay = true
		i.key.AddToResourcePolicy(serviceMay(i.Stack, "events", []string{"kms:Decrypt", "kms:GenerateDataKey"}, jsii.String("*")), nil)
	}
}
