package segment

import "errors"

const (
	// MaxRecords of one segment: far above the 10,000 or so that fit an item.
	MaxRecords = 1 << 20
	// maxDetails of one segment.
	maxDetails = 1 << 22
	// maxRaw bytes of one section before compression. A batch has at most
	// 50 MiB, so no honest section has more.
	maxRaw = 64 << 20
	// maxRuns of one segment: each has a record at least.
	maxRuns = MaxRecords
	// packBelow raw bytes all sections are compressed together.
	packBelow = 24 << 10
	// maxKept bytes of working memory are kept for the next call: those of a
	// segment that fills an item.
	maxKept = 8 << 20
)

// ErrDamaged says that bytes are not a segment that Encode made.
var ErrDamaged = errors.New("segment is damaged")
