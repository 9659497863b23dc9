// The infra command is the CDK app: it writes the CloudFormation templates of a
// Docket deployment.
//
// There are two stacks. The data stack holds what must outlive every
// deployment: tables, the key that encrypts them, the secret with the key ring.
// All of it is retained and protected against deletion, and its logical ids are
// golden, because a changed id means a new, empty table. The API stack holds what
// can be made anew at any time: the REST API, functions, logs, alarms.
//
// Settings come from the context in cdk.json (docs/deployment.md has the table). Each
// concern has a file; pointers of jsii stay at its edges. What a function may do
// is a table in functions.go, from which its policy and its environment follow.
package main
