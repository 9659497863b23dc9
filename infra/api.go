package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// apiStack is what can be made anew at any time.
type apiStack struct {
	awscdk.Stack
	api       awsapigateway.RestApi
	functions map[string]awslambda.Function
}

func newAPIStack(scope constructs.Construct, s Settings, d *dataStack) *apiStack {
	a := &apiStack{functions: map[string]awslambda.Function{}}
	a.Stack = awscdk.NewStack(scope, jsii.String(s.Name+"Api"), &awscdk.StackProps{
		Description: jsii.String("Docket: REST API, functions, alarms. Holds no data."),
	})
	for _, f := range functions {
		a.functions[f.name] = newFunction(a.Stack, f, s, d)
	}
	a.api = a.restAPI(s)
	// The challenge must be fresh for each request, and a nonce is used once:
	// an answer of the authorizer is never good for another request.
	authorizer := awsapigateway.NewRequestAuthorizer(a.Stack, jsii.String("Authorizer"), &awsapigateway.RequestAuthorizerProps{
		Handler:         a.functions["authorizer"],
		IdentitySources: &[]*string{awsapigateway.IdentitySource_Context(jsii.String("path"))},
		ResultsCacheTtl: awscdk.Duration_Seconds(jsii.Number(0)),
	})
	addRoutes(a.api, authorizer, a.functions)
	customise(a.api)
	a.compact(s)
	a.customDomain(s)
	a.firewall(s)
	a.observe(s)
	output(a.Stack, "Url", awscdk.Fn_Join(jsii.String(""), &[]*string{jsii.String("https://"), a.api.RestApiId(), jsii.String(".execute-api."), a.Stack.Region(), jsii.String("."), a.Stack.UrlSuffix()}))
	return a
}

// binary lets every body reach a function untouched, as base64: API Gateway
// would take anything else for UTF-8, and PowerShell sends UTF-16.
var binary = []string{"*/*"}

func (a *apiStack) restAPI(s Settings) awsapigateway.RestApi {
	access := awslogs.NewLogGroup(a.Stack, jsii.String("AccessLogs"), &awslogs.LogGroupProps{
		Retention: retention(s.LogDays), RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	return awsapigateway.NewRestApi(a.Stack, jsii.String("Api"), &awsapigateway.RestApiProps{
		RestApiName:                 jsii.String(s.Name),
		Description:                 jsii.String("Netwrix Auditor Integration API, v1"),
		EndpointTypes:               &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL},
		CloudWatchRole:              jsii.Bool(true),
		CloudWatchRoleRemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		DisableExecuteApiEndpoint:   jsii.Bool(s.TrustStoreURI != ""),
		BinaryMediaTypes:            jsii.Strings(binary...),
		DeployOptions: &awsapigateway.StageOptions{
			StageName:            jsii.String(stageName),
			TracingEnabled:       jsii.Bool(true),
			MetricsEnabled:       jsii.Bool(true),
			LoggingLevel:         awsapigateway.MethodLoggingLevel_ERROR,
			DataTraceEnabled:     jsii.Bool(false), // it would log credentials and records
			ThrottlingRateLimit:  jsii.Number(s.RatePerSecond),
			ThrottlingBurstLimit: jsii.Number(s.Burst),
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(access),
			AccessLogFormat:      accessLog(),
		},
	})
}

// accessLog names who and what, no header and no query: marks and credentials
// are in neither.
func accessLog() awsapigateway.AccessLogFormat {
	return awsapigateway.AccessLogFormat_Custom(jsii.String(`{"request":"$context.requestId","time":"$context.requestTimeEpoch","source":"$context.identity.sourceIp",` +
		`"account":"$context.authorizer.principalId","method":"$context.httpMethod","path":"$context.path","status":"$context.status","bytes":"$context.responseLength",` +
		`"took":"$context.responseLatency","function":"$context.integrationLatency","authorizer":"$context.authorizer.integrationLatency","error":"$context.error.responseType"}`))
}

// customDomain puts the API under a name of the customer's, with base path
// netwrix so that the contract's paths hold there too.
func (a *apiStack) customDomain(s Settings) {
	if s.DomainName == "" {
		return
	}
	options := &awsapigateway.DomainNameProps{
		DomainName:     jsii.String(s.DomainName),
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(a.Stack, jsii.String("Certificate"), jsii.String(s.CertificateARN)),
		EndpointType:   awsapigateway.EndpointType_REGIONAL,
		SecurityPolicy: awsapigateway.SecurityPolicy_TLS_1_2,
	}
	if s.TrustStoreURI != "" {
		bucket, key := splitS3(s.TrustStoreURI)
		options.Mtls = &awsapigateway.MTLSConfig{Bucket: awss3.Bucket_FromBucketName(a.Stack, jsii.String("TrustStore"), jsii.String(bucket)), Key: jsii.String(key)}
	}
	domain := awsapigateway.NewDomainName(a.Stack, jsii.String("Domain"), options)
	domain.AddBasePathMapping(a.api, &awsapigateway.BasePathMappingOptions{BasePath: jsii.String(stageName), Stage: a.api.DeploymentStage()})
	output(a.Stack, "DomainUrl", jsii.String("https://"+s.DomainName))
	output(a.Stack, "DomainTarget", domain.DomainNameAliasDomainName())
}

// counted are rules that only count. A batch is larger than the rules allow, and
// records of an audit tell of paths, scripts and addresses that look like attacks,
// because some were: refusing them would lose what the database is for. And
// documented clients send no User-Agent.
var counted = []string{
	"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "EC2MetaDataSSRF_BODY", "NoUserAgent_HEADER",
}

// firewall adds AWS's managed rules.
func (a *apiStack) firewall(s Settings) {
	if !s.WAF {
		return
	}
	visible := func(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
		return &awswafv2.CfnWebACL_VisibilityConfigProperty{CloudWatchMetricsEnabled: jsii.Bool(true), SampledRequestsEnabled: jsii.Bool(false), MetricName: jsii.String(name)}
	}
	var overrides []any
	for _, rule := range counted {
		overrides = append(overrides, &awswafv2.CfnWebACL_RuleActionOverrideProperty{
			Name: jsii.String(rule), ActionToUse: &awswafv2.CfnWebACL_RuleActionProperty{Count: map[string]any{}},
		})
	}
	acl := awswafv2.NewCfnWebACL(a.Stack, jsii.String("Firewall"), &awswafv2.CfnWebACLProps{
		Scope:            jsii.String("REGIONAL"),
		DefaultAction:    &awswafv2.CfnWebACL_DefaultActionProperty{Allow: map[string]any{}},
		VisibilityConfig: visible("Firewall"),
		Rules: []any{&awswafv2.CfnWebACL_RuleProperty{
			Name: jsii.String("Common"), Priority: jsii.Number(0), VisibilityConfig: visible("Common"),
			OverrideAction: &awswafv2.CfnWebACL_OverrideActionProperty{None: map[string]any{}},
			Statement: &awswafv2.CfnWebACL_StatementProperty{ManagedRuleGroupStatement: &awswafv2.CfnWebACL_ManagedRuleGroupStatementProperty{
				VendorName: jsii.String("AWS"), Name: jsii.String("AWSManagedRulesCommonRuleSet"),
				RuleActionOverrides: overrides,
			}},
		}},
	})
	awswafv2.NewCfnWebACLAssociation(a.Stack, jsii.String("FirewallAssociation"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: a.api.DeploymentStage().StageArn(), WebAclArn: acl.AttrArn(),
	})
}
