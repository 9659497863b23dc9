package segment

// Part is something that is decoded by itself: a column of text, or one of the
// others.
type Part uint8

// The parts. Those below Times are columns of text, in their order.
const (
	Times   = Part(numColumns) + iota // When, commit times, what is for the archive alone
	Actions                           // of the records
	Details                           // where each record's details begin
	numParts
)

// NumParts is how many parts there are.
const NumParts = int(numParts)

// Parts is a set of parts.
type Parts uint32

// AllParts is every part.
const AllParts = Parts(1)<<numParts - 1

// Of is the set of one part.
func (p Part) Of() Parts { return 1 << p }

// Of is the set of a column's part, with Details where the column has a row a
// detail.
func (c Column) Of() Parts {
	if c >= DetailName {
		return Part(c).Of() | Details.Of()
	}
	return Part(c).Of()
}

// Has says whether all of others are in the set.
func (p Parts) Has(others Parts) bool { return p&others == others }
