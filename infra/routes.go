package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// route is a method on a path below the stage. Everything that is not here
// goes to the fallback function, which answers 404 and 405 to everybody.
type route struct {
	method, path, function string
}

var routes = []route{
	{"POST", "/api/v1/activity_records", "write"},
	{"GET", "/api/v1/activity_records/enum", "enum"},
	{"POST", "/api/v1/activity_records/enum", "enum"},
	{"POST", "/api/v1/activity_records/search", "search"},
}

const fallback = "fallback"

// stageName is the first part of the contract's path, so that the stock
// address of the API already fits.
const stageName = "netwrix"

// addRoutes makes the resources. Every method but the fallback's has the
// authorizer.
func addRoutes(api awsapigateway.RestApi, authorizer awsapigateway.IAuthorizer, made map[string]awslambda.Function) {
	nothing := awsapigateway.NewLambdaIntegration(made[fallback], nil)
	open := &awsapigateway.MethodOptions{AuthorizationType: awsapigateway.AuthorizationType_NONE}
	root := api.Root()
	root.AddMethod(jsii.String("ANY"), nothing, open)
	for _, r := range routes {
		root.ResourceForPath(jsii.String(r.path)).AddMethod(jsii.String(r.method), awsapigateway.NewLambdaIntegration(made[r.function], nil), &awsapigateway.MethodOptions{
			AuthorizationType: awsapigateway.AuthorizationType_CUSTOM,
			Authorizer:        authorizer,
		})
	}
	for _, path := range []string{"/api", "/api/v1", "/api/v1/activity_records", "/api/v1/activity_records/enum", "/api/v1/activity_records/search"} {
		root.ResourceForPath(jsii.String(path)).AddMethod(jsii.String("ANY"), nothing, open)
	}
	root.AddResource(jsii.String("{proxy+}"), nil).AddMethod(jsii.String("ANY"), nothing, open)
}
