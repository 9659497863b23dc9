package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// suppression accepts one finding of cdk-nag, on one stack, for a reason.
// Where appliesTo is set it accepts only that detail of the finding.
type suppression struct{ rule, reason, appliesTo string }

var dataSuppressions = []suppression{
	{"AwsSolutions-SMG4", "The secret is the key ring: old keys must stay readable for ever, so it is rotated by adding a key with the command line, not by replacing the secret.", ""},
}

var apiSuppressions = []suppression{
	{"AwsSolutions-APIG2", "Bodies are checked by the functions, strictly and with the contract's error answers, which a request validator cannot give.", ""},
	{"AwsSolutions-APIG4", "The fallback answers 404 and 405 to everybody, before credentials are asked for, so that an unknown path tells nothing.", ""},
	{"AwsSolutions-COG4", "Callers sign in with the schemes of the Netwrix API, which Cognito does not speak; a custom authorizer checks them.", ""},
	{"AwsSolutions-IAM4", "The account-wide role with which API Gateway writes its logs takes AWS's managed policy.", ""},
	{"AwsSolutions-IAM5", "X-Ray's actions know no resources: a star is the only thing they take. No other statement has one.", "Resource::*"},
}

// ingestSuppressions hold where any source of records without a client is on.
var ingestSuppressions = []suppression{
	{"AwsSolutions-IAM5", "X-Ray's actions know no resources: a star is the only thing they take.", "Resource::*"},
}

// objectSuppression is for the objects of one bucket.
func objectSuppression(bucket string) suppression {
	return suppression{"AwsSolutions-IAM5", "The function reads every object of a bucket on the list; the star stands for their names.", "Resource::" + bucket + "/*"}
}

// firewallSuppression holds where the firewall is switched off.
var firewallSuppression = suppression{"AwsSolutions-APIG3", "The firewall is a setting (waf), because it costs money each month and its rules know nothing of audit records.", ""}

// check adds the AWS Solutions rules to the app.
func check(app awscdk.App, d *dataStack, a *apiStack, i *ingestStack, s Settings) {
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	suppress(d.Stack, dataSuppressions)
	suppress(a.Stack, apiSuppressions)
	if i != nil {
		suppress(i.Stack, append(ingestSuppressions[:1:1], i.objectSuppressions()...))
	}
	if !s.WAF {
		suppress(a.Stack, []suppression{firewallSuppression})
	}
}

func (i *ingestStack) objectSuppressions() []suppression {
	var list []suppression
	if i.drop != nil {
		id := *i.Stack.GetLogicalId(i.drop.Node().DefaultChild().(awscdk.CfnElement))
		list = append(list, objectSuppression("<"+id+".Arn>"))
	}
	for _, name := range i.settings.Buckets {
		list = append(list, objectSuppression("arn:<AWS::Partition>:s3:::"+name))
	}
	return list
}

func suppress(stack awscdk.Stack, list []suppression) {
	var all []*cdknag.NagPackSuppression
	for _, s := range list {
		accepted := &cdknag.NagPackSuppression{Id: jsii.String(s.rule), Reason: jsii.String(s.reason)}
		if s.appliesTo != "" {
			accepted.AppliesTo = &[]any{jsii.String(s.appliesTo)}
		}
		all = append(all, accepted)
	}
	cdknag.NagSuppressions_AddStackSuppressions(stack, &all, jsii.Bool(true))
}
