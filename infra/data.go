package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// dataStack is what must outlive every deployment.
type dataStack struct {
	awscdk.Stack
	key    awskms.Key
	tables map[tableName]awsdynamodb.ITable
	ring   awssecretsmanager.Secret
	keytab awssecretsmanager.Secret // nil where there is none
}

// tableName names one of the tables, and is its logical id.
type tableName string

const (
	records   tableName = "Records"
	directory tableName = "Directory"
	state     tableName = "State"
)

// The attributes of an item: partition, sort, expiry (package table/dynamo).
const (
	partitionKey = "p"
	sortKey      = "s"
	expiry       = "x"
)

func newDataStack(scope constructs.Construct, s Settings) *dataStack {
	d := &dataStack{tables: map[tableName]awsdynamodb.ITable{}}
	d.Stack = awscdk.NewStack(scope, jsii.String(s.Name+"Data"), &awscdk.StackProps{
		Description:           jsii.String("Docket: records, directory, state and keys. Deleting this stack keeps them."),
		TerminationProtection: jsii.Bool(true),
	})
	d.key = awskms.NewKey(d.Stack, jsii.String("Key"), &awskms.KeyProps{
		Description:       jsii.String("Docket: tables, secret and logs at rest"),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	})
	for _, name := range []tableName{records, directory, state} {
		d.tables[name] = d.table(name)
	}
	d.restored(records, s.RecordsTable)
	d.restored(directory, s.DirectoryTable)
	d.ring = awssecretsmanager.NewSecret(d.Stack, jsii.String("KeyRing"), &awssecretsmanager.SecretProps{
		Description:   jsii.String("Docket: the key ring. Losing it makes marks, RIDs and passwords worthless."),
		EncryptionKey: d.key,
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			SecretStringTemplate: jsii.String(`{"realm":"Docket"}`),
			GenerateStringKey:    jsii.String("seed"),
			PasswordLength:       jsii.Number(64),
			ExcludePunctuation:   jsii.Bool(true),
		},
	})
	if s.Keytab {
		d.keytab = awssecretsmanager.NewSecret(d.Stack, jsii.String("Keytab"), &awssecretsmanager.SecretProps{
			Description:   jsii.String("Docket: the keytab for Kerberos tickets, in its binary part. Whoever has it signs in as anybody who may use tickets."),
			EncryptionKey: d.key,
			RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
			// Until somebody puts a keytab there, it has a text and no binary part.
			GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
				SecretStringTemplate: jsii.String(`{"keytab":"none yet"}`), GenerateStringKey: jsii.String("unused"),
			},
		})
		output(d.Stack, "KeytabArn", d.keytab.SecretArn())
	}
	for name, t := range d.tables {
		output(d.Stack, string(name)+"TableName", t.TableName())
	}
	output(d.Stack, "KeyRingArn", d.ring.SecretArn())
	output(d.Stack, "KeyArn", d.key.KeyArn()) // for the policies of administrators
	return d
}

func (d *dataStack) table(name tableName) awsdynamodb.Table {
	return awsdynamodb.NewTable(d.Stack, jsii.String(string(name)), &awsdynamodb.TableProps{
		PartitionKey:                     &awsdynamodb.Attribute{Name: jsii.String(partitionKey), Type: awsdynamodb.AttributeType_BINARY},
		SortKey:                          &awsdynamodb.Attribute{Name: jsii.String(sortKey), Type: awsdynamodb.AttributeType_BINARY},
		TimeToLiveAttribute:              jsii.String(expiry),
		BillingMode:                      awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:                       awsdynamodb.TableEncryption_CUSTOMER_MANAGED,
		EncryptionKey:                    d.key,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		DeletionProtection:               jsii.Bool(true),
		RemovalPolicy:                    awscdk.RemovalPolicy_RETAIN,
	})
}

// restored puts a table that was restored from a backup in the place of the
// stack's own, which stays as it is. DynamoDB restores into new tables only. What
// the stack exports stays too: it is deployed before the functions, and would not
// be while they still use the old table.
func (d *dataStack) restored(name tableName, use string) {
	d.Stack.ExportValue(d.tables[name].TableName(), nil)
	d.Stack.ExportValue(d.tables[name].TableArn(), nil)
	if use != "" {
		d.tables[name] = awsdynamodb.Table_FromTableName(d.Stack, jsii.String("Restored"+string(name)), jsii.String(use))
	}
}

func output(stack awscdk.Stack, name string, value *string) {
	awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value})
}
