// Package shell is what the functions have in common: reading the environment
// and the key ring once at start, connecting the shared packages to DynamoDB, and
// turning events of API Gateway into HTTP requests and back.
//
// An instance may be frozen between requests for hours and thawed in the middle
// of a sentence. Nothing here depends on it: caches hold what never changes, and
// what may have changed is read strongly on each request.
package shell
