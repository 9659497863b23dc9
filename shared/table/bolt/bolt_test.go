package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"docket/shared/table"
	"docket/shared/table/bolt"
	"docket/shared/table/tabletest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestTable(t *testing.T) {
	tabletest.Run(t, func(t *testing.T, now func() time.Time) table.Table {
		return open(t, filepath.Join(t.TempDir(), "db"), bolt.Options{Now: now, NoSync: true}).Table("test")
	})
}

// open opens a database that is checked and closed at the end of the test.
func open(t testing.TB, path string, opts bolt.Options) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(path, opts)
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

func key(partition, sort string) table.Key { return table.Key{Partition: partition, Sort: sort} }

func put(k table.Key, version uint64, value string) table.Op {
	return table.Op{Item: table.Item{Key: k, Version: version, Value: []byte(value)}}
}

func value(t *testing.T, tbl table.Table, k table.Key) string {
	t.Helper()
	items, err := tbl.Get(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if len(items) == 0 {
		return "(absent)"
	}
	return string(items[0].Value)
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	k := key("p", "s")
	for i := range 5 {
		db, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		tbl := db.Table("t")
		if i > 0 {
			if got, want := value(t, tbl, k), fmt.Sprint("value ", i-1); got != want {
				t.Errorf("after opening %d times: %q, want %q", i+1, got, want)
			}
		}
		if err := tbl.Write(t.Context(), put(k, 1, fmt.Sprint("value ", i))); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Check(t.Context()), db.Close(), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("file mode is %o, want 600", info.Mode().Perm())
	}
}

func TestTablesAreApart(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "db"), bolt.Options{NoSync: true})
	names := []string{"a", "b", "a/b", "docket", "items/a", "\x00", "ä"}
	k := key("p", "s")
	for _, n := range names {
		if got := value(t, db.Table(n), k); got != "(absent)" {
			t.Errorf("table %q before its first write: %q", n, got)
		}
		if err := db.Table(n).Write(t.Context(), put(k, 1, n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range names {
		if got := value(t, db.Table(n), k); got != n {
			t.Errorf("table %q holds %q", n, got)
		}
	}
	for _, bad := range []string{"", string(make([]byte, 256))} {
		tbl := db.Table(bad)
		_, getErr := tbl.Get(t.Context(), k)
		_, queryErr := tbl.Query(t.Context(), table.Query{Partition: "p"})
		for _, err := range []error{getErr, queryErr, tbl.Write(t.Context(), put(k, 1, ""))} {
			if !errors.Is(err, table.ErrInvalid) {
				t.Errorf("table name of %d bytes: error %v", len(bad), err)
			}
		}
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db := open(t, path, bolt.Options{NoSync: true})
	for _, wait := range []time.Duration{0, 60 * time.Millisecond} {
		if _, err := bolt.Open(path, bolt.Options{Timeout: wait}); !errors.Is(err, bolt.ErrLocked) {
			t.Errorf("second Open, waiting %v: error %v, want ErrLocked", wait, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, bolt.Options{})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign")
	alter(t, foreign, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("not ours"))
		return err
	})
	newer := filepath.Join(dir, "newer")
	alter(t, newer, func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("docket"))
		if err != nil {
			return err
		}
		return b.Put([]byte("format"), []byte("2"))
	})
	for _, path := range []string{text, foreign, newer} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bolt.Open(path, bolt.Options{}); !errors.Is(err, bolt.ErrFormat) {
			t.Errorf("%s: error %v, want ErrFormat", filepath.Base(path), err)
		}
		after, err := os.ReadFile(path)
		if err != nil || string(before) != string(after) {
			t.Errorf("%s: the file was changed (%v)", filepath.Base(path), err)
		}
	}
	if _, err := bolt.Open(filepath.Join(dir, "none", "db"), bolt.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open in no directory: %v", err)
	}
}

// alter changes a database behind our back.
func alter(t *testing.T, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Update(fn), b.Close()); err != nil {
		t.Fatal(err)
	}
}

