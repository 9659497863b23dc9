// Package rehearsal tests the AWS deployment on this machine: it builds the
// functions, synthesizes the template, runs docket rehearse over both and holds
// what that serves to the wire contract. There is nothing here but tests.
//
// What cannot hold behind API Gateway is in differences, with its reason, and in
// docs/rehearsal.md, which a test compares with it.
package rehearsal
