package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"docket/shared/table"
)

func TestShrink(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "db")
	db, err := Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	tbl := db.Table("t")
	key := func(i int) table.Key {
		return table.Key{Partition: fmt.Sprintf("p%d", i%3), Sort: fmt.Sprintf("%05d", i)}
	}
	for i := range 600 {
		it := table.Item{Key: key(i), Value: make([]byte, 9000), Version: uint64(i)}
		if i%7 == 0 {
			it.Expires = 1 << 40
		}
		if err := tbl.Write(ctx, table.Op{Kind: table.Put, Item: it}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 600 {
		if i%10 != 0 {
			if err := tbl.Write(ctx, table.Op{Kind: table.Delete, Item: table.Item{Key: key(i)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := Shrink(path, Options{NoSync: true}); !errors.Is(err, ErrLocked) {
		t.Errorf("shrink of an open file: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+shrinkSuffix, []byte("left by one that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after, err := Shrink(path, Options{NoSync: true})
	if err != nil || after*3 > before {
		t.Fatalf("from %d to %d bytes, %v", before, after, err)
	}
	if _, err := os.Stat(path + shrinkSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file: %v", err)
	}
	db, err = Open(path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 600 {
		items, err := db.Table("t").Get(ctx, key(i))
		if err != nil || len(items) != map[bool]int{true: 1, false: 0}[i%10 == 0] {
			t.Fatalf("item %d: %d, %v", i, len(items), err)
		}
		if len(items) == 1 && (items[0].Version != uint64(i) || len(items[0].Value) != 9000 || (items[0].Expires != 0) != (i%7 == 0)) {
			t.Errorf("item %d is another", i)
		}
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestShrinkOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	if _, _, err := Shrink(path, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was made")
	}
}

// TestOpenOfAReplacedFile: who waited for the lock of a file that was shrunk
// meanwhile must not go on with the old one.
func TestOpenOfAReplacedFile(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "db"), filepath.Join(dir, "other")
	if err := os.WriteFile(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if was, err := replaced(path, f); was || err != nil {
		t.Errorf("the same file: %v, %v", was, err)
	}
	if err := os.WriteFile(other, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if was, err := replaced(path, f); !was || err != nil {
		t.Errorf("another file: %v, %v", was, err)
	}
}
