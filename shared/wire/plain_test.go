package wire_test

import (
	"encoding/xml"
	"testing"

	"docket/shared/activity"
	"docket/shared/wire"
)

// plainList, plainRecord and what is in them are the documents as the parsers of
// others fill them in: oracles of the tests.
type plainList struct {
	XMLName xml.Name      `xml:"ActivityRecordList" json:"-"`
	Mark    string        `xml:"ContinuationMark" json:"ContinuationMark"`
	Records []plainRecord `xml:"ActivityRecord" json:"ActivityRecordList"`
}

type plainRecord struct {
	RID, Who, Where, ObjectType, What, Action, When, DataSource, Workstation string

	MonitoringPlan struct{ Name, ID string }
	Item           struct{ Name string }
	IsArchiveOnly  bool
	DetailList     plainDetails
}

type plainDetails []activity.Detail

// UnmarshalXML reads DetailList's children, which JSON does not name.
func (d *plainDetails) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	var list struct{ Detail []activity.Detail }
	err := dec.DecodeElement(&list, &start)
	*d = list.Detail
	return err
}

// record is a plain record as a reader of records to be written understands it.
func (p *plainRecord) record() activity.Record {
	action, _ := activity.ParseAction(p.Action)
	when, _ := activity.ParseWhen(p.When)
	return asWritten(activity.Record{
		Who: p.Who, Where: p.Where, ObjectType: p.ObjectType, What: p.What, Action: action, When: when,
		Plan: activity.Plan{ID: p.MonitoringPlan.ID, Name: p.MonitoringPlan.Name}, Item: p.Item.Name,
		Workstation: p.Workstation, ArchiveOnly: p.IsArchiveOnly, Details: p.DetailList,
	})
}

// stored gives records an identity.
func stored(recs []activity.Record) []activity.Stored {
	list := make([]activity.Stored, len(recs))
	for i := range recs {
		list[i] = activity.Stored{Record: recs[i]}
		copy(list[i].RID[:], "202603040506070890123456789abcdef0123456789abcdef")
	}
	return list
}

// mustRead reads a good body.
func mustRead(t testing.TB, body string) []activity.Record {
	t.Helper()
	recs, err := wire.ReadRecords(wire.Sniff([]byte(body)), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return recs
}
