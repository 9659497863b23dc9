package filter

import "fmt"

const (
	numFields    = WorkingHours + 1
	numOperators = NotInGroup + 1
)

var fieldNames = [numFields]string{
	RID:            "RID",
	Who:            "Who",
	Where:          "Where",
	ObjectType:     "ObjectType",
	What:           "What",
	DataSource:     "DataSource",
	MonitoringPlan: "MonitoringPlan",
	Item:           "Item",
	Workstation:    "Workstation",
	Detail:         "Detail",
	Before:         "Before",
	After:          "After",
	Action:         "Action",
	When:           "When",
	WorkingHours:   "WorkingHours",
}

var operatorNames = [numOperators]string{
	Contains:       "Contains",
	DoesNotContain: "DoesNotContain",
	Equals:         "Equals",
	NotEqualTo:     "NotEqualTo",
	StartsWith:     "StartsWith",
	EndsWith:       "EndsWith",
	InGroup:        "InGroup",
	NotInGroup:     "NotInGroup",
}

// ParseField finds a field by its exact name on the wire. MonitoringPlan has a
// second one, "Monitoring Plan".
func ParseField(name string) (Field, bool) {
	if name == "Monitoring Plan" {
		return MonitoringPlan, true
	}
	for f := RID; f < numFields; f++ {
		if fieldNames[f] == name {
			return f, true
		}
	}
	return NoField, false
}

// ParseOperator finds an operator by its exact name on the wire. Default has no
// name.
func ParseOperator(name string) (Operator, bool) {
	for o := Contains; o < numOperators; o++ {
		if operatorNames[o] == name {
			return o, true
		}
	}
	return Default, false
}

// Fields returns every field in the contract's order.
func Fields() []Field {
	list := make([]Field, 0, numFields-1)
	for f := RID; f < numFields; f++ {
		list = append(list, f)
	}
	return list
}

// Operators returns every operator that has a name.
func Operators() []Operator {
	list := make([]Operator, 0, numOperators-1)
	for o := Contains; o < numOperators; o++ {
		list = append(list, o)
	}
	return list
}

// Allows says whether a field may be compared with an operator (contract,
// section 5).
func (f Field) Allows(o Operator) bool {
	switch f {
	case NoField:
		return false
	case Action, When, WorkingHours:
		return o == Default || o == Equals || o == NotEqualTo
	}
	if o == InGroup || o == NotInGroup {
		return f == Who
	}
	return f < numFields && o < numOperators
}

// valid says whether f is one of the fields.
func (f Field) valid() bool { return f > NoField && f < numFields }

func (f Field) String() string {
	if !f.valid() {
		return fmt.Sprintf("Field(%d)", uint8(f))
	}
	return fieldNames[f]
}

func (o Operator) String() string {
	if o == Default || o >= numOperators {
		return fmt.Sprintf("Operator(%d)", uint8(o))
	}
	return operatorNames[o]
}

// positive splits an operator into its positive form and whether it is negated.
func (o Operator) positive() (base Operator, negated bool) {
	switch o {
	case DoesNotContain:
		return Contains, true
	case NotEqualTo:
		return Equals, true
	case NotInGroup:
		return InGroup, true
	}
	return o, false
}
