// Package objects is a versioned bucket of Amazon S3 on one machine, as far as a
// rehearsal needs it: objects are put, read – by version, with a range, if the ETag
// is still the same – and deleted, over HTTP with the bucket in the path, and for
// each new version there is an event "Object Created" as EventBridge gets it. A
// folder can stand in for the uploads: what is put there becomes objects.
//
// Signatures are not checked. Bodies that the SDK cuts into chunks with a trailer
// (Content-Encoding aws-chunked) are refused. Nothing survives Close.
//
// Sources: Amazon S3 user guide ("Using EventBridge", event message structure;
// "Conditional requests"), API reference (PutObject, GetObject, DeleteObject, error
// responses).
package objects
