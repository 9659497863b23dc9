// Package clients holds the client matrix: programs that people use against
// the API, signing in by each scheme they know, over HTTP and HTTPS. Its tests
// run them against servers that watch what they send, one for each offer of
// schemes, and against the real `docket serve`. The tables in
// docs/authentication.md are what they saw (-update writes them).
//
// A client gets a script of exchanges. Each exchange is a fresh client without
// anything remembered and one or more requests, which a client that keeps
// connections sends on one. It prints the status of each request on a line. One
// run of a client visits all servers.
//
// testdata/install puts what no distribution has into bin/clients.
//
// Where a program is not installed its rows are skipped with the reason, except
// in continuous integration (CI=true), where that is a failure.
package clients
