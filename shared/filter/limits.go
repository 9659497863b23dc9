package filter

import "docket/shared/activity"

const (
	// MaxEntries bounds the entries of one filter. A watch list of some
	// thousand accounts is real; beyond that, one segment would take seconds.
	MaxEntries = 10_000

	// MaxBytes bounds the text of one filter, so that it fits a table item when
	// a mark refers to it.
	MaxBytes = 256 << 10

	// quoteLen is how much of a bad value an error quotes, in bytes.
	quoteLen = 64
)

// maxLen is the longest value of a field in Unicode code points; 0 is only
// MaxBytes (contract, section 5).
func maxLen(f Field) int {
	switch f {
	case RID:
		return activity.RIDLen
	case Who, Where, ObjectType, MonitoringPlan:
		return activity.MaxName
	}
	return 0
}
