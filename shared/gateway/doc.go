// Package gateway does on one machine what API Gateway does between a client's
// socket and a Lambda function, so that a deployment can be rehearsed without an
// account. It reads the synthesized CloudFormation template and serves what that
// describes: routes, the request authorizer and the policy it returns, proxy
// events and their limits, gateway responses with headers and bodies mapped from
// the context, renamed response headers. The functions run as the built binaries,
// one request a process at a time, over the Lambda runtime API (runtime.go).
//
// It imitates the documented behaviour of REST APIs, the unpleasant parts
// included: what a deployment cannot do fails here too. What nobody can know
// without an account is listed in docs/confirm-on-aws.md.
//
// Sources: Amazon API Gateway developer guide ("Gateway response types", "Set up
// Lambda proxy integrations", "Amazon API Gateway important notes", "Quotas");
// AWS Lambda developer guide ("Using the Lambda runtime API").
package gateway
