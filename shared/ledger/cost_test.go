package ledger

import (
	"context"
	"fmt"
	"testing"

	"docket/shared/table"
)

// metered counts write units as DynamoDB bills them: one for each kilobyte of an
// item that is written or deleted, twice that in transactions.
type metered struct {
	table.Table
	units int
}

func (m *metered) Write(ctx context.Context, ops ...table.Op) error {
	units := 0
	for _, op := range ops {
		size := len(op.Item.Value)
		if op.Kind == table.Delete {
			items, err := m.Get(ctx, op.Item.Key)
			if err != nil {
				return err
			}
			if len(items) > 0 {
				size = len(items[0].Value)
			}
		}
		units += (size+len(op.Item.Partition)+len(op.Item.Sort))/1024 + 1
	}
	if len(ops) > 1 {
		units *= 2
	}
	m.units += units
	return m.Table.Write(ctx, ops...)
}

// TestCostOfAdoption: listing segments that are big already costs at most 3 write
// units per 1,000 records, also when it is done as often as possible.
func TestCostOfAdoption(t *testing.T) {
	tbl := &metered{Table: newTable()}
	l := open(t, tbl)
	// 1,000 records a batch take 50 KB or so; the size of what is adopted is no
	// cost, so smaller ones do here.
	c := Compaction{AdoptBytes: 1, Retain: -1, Busy: -1}
	const batches = 2 * chunkEntries
	units := 0
	for i := range batches {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
		before := tbl.units
		settle(t, l, 0, c)
		units += tbl.units - before
	}
	if perThousand := float64(units) / batches; perThousand > 3 {
		t.Errorf("%.2f write units for each batch of 1,000 records", perThousand)
	} else {
		t.Logf("%.2f write units for each batch of 1,000 records", perThousand)
	}
	if m := checkManifest(t, l, tbl); m.High < batches-adoptPieces {
		t.Errorf("the manifest reaches to %d of %d", m.High, batches)
	}
}

// TestCostOfMerging: what single records cost to write and to merge, for the docs.
func TestCostOfMerging(t *testing.T) {
	tbl := &metered{Table: newTable()}
	l := open(t, tbl)
	const n = 2000
	for i := range n {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	written := tbl.units
	settle(t, l, 0, Compaction{Retain: -1, Busy: -1})
	t.Logf("%d write units for %d single records, %d to merge them", written, n, tbl.units-written)
	if tbl.units-written > 2*n {
		t.Errorf("merging costs %d write units, writing %d", tbl.units-written, written)
	}
}
