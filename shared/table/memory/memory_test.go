package memory_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"docket/shared/table"
	"docket/shared/table/memory"
	"docket/shared/table/tabletest"
)

// Expired items must not pile up: what reads as absent is dropped by the
// writes that follow.
func TestExpiredItemsAreDropped(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	tbl := memory.New(func() time.Time { return now })
	ctx := context.Background()
	for i := range 1000 {
		it := table.Item{Key: table.Key{Partition: "p", Sort: fmt.Sprint(i)}, Expires: now.Unix() + int64(1+i%10)}
		if err := tbl.Write(ctx, table.Op{Item: it}); err != nil {
			t.Fatal(err)
		}
	}
	// Replaced before its time: the sweep must leave the new one alone.
	kept := table.Item{Key: table.Key{Partition: "p", Sort: "5"}, Value: []byte("kept")}
	if err := tbl.Write(ctx, table.Op{Item: kept}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	for range 6 {
		if err := tbl.Write(ctx, table.Op{Item: table.Item{Key: table.Key{Partition: "q", Sort: "s"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := tbl.Len(); n != 2 {
		t.Errorf("%d items are held, want the 2 without an expiry", n)
	}
	got, err := tbl.Get(ctx, kept.Key)
	if err != nil || len(got) != 1 || string(got[0].Value) != "kept" {
		t.Errorf("Get after the sweep: %v, %v", got, err)
	}
}

func TestTable(t *testing.T) {
	tabletest.Run(t, func(t *testing.T, now func() time.Time) table.Table { return memory.New(now) })
}
