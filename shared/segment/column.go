package segment

import (
	"fmt"

	"docket/shared/activity"
)

// Column is a column of text.
type Column uint8

// The columns. Their order is that of the format. From DetailName on they have
// one row a detail instead of one a record.
const (
	Who Column = iota
	Where
	ObjectType
	What
	DataSource
	Item
	Workstation
	PlanName
	PlanID
	DetailName
	DetailMessage
	DetailBefore
	DetailAfter
	numColumns
)

var columnNames = [numColumns]string{
	"Who", "Where", "ObjectType", "What", "DataSource", "Item", "Workstation", "PlanName", "PlanID",
	"DetailName", "DetailMessage", "DetailBefore", "DetailAfter",
}

// String is the column's name.
func (c Column) String() string {
	if c >= numColumns {
		return fmt.Sprintf("Column(%d)", uint8(c))
	}
	return columnNames[c]
}

// field is a record's value of a column below DetailName.
func (c Column) field(r *activity.Record) *string {
	switch c {
	case Who:
		return &r.Who
	case Where:
		return &r.Where
	case ObjectType:
		return &r.ObjectType
	case What:
		return &r.What
	case DataSource:
		return &r.DataSource
	case Item:
		return &r.Item
	case Workstation:
		return &r.Workstation
	case PlanName:
		return &r.Plan.Name
	default:
		return &r.Plan.ID
	}
}

// detailField is a detail's value of a column from DetailName on.
func (c Column) detailField(d *activity.Detail) *string {
	switch c {
	case DetailName:
		return &d.PropertyName
	case DetailMessage:
		return &d.Message
	case DetailBefore:
		return &d.Before
	default:
		return &d.After
	}
}

// The sections of the format.
const (
	sectionWhen = iota
	sectionActions
	sectionArchive
	sectionDetails
	sectionColumns // dictionary of column 0
	numSections    = sectionColumns + 2*int(numColumns)
)

func dictionarySection(c Column) int { return sectionColumns + 2*int(c) }
func idsSection(c Column) int        { return dictionarySection(c) + 1 }
