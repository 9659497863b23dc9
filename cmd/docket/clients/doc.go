// Package clients holds the client matrix: programs that people use against
// the API, signing in by each scheme they know, over HTTP and HTTPS. Its tests
// run them against a server that watches what they send, and against the real
// `docket serve`.
//
// A client gets a script of exchanges. Each exchange is a fresh client without
// anything remembered and one or more requests, which a client that keeps
// connections sends on one. It prints the status of each request on a line.
//
// Where a program is not installed its rows are skipped with the reason, except
// in continuous integration (CI=true), where that is a failure.
package clients
