package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"docket/shared/table"
)

func openTest(t *testing.T) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func (db *DB) encode(ctx context.Context, ops ...table.Op) *write {
	return db.Table("t").(*boltTable).encode(ctx, ops)
}

func putIf(sort string, version uint64, c table.Condition, is uint64) table.Op {
	it := table.Item{Key: table.Key{Partition: "p", Sort: sort}, Version: version}
	return table.Op{Item: it, If: c, IfVersion: is}
}

// The Writes of one commit see each other in their order, and each is applied
// or refused on its own.
func TestCommitJudgesEachWrite(t *testing.T) {
	db := openTest(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	ctx := t.Context()
	answers := db.commit([]*write{
		0: db.encode(ctx, putIf("a", 1, table.Absent, 0)),
		1: db.encode(ctx, putIf("a", 2, table.Absent, 0)),                                    // fails: 0
		2: db.encode(ctx, putIf("a", 3, table.VersionIs, 1), putIf("b", 1, table.Absent, 0)), // holds: 0
		3: db.encode(ctx, putIf("c", 1, table.Always, 0), putIf("b", 2, table.VersionIs, 9)), // fails: all of it
		4: db.encode(gone, putIf("d", 1, table.Always, 0)),                                   // its caller is gone
		5: db.encode(ctx, putIf("c", 5, table.Absent, 0)),                                    // holds: 3 did nothing
	})
	for i, want := range []uint64{1: 1, 3: 1} {
		var ce *table.ConditionError
		switch {
		case want == 0:
		case !errors.As(answers[i], &ce) || len(ce.Failed) != 1 || ce.Failed[0].Existing == nil:
			t.Errorf("answer %d: %v, want a failed condition", i, answers[i])
		case ce.Failed[0].Existing.Version != want:
			t.Errorf("answer %d: existing version %d, want %d", i, ce.Failed[0].Existing.Version, want)
		}
	}
	if !errors.Is(answers[4], context.Canceled) {
		t.Errorf("answer to who is gone: %v", answers[4])
	}
	if err := errors.Join(answers[0], answers[2], answers[5]); err != nil {
		t.Error(err)
	}
	want := map[string]uint64{"a": 3, "b": 1, "c": 5}
	page, err := db.Table("t").Query(ctx, table.Query{Partition: "p"})
	if err != nil || len(page.Items) != len(want) {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	for _, it := range page.Items {
		if want[it.Sort] != it.Version {
			t.Errorf("%s has version %d, want %d", it.Key, it.Version, want[it.Sort])
		}
	}
}

// A commit takes all that wait, in their order, up to its limits.
func TestGather(t *testing.T) {
	db := &DB{queue: make(chan *write, 5000)}
	writes := make([]*write, 3000)
	for i := range writes {
		writes[i] = &write{size: 100}
		db.queue <- writes[i]
	}
	var got []*write
	for len(db.queue) > 0 {
		group := db.gather(<-db.queue)
		if len(group) != min(maxCommitWrites, len(writes)-len(got)) {
			t.Errorf("a group of %d after %d", len(group), len(got))
		}
		got = append(got, group...)
	}
	if !slices.Equal(got, writes) {
		t.Error("groups are not the writes in order")
	}
	for range 20 {
		db.queue <- &write{size: maxCommitBytes / 4}
	}
	if n := len(db.gather(<-db.queue)); n != 4 {
		t.Errorf("a group of %d large writes, want 4", n)
	}
}

// The expiry bucket holds what expires and nothing else, and one commit removes
// a bounded number.
func TestExpiryBucket(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	db := openTest(t)
	db.now = func() time.Time { return now } // no write has been made yet
	expiring := func(sort string, in int64) table.Op {
		op := putIf(sort, 1, table.Always, 0)
		op.Item.Expires = now.Unix() + in
		return op
	}
	remove := expiring("b", 0)
	remove.Kind = table.Delete
	var many []*write
	for i := range 500 {
		many = append(many, db.encode(t.Context(), expiring(fmt.Sprint("m", i), 10)))
	}
	steps := []struct {
		writes          []*write
		items, expiries int
	}{
		{[]*write{db.encode(t.Context(), expiring("a", 5), expiring("b", 6), putIf("c", 1, table.Always, 0))}, 3, 2},
		{[]*write{db.encode(t.Context(), expiring("a", 7))}, 3, 2},
		{[]*write{db.encode(t.Context(), remove)}, 2, 1},
		{[]*write{db.encode(t.Context(), putIf("a", 1, table.Always, 0))}, 2, 0},
		{many, 502, 500},
	}
	for i, s := range steps {
		if err := errors.Join(db.commit(s.writes)...); err != nil {
			t.Fatal(err)
		}
		if items, expiries := sizes(t, db); items != s.items || expiries != s.expiries {
			t.Errorf("step %d: %d items and %d expiries, want %d and %d", i, items, expiries, s.items, s.expiries)
		}
	}
	now = now.Add((10 + sweepAfter) * time.Second)
	if err := errors.Join(db.commit([]*write{db.encode(t.Context(), putIf("c", 2, table.Always, 0))})...); err != nil {
		t.Fatal(err)
	}
	const swept = 2 + sweepMore
	if items, expiries := sizes(t, db); items != 502-swept || expiries != 500-swept {
		t.Errorf("after a sweep: %d items and %d expiries, want %d less", items, expiries, swept)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func sizes(t *testing.T, db *DB) (items, expiries int) {
	t.Helper()
	err := db.view(func(tx *bbolt.Tx) error {
		items = tx.Bucket([]byte("items/t")).Inspect().KeyN
		expiries = tx.Bucket([]byte("expiry/t")).Inspect().KeyN
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return items, expiries
}

// What changes nothing is not written to the disk.
func TestCommitOfNothing(t *testing.T) {
	db := openTest(t)
	ctx := t.Context()
	if err := db.Table("t").Write(ctx, putIf("a", 1, table.Always, 0)); err != nil {
		t.Fatal(err)
	}
	before := txID(t, db)
	err := db.Table("t").Write(ctx, putIf("a", 1, table.Absent, 0))
	if ce := (*table.ConditionError)(nil); !errors.As(err, &ce) {
		t.Errorf("error %v, want a failed condition", err)
	}
	check := putIf("a", 1, table.Present, 0)
	check.Kind = table.Check
	if err := db.Table("t").Write(ctx, check); err != nil {
		t.Error(err)
	}
	if after := txID(t, db); after != before {
		t.Errorf("%d transactions were committed", after-before)
	}
}

func txID(t *testing.T, db *DB) (id int) {
	t.Helper()
	if err := db.view(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

// A disk that is full fails all Writes of a commit, and only as long as it is.
func TestCommitFails(t *testing.T) {
	db := openTest(t)
	ctx := t.Context()
	big := putIf("big", 1, table.Always, 0)
	big.Item.Value = make([]byte, 300<<10)
	db.bolt.MaxSize = 256 << 10
	answers := db.commit([]*write{
		db.encode(ctx, putIf("a", 1, table.Absent, 0)),
		db.encode(ctx, putIf("a", 2, table.Absent, 0)), // fails only if the first is there
		db.encode(ctx, big),
	})
	for i, err := range answers {
		if !errors.Is(err, table.ErrUnavailable) {
			t.Errorf("answer %d: %v, want ErrUnavailable", i, err)
		}
	}
	if page, err := db.Table("t").Query(ctx, table.Query{Partition: "p"}); err != nil || len(page.Items) > 0 {
		t.Errorf("after the failure: %d items, %v", len(page.Items), err)
	}
	db.bolt.MaxSize = 0
	if err := db.Table("t").Write(ctx, big, putIf("a", 3, table.Absent, 0)); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

// Once the tree is found damaged by a write, nothing more is built on it; what
// can be read is read, and Close ends.
func TestWritesStopOnDamage(t *testing.T) {
	db := openTest(t)
	ctx := t.Context()
	for i := range 50 {
		op := putIf(fmt.Sprintf("%03d", i), 1, table.Always, 0)
		op.Item.Value = make([]byte, 1000)
		if err := db.Table("t").Write(ctx, op); err != nil {
			t.Fatal(err)
		}
	}
	var leaf int
	err := db.view(func(tx *bbolt.Tx) error {
		for id := 2; ; id++ { // a leaf of items; that of the buckets has two
			p, err := tx.Page(id)
			if err != nil || p == nil {
				return fmt.Errorf("no leaf: %w", err)
			}
			if p.Type == "leaf" && p.Count > 2 {
				leaf = id
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(db.bolt.Path(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(make([]byte, pageSize), int64(leaf)*pageSize)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	failed := ""
	for i := 0; i < 50 && failed == ""; i++ {
		if err := db.Table("t").Write(ctx, putIf(fmt.Sprintf("%03d", i), 2, table.Present, 0)); err != nil {
			failed = err.Error()
			if !errors.Is(err, table.ErrUnavailable) || !errors.Is(err, table.ErrDamaged) {
				t.Errorf("error %v, want ErrUnavailable and ErrDamaged", err)
			}
		}
	}
	if !strings.Contains(failed, "stopped") {
		t.Fatalf("writing into a damaged leaf: %q", failed)
	}
	if err := db.Table("other").Write(ctx, putIf("x", 1, table.Always, 0)); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("a later write: %v", err)
	}
	read, damaged := 0, 0
	for i := range 50 {
		items, err := db.Table("t").Get(ctx, putIf(fmt.Sprintf("%03d", i), 0, 0, 0).Item.Key)
		switch {
		case errors.Is(err, table.ErrDamaged):
			damaged++
		case err == nil && len(items) == 1:
			read++
		default:
			t.Errorf("item %d: %d items, %v", i, len(items), err)
		}
	}
	if read == 0 || damaged == 0 {
		t.Errorf("%d items read and %d reported as damaged", read, damaged)
	}
	if err := db.Check(ctx); !errors.Is(err, table.ErrDamaged) {
		t.Errorf("Check: %v", err)
	}
}
