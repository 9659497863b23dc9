package wire

// The names of elements and properties that hold others.
const (
	elemRecordList = "ActivityRecordList"
	elemRecord     = "ActivityRecord"
	elemMark       = "ContinuationMark"
	elemSearch     = "ActivityRecordSearch"
	elemFilterList = "FilterList"
	elemErrorList  = "ErrorList"
	elemError      = "Error"
	elemDetail     = "Detail"
)

// field is one element or property of a record and its parts.
type field uint8

const (
	noField field = iota
	fieldWho
	fieldWhere
	fieldObjectType
	fieldWhat
	fieldAction
	fieldWhen
	fieldDataSource
	fieldWorkstation
	fieldRID
	fieldPlanName
	fieldPlanID
	fieldItemName
	numTexts

	fieldPlan field = iota - 1
	fieldItem
	fieldArchiveOnly
	fieldDetailList
	fieldPropertyName
	fieldMessage
	fieldBefore
	fieldAfter
	numFields
)

var fieldNames = [numFields]string{
	fieldWho:          "Who",
	fieldWhere:        "Where",
	fieldObjectType:   "ObjectType",
	fieldWhat:         "What",
	fieldAction:       "Action",
	fieldWhen:         "When",
	fieldDataSource:   "DataSource",
	fieldWorkstation:  "Workstation",
	fieldRID:          "RID",
	fieldPlanName:     "Name",
	fieldPlanID:       "ID",
	fieldItemName:     "Name",
	fieldPlan:         "MonitoringPlan",
	fieldItem:         "Item",
	fieldArchiveOnly:  "IsArchiveOnly",
	fieldDetailList:   "DetailList",
	fieldPropertyName: "PropertyName",
	fieldMessage:      "Message",
	fieldBefore:       "Before",
	fieldAfter:        "After",
}

func (f field) String() string { return fieldNames[f] }

// recordField finds a field of a record by its exact name. It is a switch, not
// a map, because it is asked a dozen times for every record.
func recordField(name string) field {
	switch name {
	case "Who":
		return fieldWho
	case "Where":
		return fieldWhere
	case "ObjectType":
		return fieldObjectType
	case "What":
		return fieldWhat
	case "Action":
		return fieldAction
	case "When":
		return fieldWhen
	case "DataSource":
		return fieldDataSource
	case "Workstation":
		return fieldWorkstation
	case "RID":
		return fieldRID
	case "MonitoringPlan":
		return fieldPlan
	case "Item":
		return fieldItem
	case "IsArchiveOnly":
		return fieldArchiveOnly
	case "DetailList":
		return fieldDetailList
	}
	return noField
}

func planField(name string) field {
	switch name {
	case "Name":
		return fieldPlanName
	case "ID":
		return fieldPlanID
	}
	return noField
}

func itemField(name string) field {
	if name == "Name" {
		return fieldItemName
	}
	return noField
}

func detailField(name string) field {
	switch name {
	case "PropertyName":
		return fieldPropertyName
	case "Message":
		return fieldMessage
	case "Before":
		return fieldBefore
	case "After":
		return fieldAfter
	}
	return noField
}

// anyCase finds the field that find knows under the name in another case. Only
// ASCII letters have a case here: all names are ASCII.
func anyCase(find func(string) field, name string) field {
	for f := fieldWho; f < numFields; f++ {
		if sameName(fieldNames[f], name) {
			if found := find(fieldNames[f]); found != noField {
				return found
			}
		}
	}
	return noField
}

// sameName compares two names without case.
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// set is a set of small numbers, to notice what comes twice.
type set uint64

// add says whether n was not yet in the set.
func (s *set) add(n uint8) bool {
	bit := set(1) << n
	if *s&bit != 0 {
		return false
	}
	*s |= bit
	return true
}

func (s set) has(n uint8) bool { return s>>n&1 != 0 }
