package wire_test

import (
	"reflect"
	"testing"

	"docket/shared/activity"
	"docket/shared/sample"
	"docket/shared/wire"

	"github.com/google/go-cmp/cmp"
)

// formats are both formats of the API.
var formats = []wire.Format{wire.JSON, wire.XML}

// asWritten is what a record becomes on its way through a write request.
func asWritten(r activity.Record) activity.Record {
	r.DataSource = activity.APIDataSource
	r.Item = activity.IntegrationItem(r.Item)
	r.Details = append([]activity.Detail(nil), r.Details...)
	for i := range r.Details {
		r.Details[i].Message = ""
	}
	return r
}

func sampleRecords(t testing.TB) []activity.Record {
	t.Helper()
	recs, err := sample.Records()
	if err != nil {
		t.Fatal(err)
	}
	return recs
}

func TestRealRecordsComeBack(t *testing.T) {
	recs := sampleRecords(t)
	want := make([]activity.Record, len(recs))
	for i := range recs {
		want[i] = asWritten(recs[i])
	}
	for _, f := range formats {
		got, err := wire.ReadRecords(f, wire.AppendRecords(nil, f, recs))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: (-sent +read)\n%s", f, cmp.Diff(want, got))
		}
	}
}

func TestRealPagesComeBack(t *testing.T) {
	recs := sampleRecords(t)
	want := stored(recs)
	for _, f := range formats {
		got, mark, err := wire.ReadPage(f, appendPage(f, want, "the-mark_1"))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if mark != "the-mark_1" {
			t.Errorf("%s: mark %q", f, mark)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: (-sent +read)\n%s", f, cmp.Diff(want, got))
		}
	}
}

func appendPage(f wire.Format, recs []activity.Stored, mark string) []byte {
	b := wire.AppendPageStart(nil, f, mark)
	for i := range recs {
		if i > 0 {
			b = wire.AppendSeparator(b, f)
		}
		b = wire.AppendRecord(b, f, &recs[i])
	}
	return wire.AppendPageEnd(b, f, mark)
}
