package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	"github.com/spf13/cobra"
)

// defaultStack is the name of a deployment whose cdk.json does not change it.
const defaultStack = "Docket"

// The outputs of the data stack, by which the parts of a deployment are found
// (infra/data.go). Not all tables are opened by the command line; those that are
// have the names of a data directory's.
const ringOutput = "KeyRingArn"

var tableOutputs = map[string]string{
	directoryTable: "DirectoryTableName",
	recordsTable:   "RecordsTableName",
	stateTable:     "StateTableName",
}

// awsFlags say which deployment a command works on, if on any.
type awsFlags struct {
	on                     bool
	stack, region, profile string
	endpoint               string
}

// add makes the flags, for a command and those below it that also work on a data
// directory.
func (f *awsFlags) add(c *cobra.Command) {
	f.addAlone(c)
	c.MarkFlagsMutuallyExclusive("aws", "data")
	c.MarkFlagsMutuallyExclusive("endpoint", "data")
}

// addAlone makes them for commands that work on deployments alone.
func (f *awsFlags) addAlone(c *cobra.Command) {
	p := c.PersistentFlags()
	p.BoolVar(&f.on, "aws", false, "work on a deployment in AWS, with the rights of your AWS credentials")
	p.StringVar(&f.stack, "stack", "", "with --aws: name of the deployment in its cdk.json (default "+defaultStack+")")
	p.StringVar(&f.region, "region", "", "with --aws: region of the deployment (default from AWS_REGION or the profile)")
	p.StringVar(&f.profile, "profile", "", "with --aws: profile of your AWS configuration (default from AWS_PROFILE)")
	p.StringVar(&f.endpoint, "endpoint", "", "instead of AWS, with --aws: the services of a rehearsal at this URL")
}

// check refuses flags that would be ignored: somebody who names a stack does not
// mean the data directory.
func (f *awsFlags) check() error {
	f.on = f.on || f.endpoint != ""
	if !f.on && (f.stack != "" || f.region != "" || f.profile != "") {
		return &exitError{exitUsage, errors.New("--stack, --region and --profile say where in AWS: give --aws as well")}
	}
	return nil
}

// rehearsalRegion is that of the twins of package gateway.
const rehearsalRegion = "us-east-1"

// deployment is where the parts of a deployment are.
type deployment struct {
	cfg     aws.Config
	stack   string // the one whose outputs these are
	outputs map[string]string
}

// open finds a deployment and reads its key ring.
func (f *awsFlags) open(ctx context.Context) (*dataDir, error) {
	d, err := f.deployment(ctx, "Data")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{tableOutputs[directoryTable], tableOutputs[recordsTable], tableOutputs[stateTable], ringOutput} {
		if d.outputs[name] == "" {
			return nil, fmt.Errorf("stack %s in %s has no output %s: it is not Docket's, or its deployment has not ended", d.stack, d.cfg.Region, name)
		}
	}
	ring, err := d.keyRing(ctx)
	if err != nil {
		return nil, err
	}
	return &dataDir{Path: "stack " + d.stack, Ring: ring, deployed: d}, nil
}

// deployment connects, and reads the outputs of one of a deployment's stacks.
func (f *awsFlags) deployment(ctx context.Context, part string) (*deployment, error) {
	stack := f.stack
	if stack == "" {
		stack = defaultStack
	}
	d := &deployment{stack: stack + part}
	if err := d.connect(ctx, f); err != nil {
		return nil, err
	}
	return d, d.find(ctx)
}

