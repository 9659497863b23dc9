package main

import (
	"docket/shared/environment"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// ingestStack is what takes records without a client: queues, a bucket, rules
// and the ingest function. It is a stack of its own, so that it goes on while the
// API is made anew, and so that a source can be switched off without two stacks
// waiting for one another. What holds something is retained.
type ingestStack struct {
	awscdk.Stack
	settings Settings
	key      awskms.Key
	inlets   []*inlet
	drop     awss3.Bucket // nil without ingestBucket
	function awslambda.Function
	// eventsMay says that the key lets EventBridge in.
	eventsMay bool
}

// inlet is a queue of the function and its dead letters.
type inlet struct {
	name        string
	queue, dead awssqs.Queue
	batch       float64 // messages an invocation
	window      float64 // seconds to wait for them
	variables   [2]string
}

// How messages are delivered.
const (
	ingestSeconds = 60                // an invocation; longer files are continued by another
	visibility    = 6 * ingestSeconds // six times, as AWS advises: a throttled function must not lose receives
	maxReceives   = 10                // an hour of a database that is away, until a message is a dead letter
	queueDays     = 7
	deadDays      = 14 // SQS's most; counted from when the message was first sent
	messageBytes  = 1<<20 - 16<<10
	dropDays      = 90 // for which a file can be read again
)

// newIngestStack makes nothing where no source is on.
func newIngestStack(scope constructs.Construct, s Settings, d *dataStack) *ingestStack {
	if !s.Ingestion.any() {
		return nil
	}
	i := &ingestStack{settings: s}
	i.Stack = awscdk.NewStack(scope, jsii.String(s.Name+"Ingest"), &awscdk.StackProps{
		Description: jsii.String("Docket: records from queues, files and events. Deleting this stack keeps queues, files and key."),
	})
	i.Stack.AddStackDependency(d.Stack, nil)
	i.key = awskms.NewKey(i.Stack, jsii.String("Key"), &awskms.KeyProps{
		Description: jsii.String("Docket: queues, dropped files and alarms at rest"), EnableKeyRotation: jsii.Bool(true), RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
	output(i.Stack, "KeyArn", i.key.KeyArn())
	if s.Queue {
		i.inlet(&inlet{name: "Records", batch: 1000, window: 2, variables: [2]string{environment.RecordsQueue, environment.RecordsDead}})
	}
	if s.files() {
		i.files()
	}
	if s.events() {
		i.events()
	}
	i.ingest(d)
	watch(i.Stack, i.key, s, i.alarms(), i.graphs())
	return i
}

// inlet makes a queue and the one for its dead letters.
func (i *ingestStack) inlet(in *inlet) *inlet {
	queue := func(id string, props awssqs.QueueProps) awssqs.Queue {
		props.Encryption, props.EncryptionMasterKey = awssqs.QueueEncryption_KMS, i.key
		props.DataKeyReuse = awscdk.Duration_Hours(jsii.Number(1))
		props.EnforceSSL = jsii.Bool(true)
		props.RemovalPolicy = awscdk.RemovalPolicy_RETAIN
		q := awssqs.NewQueue(i.Stack, jsii.String(id), &props)
		output(i.Stack, id+"Url", q.QueueUrl())
		return q
	}
	in.dead = queue(in.name+"Dead", awssqs.QueueProps{RetentionPeriod: awscdk.Duration_Days(jsii.Number(deadDays))})
	in.queue = queue(in.name+"Queue", awssqs.QueueProps{
		RetentionPeriod:   awscdk.Duration_Days(jsii.Number(queueDays)),
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(visibility)),
		// A dead letter is larger than its message, by the reason.
		MaxMessageSizeBytes: jsii.Number(messageBytes),
		DeadLetterQueue:     &awssqs.DeadLetterQueue{Queue: in.dead, MaxReceiveCount: jsii.Number(maxReceives)},
	})
	i.inlets = append(i.inlets, in)
	return in
}

// files makes the bucket and the queue of what is new in it and in the other
// buckets on the list.
func (i *ingestStack) files() {
	in := i.inlet(&inlet{name: "Files", batch: 10, variables: [2]string{environment.FilesQueue, environment.FilesDead}})
	var names []any
	if i.settings.Bucket {
		i.drop = i.bucket()
		output(i.Stack, "DropBucketName", i.drop.BucketName())
		names = append(names, i.drop.BucketName())
	}
	for _, name := range i.settings.Buckets {
		names = append(names, name)
	}
	i.rule("NewFiles", "new objects of the buckets on the list", in, pattern{
		"source": []any{"aws.s3"}, "detail-type": []any{"Object Created"}, "detail": map[string]any{"bucket": map[string]any{"name": names}},
	}, "ENABLED")
}

// bucket keeps versions, so that a file that is overwritten before it was read is
// read all the same.
func (i *ingestStack) bucket() awss3.Bucket {
	days := func(n float64) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }
	access := awss3.NewBucket(i.Stack, jsii.String("DropLogs"), &awss3.BucketProps{
		Encryption: awss3.BucketEncryption_S3_MANAGED, // log delivery cannot use a key of the customer's
		EnforceSSL: jsii.Bool(true), BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		LifecycleRules: &[]*awss3.LifecycleRule{{Expiration: days(i.settings.LogDays)}},
		RemovalPolicy:  awscdk.RemovalPolicy_RETAIN,
	})
	b := awss3.NewBucket(i.Stack, jsii.String("Drop"), &awss3.BucketProps{
		Encryption: awss3.BucketEncryption_KMS, EncryptionKey: i.key, BucketKeyEnabled: jsii.Bool(true), Versioned: jsii.Bool(true),
		EnforceSSL: jsii.Bool(true), BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(), ObjectOwnership: awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		ServerAccessLogsBucket: access,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Expiration: days(dropDays), NoncurrentVersionExpiration: days(dropDays), AbortIncompleteMultipartUploadAfter: days(7),
		}},
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
	// The property of the CDK for this would add a function in another language,
	// with rights on all buckets, only to set it.
	b.Node().DefaultChild().(awss3.CfnBucket).SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: jsii.Bool(true)},
	})
	return b
}
