// Package activity holds the activity record: who did what, when and where.
//
// It knows the fields of a record, the closed list of actions, the limits of
// the wire contract (section 3) and how a record is checked against them. It
// knows no format and no storage and imports nothing of Docket's.
//
// Text is kept exactly as it was given. An optional text that is empty counts
// as absent: neither format of the API can be relied on to tell the two apart,
// and an absent field is left out of every answer.
package activity
