package filter

// Field is what a filter looks at (contract, section 5).
type Field uint8

// The fields. The numbers are stored in marks and never change.
const (
	NoField Field = iota
	RID
	Who
	Where
	ObjectType
	What
	DataSource
	MonitoringPlan
	Item
	Workstation
	Detail // property name, message, before and after of every detail
	Before
	After
	Action
	When
	WorkingHours
)

// Operator is how a filter compares.
type Operator uint8

// The operators. The numbers are stored in marks and never change.
const (
	Default Operator = iota // Contains, or Equals for Action, When and WorkingHours
	Contains
	DoesNotContain
	Equals
	NotEqualTo
	StartsWith
	EndsWith
	InGroup
	NotInGroup
)

// Entry is one entry of a search request's FilterList, as read from either
// format and not yet checked: names are resolved, meaning is not.
type Entry struct {
	Field    Field
	Operator Operator
	// Text is the value of every field but When and WorkingHours. For When it
	// may be the name of a period: Today, Yesterday, LastSevenDays,
	// LastThirtyDays.
	Text string
	// From and To are the ends of a When or WorkingHours range as written; nil
	// is a missing end.
	From, To *string
	// Path is where the entry stands, for error answers.
	Path string
}