// connect finds region and credentials, before any call, where it can be said
// plainly that there are none.
func (d *deployment) connect(ctx context.Context, f *awsFlags) error {
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{}), config.WithAPIOptions([]func(*middleware.Stack) error{dynamo.KeepConnection})}
	if f.region != "" {
		options = append(options, config.WithRegion(f.region))
	}
	if f.profile != "" {
		options = append(options, config.WithSharedConfigProfile(f.profile))
	}
	if f.endpoint != "" { // a rehearsal knows no credentials, and must not be shown any
		options = append(options, config.WithBaseEndpoint(f.endpoint), config.WithRegion(rehearsalRegion),
			config.WithCredentialsProvider(awscredentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", "")))
	}
	var err error
	if d.cfg, err = config.LoadDefaultConfig(ctx, options...); err != nil {
		return fmt.Errorf("read the AWS configuration: %w", err)
	}
	if d.cfg.Region == "" {
		return errors.New("no AWS region: name that of the deployment with --region or AWS_REGION")
	}
	if _, err := d.cfg.Credentials.Retrieve(ctx); err != nil {
		return fmt.Errorf("no AWS credentials: sign in (aws sso login, aws configure), or name a profile with --profile: %w", err)
	}
	return nil
}

// find reads the outputs of the stack.
func (d *deployment) find(ctx context.Context) error {
	out, err := cloudformation.NewFromConfig(d.cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &d.stack})
	if code, text := apiError(err); code == "ValidationError" && strings.Contains(text, "does not exist") {
		return fmt.Errorf("there is no stack %s in %s: name the deployment with --stack and its region with --region", d.stack, d.cfg.Region)
	}
	if err != nil {
		return d.explain(fmt.Errorf("look up stack %s in %s: %w", d.stack, d.cfg.Region, err))
	}
	d.outputs = map[string]string{}
	for _, s := range out.Stacks {
		for _, o := range s.Outputs {
			d.outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
		}
	}
	return nil
}

func (d *deployment) keyRing(ctx context.Context) (*keys.Ring, error) {
	arn := d.outputs[ringOutput]
	out, err := secretsmanager.NewFromConfig(d.cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return nil, d.explain(fmt.Errorf("read the key ring: %w", err))
	}
	ring, err := keys.Parse([]byte(aws.ToString(out.SecretString)))
	if err != nil {
		return nil, fmt.Errorf("read the key ring %s: %w", arn, err)
	}
	return ring, nil
}

// saveRing replaces the secret. Secrets Manager keeps the version before it.
func (d *deployment) saveRing(ctx context.Context, ring *keys.Ring) error {
	document, err := ring.Marshal()
	if err != nil {
		return err
	}
	arn := d.outputs[ringOutput]
	_, err = secretsmanager.NewFromConfig(d.cfg).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: aws.String(string(document))})
	if err != nil {
		return d.explain(fmt.Errorf("store the key ring: %w", err))
	}
	return nil
}

// table is a table of the deployment, by its name in a data directory.
func (d *deployment) table(name string) table.Table {
	return dynamo.New(d.cfg, d.outputs[tableOutputs[name]], dynamo.Options{})
}

// refused and unsigned are the codes with which AWS's services say that a caller
// may not do this, or is nobody they know.
var (
	refused  = map[string]bool{"AccessDenied": true, "AccessDeniedException": true, "KMSAccessDeniedException": true}
	unsigned = map[string]bool{
		"ExpiredToken": true, "ExpiredTokenException": true, "InvalidClientTokenId": true, "InvalidSignatureException": true,
		"SignatureDoesNotMatch": true, "UnrecognizedClientException": true,
	}
)

// explain adds what to do to an error of AWS.
func (d *deployment) explain(err error) error {
	switch code, _ := apiError(err); {
	case refused[code]:
		return fmt.Errorf("%w\nyour AWS credentials may not do this: docs/deployment.md has the policy that an administrator needs", err)
	case unsigned[code]:
		return fmt.Errorf("%w\nAWS does not accept your credentials: sign in again, or name a profile with --profile", err)
	}
	return err
}

// apiError is the code and the text with which a service of AWS refused, or
// nothing if the error is another one.
func apiError(err error) (code, text string) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", ""
	}
	return api.ErrorCode(), api.ErrorMessage()
}
