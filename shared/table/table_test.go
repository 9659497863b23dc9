package table_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"docket/shared/table"
)

func TestHolds(t *testing.T) {
	item := &table.Item{Version: 7}
	for _, tt := range []struct {
		op             table.Op
		nothing, there bool
	}{
		{table.Op{If: table.Always}, true, true},
		{table.Op{If: table.Absent}, true, false},
		{table.Op{If: table.Present}, false, true},
		{table.Op{If: table.VersionIs, IfVersion: 7}, false, true},
		{table.Op{If: table.VersionIs, IfVersion: 8}, false, false},
		{table.Op{If: table.VersionIs}, false, false}, // absent is not version 0
	} {
		if got := tt.op.Holds(nil); got != tt.nothing {
			t.Errorf("condition %d version %d on nothing: %t", tt.op.If, tt.op.IfVersion, got)
		}
		if got := tt.op.Holds(item); got != tt.there {
			t.Errorf("condition %d version %d on version 7: %t", tt.op.If, tt.op.IfVersion, got)
		}
	}
}

func TestExpiredAt(t *testing.T) {
	for _, tt := range []struct {
		expires, now int64
		want         bool
	}{{0, 0, false}, {0, 1 << 40, false}, {100, 99, false}, {100, 100, true}, {100, 101, true}} {
		it := table.Item{Expires: tt.expires}
		if got := it.ExpiredAt(time.Unix(tt.now, 999_999_999)); got != tt.want {
			t.Errorf("expires %d at %d: %t", tt.expires, tt.now, got)
		}
	}
}

// A wrong key of any size makes an error text of bounded size.
func TestErrorsAreShort(t *testing.T) {
	huge := strings.Repeat("\x00", 1<<20)
	k := table.Key{Partition: huge, Sort: huge}
	for _, err := range []error{
		k.Validate(), table.Validate([]table.Op{{Item: table.Item{Key: k}}}), table.ValidateKeys([]table.Key{k}),
		(&table.Query{Partition: huge, From: huge}).Validate(),
	} {
		if !errors.Is(err, table.ErrInvalid) || len(err.Error()) > 1000 {
			t.Errorf("an error of %d bytes: %.200v", len(err.Error()), err)
		}
	}
}

func TestConditionErrorText(t *testing.T) {
	for _, e := range []*table.ConditionError{{}, {Failed: []table.Failed{{Op: 3}}}} {
		if !strings.Contains(e.Error(), "condition failed") {
			t.Errorf("text %q", e.Error())
		}
	}
}
