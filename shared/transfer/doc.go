// Package transfer brings whole files of records into a database and out of it,
// over the API, so that a transfer that was cut off can be taken up again
// without losing or repeating a record.
//
// # Import
//
// An Importer cuts files into batches and writes them, several at a time if
// asked to. With a state file a batch's place – file, first record, number of
// records – is on disk before the batch is sent, and taken off when it is
// acknowledged. After a crash the places found there are sent again with the
// same boundaries and so, since the Idempotency-Key is a hash of the state's own
// random name, the place and the content, with the same keys: the server stores
// what it had not and acknowledges what it had. The server keeps keys for 24
// hours (contract, section 3); an older state says so in Result.Doubtful.
//
// The server refuses a batch as a whole and says which records are to blame.
// With OnError Skip these are reported and the rest is sent again; when it cannot
// be told which they are, or the batch is too large, it is halved until it can.
//
// # Export
//
// An Exporter follows continuation marks to the end. With a state file it keeps
// the mark after what was written is on disk, together with the length of the
// output, to which the output is cut back when it is taken up again: a crash in
// between leaves no half page and no page twice.
package transfer
