// Package source turns what arrives without an HTTP client into activity records:
// files of records in the formats of the API, and events of CloudTrail.
//
// # Files
//
// A Reader tells by content what a file is: gzip or not; API XML; API JSON (an
// array, or what the API answers); NDJSON; a log file of CloudTrail
// ({"Records":[…]}); events of CloudTrail or EventBridge, one or many. What an
// entry is, is told for each entry, so one file may hold several kinds. Entries
// are numbered from 1 in the order of the file, refused ones included: the number
// of an entry depends on the file's bytes alone.
//
// A refused entry costs itself alone. Where a file cannot be followed any further
// (it is cut off, it is not text) the rest is one refusal, so nothing vanishes.
// Memory is bounded by MaxEntry and by what recordfile needs to find an entry's
// end, whatever the size of the file or of what is packed in it.
//
// # Events of CloudTrail
//
// A Mapping is data: cloudtrail.yaml says how events become records, and a file of
// the same form can be put in front of it. Its own comments explain it. The parts
// that are the same for all events are code:
//
//	When         eventTime, to the second
//	Who          IAM user: its name; role: ROLE/SESSION; root: root; service: its
//	             name; others: the last part of their ARN or principal
//	Where        ACCOUNT/REGION
//	Workstation  sourceIPAddress
//	DataSource   Amazon Web Services
//	Item         ACCOUNT (AWS Account)
//	Action, ObjectType, What and details with before and after: by rule, or by the
//	             verb and noun of eventName
//
// Everything else that an event has is in the details, under its path, with the
// value as After. Objects are spread, lists are JSON. Only what a field or another
// detail holds whole is not repeated, and null at the top is left out. A detail has
// at most maxValue bytes and a record maxDetails of them and maxRecord bytes: what
// was left out is counted in the last one.
//
// Secrets are replaced before anything is read from an event, in any place, also
// in JSON within a text.
//
// The reference is "CloudTrail record contents" of the CloudTrail user guide.
package source
