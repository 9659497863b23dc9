package activity

import "unicode/utf8"

// MaxName is the longest Who, Where, ObjectType, PropertyName and plan name,
// in Unicode code points (contract, section 3).
const MaxName = 255

// Record is one activity record as Docket keeps it.
//
// Who, Where, ObjectType, What, Action and When are always present in a stored
// record; the rest may be empty, which means absent.
type Record struct {
	Who        string // at most MaxName code points
	Where      string // at most MaxName code points
	ObjectType string // at most MaxName code points
	What       string
	Action     Action
	When       int64 // seconds since 1970-01-01T00:00:00Z, MinWhen to MaxWhen

	Plan        Plan   // the plan as it stood at the write; the zero Plan is no plan
	Item        string // with its type: "web01 (Integration)"
	DataSource  string // "Netwrix API" for records written through the API
	Workstation string

	// ArchiveOnly keeps the record out of every enum and search answer.
	ArchiveOnly bool

	Details []Detail
}

// Plan names a monitoring plan: the ID decides rights, the name is what people
// search for.
type Plan struct {
	ID   string
	Name string
}

// Detail is one property that the activity touched. Message is set by sources
// other than the API and is output only on the wire.
type Detail struct {
	PropertyName string // at most MaxName code points
	Message      string
	Before       string
	After        string
}

// RIDLen is the length of a record's identifier: 17 decimal digits of UTC
// commit time to the millisecond (YYYYMMDDhhmmssfff) and 32 hexadecimal digits.
const RIDLen = 49

// RID identifies a stored record for ever. It is computed from where the
// record lies, never stored and never chosen by a client.
type RID [RIDLen]byte

func (r RID) String() string { return string(r[:]) }

// Stored is a record with the identity that the ledger gave it.
type Stored struct {
	RID RID
	Record
}

// tooLong says whether s has more than max code points, without counting
// further than it must.
func tooLong(s string, max int) bool {
	return len(s) > max && utf8.RuneCountInString(s) > max
}
