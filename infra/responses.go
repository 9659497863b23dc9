package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"
)

// gatewayAnswer is what API Gateway says when no function of ours can. A
// template is plain substitution and cannot see the format that the client
// asked for, so what has a body has the XML of the contract.
type gatewayAnswer struct {
	status      string // empty keeps the gateway's own, for the two defaults
	category    string // empty is an empty body
	description string
	headers     map[string]string
}

const notFound, unauthorized, tooLarge, busy = "404", "401", "413", "503"

var (
	challenge = map[string]string{"WWW-Authenticate": "context.authorizer.challenge"}
	later     = map[string]string{"Retry-After": "'1'"}
)

// answers cover every response type, so that no body of AWS's own reaches a
// client (contract, section 6).
var answers = map[string]gatewayAnswer{
	"ACCESS_DENIED":                  {status: unauthorized, headers: challenge},
	"UNAUTHORIZED":                   {status: unauthorized},
	"EXPIRED_TOKEN":                  {status: unauthorized},
	"INVALID_API_KEY":                {status: unauthorized},
	"INVALID_SIGNATURE":              {status: unauthorized},
	"MISSING_AUTHENTICATION_TOKEN":   {status: notFound},
	"RESOURCE_NOT_FOUND":             {status: notFound},
	"REQUEST_TOO_LARGE":              {status: tooLarge},
	"BAD_REQUEST_BODY":               {status: "400", category: "InputError", description: "The body is not valid."},
	"BAD_REQUEST_PARAMETERS":         {status: "400", category: "InputError", description: "The parameters are not valid."},
	"UNSUPPORTED_MEDIA_TYPE":         {status: "400", category: "InputError", description: "The Content-Type is not supported."},
	"WAF_FILTERED":                   {status: "400", category: "InputError", description: "The request was refused by the firewall."},
	"THROTTLED":                      {status: busy, category: "ServerError", description: "The service is busy. Send the same request again.", headers: later},
	"QUOTA_EXCEEDED":                 {status: busy, category: "ServerError", description: "The service is busy. Send the same request again.", headers: later},
	"INTEGRATION_TIMEOUT":            {status: busy, category: "ServerError", description: "The service is out of time. Send the same request again.", headers: later},
	"INTEGRATION_FAILURE":            {status: busy, category: "ServerError", description: "The service is not available. Send the same request again.", headers: later},
	"AUTHORIZER_FAILURE":             {status: busy, category: "ServerError", description: "Sign-in is not available. Send the same request again.", headers: later},
	"API_CONFIGURATION_ERROR":        {status: "500", category: "ServerError", description: "Internal error."},
	"AUTHORIZER_CONFIGURATION_ERROR": {status: "500", category: "ServerError", description: "Internal error."},
	"DEFAULT_4XX":                    {category: "InputError", description: "The request is not valid."},
	"DEFAULT_5XX":                    {category: "ServerError", description: "Internal error."},
}

// customise gives the API its answers.
func customise(api awsapigateway.RestApi) {
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		a := answers[name]
		headers := map[string]*string{"X-Request-Id": jsii.String("context.requestId")}
		for k, v := range a.headers {
			headers[k] = jsii.String(v)
		}
		options := &awsapigateway.GatewayResponseOptions{
			Type:            responseType(name),
			ResponseHeaders: &headers,
			Templates:       a.templates(),
		}
		if a.status != "" {
			options.StatusCode = jsii.String(a.status)
		}
		api.AddGatewayResponse(jsii.String("Answer"+strings.ReplaceAll(name, "_", "")), options)
	}
}

func (a gatewayAnswer) templates() *map[string]*string {
	if a.category == "" {
		return &map[string]*string{"application/xml": jsii.String(""), "application/json": jsii.String("")}
	}
	text := a.description
	if a.category == "ServerError" {
		text += " Request id: $context.requestId"
	}
	xml := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><ErrorList xmlns="http://schemas.netwrix.com/api/v1/"><Error><Category>%s</Category><Description>%s</Description></Error></ErrorList>`, a.category, text)
	json := fmt.Sprintf(`{"ErrorList":[{"Category":"%s","Description":"%s"}]}`, a.category, text)
	return &map[string]*string{"application/xml": &xml, "application/json": &json}
}

func responseType(name string) awsapigateway.ResponseType {
	return awsapigateway.ResponseType_Of(jsii.String(name))
}
