// Package contracttest is the wire contract as a black-box test suite: it
// speaks HTTP to a running Docket and knows nothing of how it is made. It runs
// against the local server and against the rehearsal of the AWS deployment, with
// the same results.
//
// The target must have the demo accounts and plans (contract, section 9). The
// suite adds records, each under a text of its own, and changes nothing else, so
// that it can run against a store that holds others.
package contracttest
