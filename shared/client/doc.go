// Package client speaks the Integration API over HTTP as a careful client
// would: it is what the command line uses, and other programs may.
//
// A Client signs in with Basic, sent at once, or with Digest (RFC 7616; MD5 and
// SHA-256, qop=auth), repeats what was lost or answered with 502, 503 or 504
// with growing pauses, and never follows a redirect, which could carry a password
// elsewhere.
//
// Repeating is safe. Reads change nothing and a mark always gives the same
// place; every write carries an Idempotency-Key, the same on each attempt, so a
// write whose answer was lost is not stored twice (contract, section 3). A
// caller that wants this across its own restarts passes a key it can derive
// again.
//
// Errors: *Refused is an answer of the server that repeating does not change;
// its Errors are those of the body. Any other error means that the server was
// not reached or stayed busy, and the outcome of a write is then unknown until
// it is repeated with the same key.
package client