// Close must finish what was handed over before, and everything later gets an
// error that says so.
func TestClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	const writers = 32
	var wg sync.WaitGroup
	acked := make([]int, writers)
	for w := range writers {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := db.Table("t").Write(context.Background(), put(key(fmt.Sprint(w), fmt.Sprint(i)), 1, "x"))
				if err == nil {
					acked[w]++
					continue
				}
				if !errors.Is(err, table.ErrUnavailable) {
					t.Errorf("Write while closing: %v", err)
				}
				return
			}
		})
	}
	for value(t, db.Table("t"), key("0", "20")) == "(absent)" {
		continue
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if _, err := db.Table("t").Get(t.Context(), key("p", "s")); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("Get after Close: %v", err)
	}
	if _, err := db.Table("t").Query(t.Context(), table.Query{Partition: "p"}); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("Query after Close: %v", err)
	}
	if err := db.Check(t.Context()); err == nil {
		t.Error("Check after Close found nothing wrong")
	}
	again := open(t, path, bolt.Options{NoSync: true})
	for w, n := range acked {
		for i := range n {
			if value(t, again.Table("t"), key(fmt.Sprint(w), fmt.Sprint(i))) != "x" {
				t.Fatalf("write %d of %d, acknowledged, is lost", i, w)
			}
		}
	}
}

// A Write whose caller gives up has an unknown outcome, but a whole one.
func TestGiveUp(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "db"), bolt.Options{})
	tbl := db.Table("t")
	outcomes := make(map[string]int)
	for i := range 200 {
		a, b := key("a", fmt.Sprint(i)), key("b", fmt.Sprint(i))
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*5*time.Microsecond)
		err := tbl.Write(ctx, put(a, 1, "x"), put(b, 1, "x"))
		cancel()
		switch {
		case err == nil:
			outcomes["applied"]++
		case errors.Is(err, table.ErrUnavailable) && errors.Is(err, context.DeadlineExceeded):
			outcomes["unknown"]++
		case errors.Is(err, context.DeadlineExceeded):
			outcomes["not begun"]++
		default:
			t.Fatal(err)
		}
		// The next Write goes through the committer after it, so it is settled.
		if err := tbl.Write(t.Context(), put(key("c", "c"), 1, "")); err != nil {
			t.Fatal(err)
		}
		va, vb := value(t, tbl, a), value(t, tbl, b)
		if va != vb {
			t.Fatalf("write %d was applied in part: %q and %q", i, va, vb)
		}
		if err == nil && va != "x" {
			t.Fatalf("write %d was acknowledged and is not there", i)
		}
	}
	t.Log(outcomes)
}

func TestExpiredItemsAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	now := time.Unix(1_000_000, 0)
	db := open(t, path, bolt.Options{NoSync: true, Now: func() time.Time { return now }})
	tbl := db.Table("t")
	for i := range 300 {
		op := put(key("p", fmt.Sprint(i)), 1, "x")
		op.Item.Expires = now.Unix() + 1 + int64(i%7)
		if err := tbl.Write(t.Context(), op); err != nil {
			t.Fatal(err)
		}
	}
	// One is kept by a later expiry, one by having none.
	later := put(key("p", "5"), 1, "later")
	later.Item.Expires = now.Unix() + 1_000_000
	if err := tbl.Write(t.Context(), later, put(key("p", "6"), 1, "for ever")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	for range 40 {
		if err := tbl.Write(t.Context(), put(key("q", "q"), 1, "")); err != nil {
			t.Fatal(err)
		}
	}
	if v5, v6 := value(t, tbl, later.Item.Key), value(t, tbl, key("p", "6")); v5 != "later" || v6 != "for ever" {
		t.Errorf("kept items are %q and %q", v5, v6)
	}
	if err := errors.Join(db.Check(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	alter(t, path, func(tx *bbolt.Tx) error {
		items, expiry := tx.Bucket([]byte("items/t")).Inspect().KeyN, tx.Bucket([]byte("expiry/t")).Inspect().KeyN
		if items != 3 || expiry != 1 {
			t.Errorf("the file holds %d items and %d expiries, want 3 and 1", items, expiry)
		}
		return nil
	})
}
