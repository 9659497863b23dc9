package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"docket/shared/table"
	"docket/shared/table/bolt"
)

// pageSize of the files that these tests damage.
const pageSize = 8192

// A damaged item is an error that names its key, for every call that needs it,
// and can be replaced or deleted; its neighbours are read as ever.
func TestDamagedItem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"a", "b", "c"} {
		op := put(key("shard 1", s), 1, "value of "+s)
		op.Item.Expires = 9_000_000_000
		err = errors.Join(err, db.Table("t").Write(t.Context(), op))
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	bad := key("shard 1", "b")
	alter(t, path, func(tx *bbolt.Tx) error {
		b, k := tx.Bucket([]byte("items/t")), []byte("\x00\x07shard 1b")
		return b.Put(k, bytes.Replace(b.Get(k), []byte("value"), []byte("Value"), 1))
	})
	now := time.Unix(1_000_000, 0)
	db = open(t, path, bolt.Options{Now: func() time.Time { return now }})
	tbl := db.Table("t")
	damaged := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, table.ErrDamaged) || !strings.Contains(err.Error(), bad.String()) {
			t.Errorf("%s: error %v, want ErrDamaged of %s", what, err, bad)
		}
	}
	_, err = tbl.Get(t.Context(), key("shard 1", "a"), bad)
	damaged("Get", err)
	for _, reverse := range []bool{false, true} {
		_, err = tbl.Query(t.Context(), table.Query{Partition: "shard 1", Reverse: reverse})
		damaged("Query", err)
	}
	conditional := put(bad, 2, "new")
	conditional.If = table.Present
	damaged("Write", tbl.Write(t.Context(), put(key("shard 1", "d"), 1, "x"), conditional))
	damaged("Check", db.Check(t.Context()))
	if a, c, d := value(t, tbl, key("shard 1", "a")), value(t, tbl, key("shard 1", "c")), value(t, tbl, key("shard 1", "d")); a != "value of a" || c != "value of c" || d != "(absent)" {
		t.Errorf("its neighbours are %q, %q, %q", a, c, d)
	}
	if err := tbl.Write(t.Context(), put(bad, 2, "new")); err != nil {
		t.Error(err)
	}
	// The expiry of the one that was damaged is nothing to the new one.
	now = time.Unix(9_100_000_000, 0)
	if err := tbl.Write(t.Context(), put(key("shard 1", "e"), 1, "x")); err != nil {
		t.Error(err)
	}
	if got := value(t, tbl, bad); got != "new" {
		t.Errorf("replaced: %q", got)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// An item that is gone without a trace, or there without reason, is missed.
func TestTally(t *testing.T) {
	var old []byte
	for name, fn := range map[string]func(*bbolt.Bucket) error{
		"lost": func(b *bbolt.Bucket) error { return b.Delete([]byte("\x00\x01pa")) },
		"put back to what it was": func(b *bbolt.Bucket) error {
			return b.Put([]byte("\x00\x01pa"), old)
		},
	} {
		path := filepath.Join(t.TempDir(), "db")
		db, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Table("t").Write(t.Context(), put(key("p", "a"), 1, "x"), put(key("p", "b"), 1, "y"))
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		alter(t, path, func(tx *bbolt.Tx) error {
			old = bytes.Clone(tx.Bucket([]byte("items/t")).Get([]byte("\x00\x01pa")))
			return nil
		})
		db, err = bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Table("t").Write(t.Context(), put(key("p", "a"), 2, "z"))
		if err := errors.Join(err, db.Check(t.Context()), db.Close()); err != nil {
			t.Fatal(err)
		}
		alter(t, path, func(tx *bbolt.Tx) error { return fn(tx.Bucket([]byte("items/t"))) })
		db = open(t, path, bolt.Options{})
		if err := db.Check(t.Context()); !errors.Is(err, table.ErrDamaged) {
			t.Errorf("%s: Check: %v", name, err)
		}
	}
}

// overwrite changes a file behind our back.
func overwrite(t *testing.T, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(b, at)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// pages returns the numbers of the pages of a type.
func pages(t *testing.T, path, kind string) (ids []int64) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = b.View(func(tx *bbolt.Tx) error {
		for id := 0; ; id++ {
			p, err := tx.Page(id)
			if p == nil || err != nil {
				return err
			}
			if p.Type == kind {
				ids = append(ids, int64(id))
			}
			id += p.OverflowCount
		}
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	return ids
}

// A head of the file that is lost may take the last commit with it: bbolt goes
// on with the one before, and only we say so.
func TestLostHead(t *testing.T) {
	dir := t.TempDir()
	whole, want := sample(t, filepath.Join(dir, "whole"))
	lost := 0
	for head := range int64(2) {
		path := filepath.Join(dir, fmt.Sprint("head ", head))
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		overwrite(t, path, head*pageSize+16, make([]byte, 64))
		var log bytes.Buffer
		db := open(t, path, bolt.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		for k := range want {
			if value(t, db.Table("t"), k) == "(absent)" {
				lost++
			}
		}
		if err := db.Check(t.Context()); !errors.Is(err, table.ErrDamaged) {
			t.Errorf("head %d: Check: %v", head, err)
		}
		if !strings.Contains(log.String(), "head") {
			t.Errorf("head %d: logged %q", head, &log)
		}
	}
	if lost != 1 {
		t.Errorf("%d items are lost with one head or the other, want the last one", lost)
	}
}

// A file that cannot be opened is not held on to either.
func TestOpenDamaged(t *testing.T) {
	dir := t.TempDir()
	whole, _ := sample(t, filepath.Join(dir, "whole"))
	cut := filepath.Join(dir, "cut")
	if err := os.WriteFile(cut, whole[:len(whole)-pageSize], 0o600); err != nil {
		t.Fatal(err)
	}
	free := filepath.Join(dir, "free")
	if err := os.WriteFile(free, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range pages(t, free, "freelist") {
		overwrite(t, free, id*pageSize, make([]byte, 16))
	}
	for _, path := range []string{cut, free} {
		for range 2 {
			if _, err := bolt.Open(path, bolt.Options{}); !errors.Is(err, table.ErrDamaged) {
				t.Errorf("%s: %v, want ErrDamaged", filepath.Base(path), err)
			}
		}
	}
}

// A wrong key in a branch of the tree leads astray: those who walk notice, and
// Check does.
func TestDamagedBranch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	for i := range 400 {
		err = errors.Join(err, db.Table("t").Write(t.Context(), put(key("p", fmt.Sprintf("%04d", i)), 1, strings.Repeat("x", 300))))
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The keys of a branch lie side by side; take one from the middle.
	branch := pages(t, path, "branch")[0] * pageSize
	keys := regexp.MustCompile("\x00\x01p01[0-9]{2}").FindAllIndex(data[branch:branch+pageSize], -1)
	if len(keys) < 2 {
		t.Fatal("the branch has no keys")
	}
	at := branch + int64(keys[0][0])
	first := string(data[at+3 : at+7])
	second := string(data[branch+int64(keys[1][0])+3:][:4])
	overwrite(t, path, at+3, []byte(second)) // the leaf of first seems to begin where the next one does
	db = open(t, path, bolt.Options{})
	if got := value(t, db.Table("t"), key("p", first)); got != "(absent)" {
		t.Fatalf("the branch still leads to %s", first)
	}
	n, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	inside := fmt.Sprintf("%04d", n+1)
	if _, err := db.Table("t").Query(t.Context(), table.Query{Partition: "p", From: inside}); !errors.Is(err, table.ErrDamaged) {
		t.Errorf("Query from %s: %v, want ErrDamaged", inside, err)
	}
	if err := db.Check(t.Context()); !errors.Is(err, table.ErrDamaged) || !strings.Contains(err.Error(), "does not lead to it") {
		t.Errorf("Check: %v", err)
	}
}

// TestRandomDamage changes a file at random: whatever is read from it then is
// what was written, or an error; nothing crashes. An item may be missing, but
// then Check says so.
func TestRandomDamage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	whole, want := sample(t, filepath.Join(dir, "whole"))
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	outcomes := make(map[string]int)
	for i := range rounds {
		data := bytes.Clone(whole)
		data = damage(rnd, data)
		if raceEnabled {
			spareRoots(whole, data)
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		outcomes[readAll(t, path, want)]++
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	t.Log(outcomes)
	if outcomes["damage found"] == 0 {
		t.Error("no damage was found")
	}
}

// sample makes a database of small and large items and returns its file.
func sample(t *testing.T, path string) ([]byte, map[table.Key]string) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[table.Key]string)
	for i := range 150 {
		k := key(fmt.Sprint("shard ", i%3), fmt.Sprintf("%04d", i))
		want[k] = strings.Repeat(fmt.Sprint(i, " "), 1+i%7*i%7*60)
		err = errors.Join(err, db.Table("t").Write(t.Context(), put(k, 1, want[k])))
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := 0 // the file is longer, to grow into
	alter(t, path, func(tx *bbolt.Tx) error { size = int(tx.Size()); return nil })
	return data[:size], want
}

func damage(rnd *rand.Rand, data []byte) []byte {
	switch rnd.IntN(4) {
	case 0:
		for range 1 + rnd.IntN(5) {
			data[rnd.IntN(len(data))] ^= 1 << rnd.IntN(8)
		}
	case 1: // a sector of zeros, or of something else in the file
		at, from := rnd.IntN(len(data)/512)*512, rnd.IntN(len(data)/512)*512
		if rnd.IntN(2) == 0 {
			clear(data[at : at+512])
		} else {
			copy(data[at:at+512], data[from:from+512])
		}
	case 2: // two pages swapped
		a, b := rnd.IntN(len(data)/pageSize)*pageSize, rnd.IntN(len(data)/pageSize)*pageSize
		page := bytes.Clone(data[a : a+pageSize])
		copy(data[a:a+pageSize], data[b:b+pageSize])
		copy(data[b:b+pageSize], page)
	case 3:
		data = data[:rnd.IntN(len(data))]
	}
	return data
}

// spareRoots undoes damage to the pages that hold the small buckets: bbolt copies
// those to the heap, and the pointer checks that come with the race detector end
// the process when it reads beyond the copy. Without them it gets bytes that fail
// their checksum.
func spareRoots(whole, data []byte) {
	for at := 0; at+pageSize <= len(data); at += pageSize {
		if bytes.Contains(whole[at:at+pageSize], []byte("format")) {
			copy(data[at:at+pageSize], whole[at:])
		}
	}
}

// readAll reads all that can be and fails if any of it is not as written.
func readAll(t *testing.T, path string, want map[table.Key]string) (outcome string) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		return "not opened"
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Log(err)
		}
	}()
	tbl, ctx := db.Table("t"), context.Background()
	checked := db.Check(ctx)
	missing, failed := 0, checked != nil
	same := func(items []table.Item) {
		for _, it := range items {
			if v, ok := want[it.Key]; !ok || v != string(it.Value) || it.Version != 1 {
				t.Fatalf("item %s is read with %d bytes and was not written so", it.Key, len(it.Value))
			}
		}
	}
	for k := range want {
		items, err := tbl.Get(ctx, k)
		same(items)
		if err != nil {
			failed = true
		} else if len(items) == 0 {
			missing++
		}
	}
	for p := range 3 {
		page, err := tbl.Query(ctx, table.Query{Partition: fmt.Sprint("shard ", p)})
		same(page.Items)
		failed = failed || err != nil
	}
	if checked == nil && (missing > 0 || failed) {
		t.Errorf("%d items are missing, others failed %t, and Check found nothing", missing, failed)
	}
	// Writing to it may fail, but must end.
	if err := tbl.Write(ctx, put(key("shard 1", "9999"), 1, "x")); err != nil {
		failed = true
	}
	switch {
	case failed:
		return "damage found"
	default:
		return "harmless"
	}
}
