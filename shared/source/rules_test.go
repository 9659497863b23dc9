package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/activity"
)

// TestRules: the events that no real file holds, each with its details.
func TestRules(t *testing.T) {
	m := newTestMapper(t)
	var got bytes.Buffer
	for i, text := range ruleEvents(t) {
		r, err := m.Event(text)
		if err != nil {
			t.Fatalf("event %d: %v", i+1, err)
		}
		keep := r.Details[:0]
		for _, d := range r.Details { // those that are the same in all events say nothing here
			if !strings.HasPrefix(d.PropertyName, "event") && !strings.HasPrefix(d.PropertyName, "userIdentity") {
				keep = append(keep, d)
			}
		}
		r.Details = keep
		got.WriteString(show(&r))
	}
	golden(t, "testdata/mapped.golden", got.Bytes())
}

// ruleEvents writes whole events around what matters of each line: source, name,
// then any other members.
func ruleEvents(t testing.TB) []json.RawMessage {
	t.Helper()
	var list []json.RawMessage
	for line := range strings.Lines(ruleLines) {
		source, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, more, _ := strings.Cut(rest, " ")
		if more == "" {
			more = "{}"
		}
		event := map[string]any{
			"eventVersion": "1.08", "eventTime": "2026-01-02T03:04:05Z", "awsRegion": "eu-central-1", "recipientAccountId": "123456789012",
			"sourceIPAddress": "198.51.100.7", "eventID": "id", "eventSource": source + ".amazonaws.com", "eventName": name,
			"userIdentity": map[string]any{"type": "IAMUser", "userName": "ann"},
		}
		var members map[string]any
		if err := json.Unmarshal([]byte(more), &members); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		short := map[string]string{"q": "requestParameters", "a": "responseElements", "e": "errorCode", "u": "userIdentity", "x": "additionalEventData"}
		for k, v := range members {
			if long, ok := short[k]; ok {
				k = long
			}
			event[k] = v
		}
		data, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

// ruleLines: source, event, and members: q the request, a the answer, e the error
// code, u the identity, x the additional data.
const ruleLines = `signin ConsoleLogin {"a":{"ConsoleLogin":"Failure"},"errorMessage":"Failed authentication","x":{"MFAUsed":"No"}}
signin ConsoleLogin {"a":{"ConsoleLogin":"Success"},"x":{"MFAUsed":"Yes"},"u":{"type":"Root"}}
sts AssumeRole {"e":"AccessDenied","q":{"roleArn":"arn:aws:iam::1:role/admin","roleSessionName":"s"}}
sts AssumeRoleWithSAML {"q":{"roleArn":"arn:aws:iam::1:role/admin","sAMLAssertion":"PHNhbWw"},"a":{"credentials":{"accessKeyId":"ASIA1","secretAccessKey":"abc","sessionToken":"tok"}},"u":{"type":"SAMLUser","userName":"ann@example.org"}}
iam CreateUser {"q":{"userName":"bob","path":"/x/"},"a":{"user":{"userName":"bob","arn":"arn:aws:iam::1:user/x/bob"}}}
iam CreateUser {"q":{"userName":"bob"},"e":"EntityAlreadyExistsException"}
iam DeleteUser {"q":{"userName":"bob"}}
iam UpdateUser {"q":{"userName":"bob","newUserName":"rob"}}
iam UpdateUser {"q":{"userName":"bob","newPath":"/y/"}}
iam AttachUserPolicy {"q":{"userName":"bob","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}}
iam DetachUserPolicy {"q":{"userName":"bob","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"},"e":"AccessDenied"}
iam PutUserPolicy {"q":{"userName":"bob","policyName":"p","policyDocument":"{\"Statement\":[]}"}}
iam ChangePassword {"q":{"oldPassword":"a","newPassword":"b"}}
iam CreateGroup {"q":{"groupName":"admins"}}
iam UpdateGroup {"q":{"groupName":"admins","newGroupName":"ops"}}
iam DeleteGroup {"q":{"groupName":"admins"}}
iam AddUserToGroup {"q":{"groupName":"admins","userName":"bob"}}
iam RemoveUserFromGroup {"q":{"groupName":"admins","userName":"bob"}}
iam UpdateAssumeRolePolicy {"q":{"roleName":"r","policyDocument":"{\"Statement\":[]}"}}
iam CreatePolicyVersion {"q":{"policyArn":"arn:p","policyDocument":"{}","setAsDefault":true},"a":{"policyVersion":{"versionId":"v2"}}}
iam SetDefaultPolicyVersion {"q":{"policyArn":"arn:p","versionId":"v1"}}
iam CreateAccessKey {"q":{"userName":"bob"},"a":{"accessKey":{"userName":"bob","accessKeyId":"AKIA1","status":"Active","secretAccessKey":"wJalr"}}}
iam UpdateAccessKey {"q":{"userName":"bob","accessKeyId":"AKIA1","status":"Inactive"}}
iam DeleteAccessKey {"q":{"userName":"bob","accessKeyId":"AKIA1"}}
iam CreateLoginProfile {"q":{"userName":"bob","password":"hunter2","passwordResetRequired":true}}
iam UpdateLoginProfile {"q":{"userName":"bob","password":"hunter2"}}
iam CreateVirtualMFADevice {"q":{"virtualMFADeviceName":"m"},"a":{"virtualMFADevice":{"serialNumber":"arn:aws:iam::1:mfa/m","base32StringSeed":"ABC","qRCodePNG":"xyz"}}}
iam EnableMFADevice {"q":{"userName":"bob","serialNumber":"arn:aws:iam::1:mfa/m","authenticationCode1":"123456"}}
iam EnableMFADevice {"q":{"userName":"bob","serialNumber":"arn:aws:iam::1:mfa/m"},"e":"InvalidAuthenticationCode"}
iam DeactivateMFADevice {"q":{"userName":"bob","serialNumber":"arn:aws:iam::1:mfa/m"}}
s3 PutBucketPolicy {"q":{"bucketName":"b","bucketPolicy":{"Statement":[{"Principal":"*"}]}},"e":"AccessDenied"}
s3 DeleteBucketPolicy {"q":{"bucketName":"b"}}
s3 PutBucketAcl {"q":{"bucketName":"b","x-amz-acl":"public-read"}}
s3 PutBucketPublicAccessBlock {"q":{"bucketName":"b","PublicAccessBlockConfiguration":{"BlockPublicAcls":false}}}
s3 DeleteBucketPublicAccessBlock {"q":{"bucketName":"b"}}
s3 PutObject {"q":{"bucketName":"b","key":"a/b.txt","X-Amz-Security-Token":"t","X-Amz-Signature":"s"}}
kms CreateKey {"q":{"policy":"{}","description":"d"},"a":{"keyMetadata":{"arn":"arn:k","keyId":"k"}}}
kms ScheduleKeyDeletion {"q":{"keyId":"k","pendingWindowInDays":7},"a":{"deletionDate":"Jan 9, 2026","keyState":"PendingDeletion"}}
kms DisableKey {"q":{"keyId":"k"}}
kms PutKeyPolicy {"q":{"keyId":"k","policyName":"default","policy":"{}"}}
kms GenerateDataKeyWithoutPlaintext {"q":{"keyId":"k"}}
ec2 CreateSecurityGroup {"q":{"groupName":"g","groupDescription":"d","vpcId":"vpc-1"},"a":{"groupId":"sg-1","_return":true}}
ec2 AuthorizeSecurityGroupIngress {"q":{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22}]}}}
ec2 RevokeSecurityGroupEgress {"q":{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"-1"}]}}}
ec2 RunInstances {"q":{"instanceType":"t3.micro","instancesSet":{"items":[{"imageId":"ami-1"}]},"userData":"secret"},"a":{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}}
ec2 StopInstances {"q":{"instancesSet":{"items":[{"instanceId":"i-1"}]}},"a":{"instancesSet":{"items":[{"instanceId":"i-1","currentState":{"code":64,"name":"stopping"},"previousState":{"code":16,"name":"running"}}]}}}
ec2 ModifyInstanceAttribute {"q":{"instanceId":"i-1","instanceType":{"value":"t3.large"}}}
lambda CreateFunction20150331 {"q":{"functionName":"f","runtime":"python3.12","role":"arn:r","handler":"h","environment":{"variables":{"A":"secret"}}}}
lambda UpdateFunctionCode20150331v2 {"q":{"functionName":"f"},"a":{"codeSha256":"abc"}}
lambda AddPermission20150331v2 {"q":{"functionName":"f","principal":"s3.amazonaws.com","action":"lambda:InvokeFunction","statementId":"s"}}
lambda DeleteFunction20150331 {"q":{"functionName":"f"}}
cloudtrail UpdateTrail {"q":{"name":"t","s3BucketName":"b"}}
cloudtrail StopLogging {"q":{"name":"t"}}
cloudtrail PutEventSelectors {"q":{"trailName":"t","eventSelectors":[{"readWriteType":"ReadOnly"}]}}
newservice FrobnicateWidgets {"q":{"widgetIds":["w1","w2"]}}
newservice BatchDeleteThings {"q":{"thingName":"x"}}
newservice Frobnicate {"readOnly":true}
glue CopyTable {"q":{"tableName":"x"},"e":"AccessDenied"}
signin UserAuthentication {"serviceEventDetails":{"UserAuthentication":"Failure"},"x":{"CredentialType":"PASSWORD"}}
signin PasswordRecoveryRequested {"u":{"type":"Root"}}
iam ListUsers
iam GetPolicyVersion {"q":{"policyArn":"arn:p","versionId":"v1"}}
iam ListAccessKeys {"q":{"userName":"bob"}}
iam TagMFADevice {"q":{"serialNumber":"arn:m","tags":[{"key":"a","value":"b"}]}}
s3 CreateAccessPoint {"q":{"name":"ap","bucket":"b"}}
s3 PutAccessPointPolicy {"q":{"name":"ap","policy":"{\"Statement\":[]}"}}
s3 GetBucketPolicy {"q":{"bucketName":"b"},"e":"NoSuchBucketPolicy"}
s3 PutBucketObjectLockConfiguration {"q":{"bucketName":"b","ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled"}}}
kms ImportKeyMaterial {"q":{"keyId":"k","validTo":"Jan 1, 2027"}}
kms DeleteImportedKeyMaterial {"q":{"keyId":"k"}}
kms DeleteKey {"resources":[{"ARN":"arn:k"}],"u":{"type":"AWSAccount","invokedBy":"AWS Internal"}}
kms TagResource {"q":{"keyId":"k","tags":[{"tagKey":"a","tagValue":"b"}]}}
ec2 DescribeSecurityGroups {"q":{"securityGroupIdSet":{"items":[{"groupId":"sg-1"}]}}}
ec2 DescribeInstances
ec2 ModifyInstanceMetadataOptions {"q":{"ModifyInstanceMetadataOptionsRequest":{"InstanceId":"i-1","HttpTokens":"optional"}}}
ec2 DisassociateIamInstanceProfile {"q":{"DisassociateIamInstanceProfileRequest":{"AssociationId":"a-1"}},"a":{"DisassociateIamInstanceProfileResponse":{"iamInstanceProfileAssociation":{"instanceId":"i-1","iamInstanceProfile":{"arn":"arn:ip"}}}}}
ec2-instance-connect SendSSHPublicKey {"q":{"instanceId":"i-1","instanceOSUser":"root","sSHPublicKey":"ssh-rsa AAAA"}}
lambda Invoke {"resources":[{"ARN":"arn:f"}]}
lambda CreateEventSourceMapping20150331 {"q":{"functionName":"f"},"a":{"eventSourceArn":"arn:q","uUID":"u"}}
lambda DeleteAlias20150331 {"q":{"functionName":"f","name":"live"}}
cloudtrail StopEventDataStoreIngestion {"q":{"eventDataStore":"arn:eds"}}
cloudtrail AddTags {"q":{"resourceId":"arn:t","tagsList":[{"key":"a"}]}}
cloudtrail PutResourcePolicy {"q":{"resourceArn":"arn:c","resourcePolicy":"{}"}}
cloudtrail DescribeTrails
cloudtrail DescribeTrails {"q":{"trailNameList":["a","b"]}}
kms TagResource {"q":{"keyId":"k","tags":[{"tagKey":"db-password","tagValue":"hunter2"}]}}`

// TestWho: what a person would call the actor.
func TestWho(t *testing.T) {
	m := newTestMapper(t)
	for _, c := range []struct{ identity, more, want string }{
		{`{"type":"IAMUser","userName":"ann"}`, ``, "ann"},
		{`{"type":"IAMUser","arn":"arn:aws:iam::1:user/team/ann"}`, ``, "ann"},
		{`{"type":"Root","arn":"arn:aws:iam::1:root","userName":"alias"}`, ``, "root"},
		{`{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/admin/ann@example.org"}`, ``, "admin/ann@example.org"},
		{`{"type":"AssumedRole","principalId":"AROA:i-1","sessionContext":{"sessionIssuer":{"userName":"web"}}}`, ``, "web/i-1"},
		{`{"type":"AssumedRole","principalId":"AROA:i-1"}`, ``, "i-1"},
		{`{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/ann"}`, ``, "ann"},
		{`{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`, ``, "ec2.amazonaws.com"},
		{`{"type":"AWSService"}`, ``, "s.amazonaws.com"},
		{`{"type":"AWSAccount","accountId":"2","principalId":"AROA:session"}`, ``, "session"},
		{`{"type":"AWSAccount","accountId":"2"}`, ``, "2"},
		{`{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1"}}`, ``, "u-1"},
		{`{"type":"WebIdentityUser","principalId":"accounts.example.org:app:ann","userName":"ann"}`, ``, "ann"},
		{`{"accountId":"1","invokedBy":"AWS Internal"}`, ``, "AWS Internal"},
		{`{}`, `,"eventType":"AwsServiceEvent"`, "s.amazonaws.com"},
		{`null`, ``, Unknown},
		{`"text"`, ``, Unknown},
		{`{"type":"IAMUser","userName":7}`, ``, Unknown},
		{`{"type":"IAMUser","userName":"` + strings.Repeat("ü", 300) + `"}`, ``, strings.Repeat("ü", 254) + "…"},
	} {
		r, err := m.Event([]byte(`{"eventSource":"s.amazonaws.com","eventName":"GetX","eventTime":"2026-01-01T00:00:00Z","userIdentity":` + c.identity + c.more + `}`))
		if err != nil || r.Who != c.want {
			t.Errorf("%s: %q, %v; want %q", c.identity, r.Who, err, c.want)
		}
	}
	r, err := m.Event([]byte(`{"eventSource":"s.amazonaws.com","eventName":"GetX","eventTime":"2026-01-01T00:00:00Z"}`))
	if err != nil || r.Who != Unknown || r.Where != Unknown || r.Item != "" {
		t.Errorf("without identity: %q, %q, %q, %v", r.Who, r.Where, r.Item, err)
	}
}

// TestRefused: what cannot be a record says why.
func TestRefused(t *testing.T) {
	m := newTestMapper(t)
	for in, want := range map[string]string{
		``:     "this is not JSON",
		`[]`:   "this is not a JSON object",
		`null`: "this is not a JSON object",
		`{}{}`: "something stands behind the value",
		`{"eventName":"X","eventTime":"2026-01-01T00:00:00Z"}`:                                             "eventSource is missing",
		`{"eventSource":"s","eventName":" ","eventTime":"2026-01-01T00:00:00Z"}`:                           "eventName is missing",
		`{"eventSource":"s","eventName":"X"}`:                                                              "eventTime is missing",
		`{"eventSource":"s","eventName":"X","eventTime":"yesterday"}`:                                      "eventTime is not a time",
		`{"eventSource":"s","eventName":"X","eventTime":null}`:                                             "eventTime is not a time",
		`{"eventSource":"s","eventName":"X","eventTime":"2026-01-01T00:00:00Z","x":` + "\"\\ud800\"" + `}`: "wrong at byte",
	} {
		if _, err := m.Event([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", in, err, want)
		}
	}
}

// TestExtended: a file in front replaces rules, verbs and names, and adds secrets.
func TestExtended(t *testing.T) {
	m := newTestMapper(t, `
verbs: {Sent: [Frobnicate]}
services: {newservice: New Service}
secrets: {names: [widgetcode]}
rules:
  - {source: iam.amazonaws.com, events: [CreateUser], action: Activated, object: Person, what: ["{requestParameters.userName}!"]}
`)
	for _, c := range []struct{ source, name, want string }{
		{"iam.amazonaws.com", "CreateUser", "Activated Person bob!"},
		{"iam.amazonaws.com", "DeleteUser", "Removed IAM User bob"},
		{"newservice.amazonaws.com", "FrobnicateWidget", "Sent New Service Widget bob"},
	} {
		r, err := m.Event(fmt.Appendf(nil, `{"eventSource":%q,"eventName":%q,"eventTime":"2026-01-01T00:00:00Z","requestParameters":{"userName":"bob","widgetCode":"s3cr3t"}}`, c.source, c.name))
		if got := fmt.Sprint(r.Action, " ", r.ObjectType, " ", r.What); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
		if strings.Contains(show(&r), "s3cr3t") {
			t.Errorf("%s: %s", c.name, show(&r))
		}
	}
}

// TestBadMappings: an error says what is wrong and where.
func TestBadMappings(t *testing.T) {
	for in, want := range map[string]string{
		"rules: [{source: s, events: [X], action: Done, object: o, what: [x]}]":                                     `rule 1 (s X): "Done" is not an action`,
		"rules: [{source: s, events: [X], action: Read, object: o}]":                                                "required",
		"rules: [{source: s, events: [X], action: Read, object: o, what: ['{a']}]":                                  "{ without }",
		"rules: [{source: s, events: [X], action: Read, object: o, what: ['a}']}]":                                  "} without {",
		"rules: [{source: s, events: [X], action: Read, object: o, what: ['{a..b}']}]":                              "names with dots between",
		"rules: [{source: s, events: [X], action: Read, object: o, what: [x], details: [{name: n}]}]":               `detail "n"`,
		"rules: [{source: s, events: [X], action: Read, object: o, what: [x], failedWhen: {path: ' ', is: x}}]":     "names with dots between",
		"rules: [{source: s, events: [X], action: Read, object: o, what: [x], unless: {path: a, action: Nothing}}]": "is not an action",
		"verbs: {Done: [X]}":                "is not an action",
		"failed: {Read: Nope}":              "is not an action",
		"secrets: {names: ['*']}":           "hide everything",
		"secrets: {values: ['']}":           "hide everything",
		"secrets: {places: [{source: s}]}":  "names with dots between",
		"what: ['{']":                       "what: ",
		"unknown: 1":                        "not of the form",
		"rules: {":                          "not of the form",
		strings.Repeat("#\n", MaxMapping):   "longer than",
		"rules: [{source: s, event: [X]}]":  "not of the form",
		"verbs: {Read: [X]}\nverbs: {}\n":   "not of the form",
		"rules: [{source: s, events: 'X'}]": "",
	} {
		_, err := NewMapping([]byte(in))
		if want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "mapping file 1: ") {
			t.Errorf("%.80s: %v; want %s", in, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"DescribeDBInstances": "Describe DB Instances", "GetBucketAcl": "Get Bucket Acl", "EnableMFADevice": "Enable MFA Device",
		"CheckMfa": "Check Mfa", "ListVPCs": "List VPCs", "a": "a", "": "", "ABC": "ABC", "Get_thing-x": "Get thing x", "ListVPCsOfX": "List VPCs Of X",
	} {
		if got := strings.Join(words(in), " "); got != want {
			t.Errorf("words of %q: %q; want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"Policies": "Policy", "Addresses": "Address", "Aliases": "Alias", "Status": "Status", "Access": "Access", "Instances": "Instance",
		"Analysis": "Analysis", "Boxes": "Box", "Batches": "Batch", "s": "s", "": "", "Metrics": "Metrics", "Statuses": "Status",
	} {
		if got := singular(in); got != want {
			t.Errorf("singular of %q: %q; want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"GetFunction20150331v2": "GetFunction", "CreateFunction20150331": "CreateFunction", "Invoke": "Invoke", "20150331": "20150331", "Getv2": "Getv2", "": "", "v": "v",
	} {
		if got := baseEvent(in); got != want {
			t.Errorf("base of %q: %q; want %q", in, got, want)
		}
	}
}

// TestWhen: fractions are kept where they were.
func TestWhen(t *testing.T) {
	m := newTestMapper(t)
	r, err := m.Event([]byte(`{"eventSource":"s.amazonaws.com","eventName":"GetX","eventTime":"2026-01-01T00:00:00.123Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := activity.Detail{PropertyName: "eventTime", After: "2026-01-01T00:00:00.123Z"}
	if diff := cmp.Diff(want, r.Details[len(r.Details)-1-1]); diff != "" && cmp.Diff(want, r.Details[len(r.Details)-1]) != "" {
		t.Error(diff, r.Details)
	}
}
