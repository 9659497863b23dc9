package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// The DynamoDB actions that a room of the code needs. A transaction needs those
// of the writes in it.
var (
	reads  = []string{"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
	writes = []string{"dynamodb:PutItem", "dynamodb:ConditionCheckItem"}
)

// function is what a function is and may do: its policy and its environment
// follow from this and from nothing else.
type function struct {
	name    string
	about   string
	memory  func(Settings) float64 // MiB
	seconds float64                // behind API Gateway under its 29, so that it answers itself
	tables  map[tableName][]string // actions by table
	keyRing bool
}

func mebibytes(n float64) func(Settings) float64 { return func(Settings) float64 { return n } }

// functions are all functions of the API, and the one that keeps its ledger compact.
var functions = []function{
	{
		name: "authorizer", about: "who is calling, and with which role", memory: mebibytes(1024), seconds: 10, keyRing: true,
		tables: map[tableName][]string{directory: reads, state: append(writes[:1:1], reads...)},
	},
	{
		name: "enum", about: "pages of all records", memory: func(s Settings) float64 { return s.SearchMemory }, seconds: 28, keyRing: true,
		tables: map[tableName][]string{records: reads, directory: reads, state: append(writes[:1:1], reads...)},
	},
	{
		name: "search", about: "pages of the records that match", memory: func(s Settings) float64 { return s.SearchMemory }, seconds: 28, keyRing: true,
		tables: map[tableName][]string{records: reads, directory: reads, state: append(writes[:1:1], reads...)},
	},
	{
		name: "write", about: "stores batches of records", memory: mebibytes(1769), seconds: 28, keyRing: true,
		tables: map[tableName][]string{records: append(writes[:2:2], reads...), directory: reads},
	},
	{name: "fallback", about: "404 and 405", memory: mebibytes(128), seconds: 5},
	{
		name: "compact", about: "merges small segments", memory: mebibytes(1769), seconds: 240, keyRing: true,
		tables: map[tableName][]string{records: append(append(writes[:2:2], "dynamodb:DeleteItem"), reads...)},
	},
}

// binaries is where the built functions lie: one folder with a bootstrap each.
func binaries() string {
	if dir := os.Getenv("DOCKET_FUNCTIONS"); dir != "" {
		return dir
	}
	return filepath.Join("bin", "functions")
}

// newFunction makes any of them.
func newFunction(scope constructs.Construct, f function, s Settings, d *dataStack) awslambda.Function {
	logs := awslogs.NewLogGroup(scope, jsii.String(f.name+"Logs"), &awslogs.LogGroupProps{
		Retention:     retention(s.LogDays),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	role := awsiam.NewRole(scope, jsii.String(f.name+"Role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("Docket " + f.name + ": " + f.about),
	})
	role.AddToPolicy(allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn()))
	environ := map[string]*string{environment.LogLevel: jsii.String(s.LogLevel)}
	f.grantTables(role, environ, d)
	if f.keyRing {
		role.AddToPolicy(allow([]string{"secretsmanager:GetSecretValue"}, d.ring.SecretArn()))
		environ[environment.KeysSecret] = d.ring.SecretArn()
	}
	switch f.name {
	case "authorizer":
		environ[environment.Schemes] = jsii.String(s.Schemes)
		if d.keytab != nil {
			role.AddToPolicy(allow([]string{"secretsmanager:GetSecretValue"}, d.keytab.SecretArn()))
			environ[environment.KeytabSecret] = d.keytab.SecretArn()
			environ[environment.Realms] = list(s.Realms)
			environ[environment.GroupSIDs] = list(s.GroupSIDs)
		}
	case "enum", "search":
		environ[environment.TimeZone] = jsii.String(s.TimeZone)
	}
	return awslambda.NewFunction(scope, jsii.String(f.name), &awslambda.FunctionProps{
		Description:  jsii.String("Docket: " + f.about),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         awslambda.Code_FromAsset(jsii.String(filepath.Join(binaries(), f.name)), nil),
		MemorySize:   jsii.Number(f.memory(s)),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(f.seconds)),
		Environment:  &environ,
		Role:         role,
		LogGroup:     logs,
		Tracing:      awslambda.Tracing_ACTIVE,
	})
}

// grantTables lets a role do exactly what the function's table says, and use
// the key through DynamoDB and Secrets Manager alone.
func (f function) grantTables(role awsiam.Role, environ map[string]*string, d *dataStack) {
	variables := map[tableName]string{records: environment.RecordsTable, directory: environment.DirectoryTable, state: environment.StateTable}
	for _, name := range []tableName{records, directory, state} {
		actions, ok := f.tables[name]
		if !ok {
			continue
		}
		role.AddToPolicy(allow(actions, d.tables[name].TableArn()))
		environ[variables[name]] = d.tables[name].TableName()
	}
	if len(f.tables) == 0 {
		return
	}
	statement := allow([]string{"kms:Decrypt"}, d.key.KeyArn())
	statement.AddCondition(jsii.String("StringEquals"), map[string]any{
		"kms:ViaService": []*string{via(d, "dynamodb"), via(d, "secretsmanager")},
	})
	role.AddToPolicy(statement)
}

func via(d *dataStack, service string) *string {
	return awscdk.Fn_Join(jsii.String("."), &[]*string{jsii.String(service), d.Stack.Region(), d.Stack.UrlSuffix()})
}

func allow(actions []string, resources ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...), Resources: &resources})
}

// retention maps days to CloudWatch's steps (settings.go checked them).
func retention(days float64) awslogs.RetentionDays {
	return map[float64]awslogs.RetentionDays{
		1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS, 7: awslogs.RetentionDays_ONE_WEEK,
		14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH, 60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS,
		120: awslogs.RetentionDays_FOUR_MONTHS, 150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
		400: awslogs.RetentionDays_THIRTEEN_MONTHS, 545: awslogs.RetentionDays_EIGHTEEN_MONTHS, 731: awslogs.RetentionDays_TWO_YEARS,
		1827: awslogs.RetentionDays_FIVE_YEARS, 3653: awslogs.RetentionDays_TEN_YEARS,
	}[days]
}

// grant adds a statement to a role that is there for certain.
func grant(role awsiam.IRole, statement awsiam.PolicyStatement) {
	role.AddToPrincipalPolicy(statement)
}

func number(n int) *string { return jsii.String(strconv.Itoa(n)) }

// list is texts as a list in JSON, never null.
func list(texts []string) *string {
	b, err := json.Marshal(slices.Concat([]string{}, texts))
	if err != nil {
		panic(err) // texts are always encoded
	}
	return jsii.String(string(b))
}

func join(list []*string) *string { return awscdk.Fn_Join(jsii.String(","), &list) }
