package ledger

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"docket/shared/table"
)

// compacted is a log with a bit of everything: merged segments of two levels,
// adopted ones, batches of several items, tombstones, keys.
func compacted(t testing.TB, tbl table.Table) *Ledger {
	t.Helper()
	l := open(t, tbl)
	l.maxItem = 3 << 10
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 3 {
		fill(t, l, r, 20)
		mustAppend(t, l, keyed(fmt.Sprint("k", i), 2, fmt.Sprint("key", i)))
		settle(t, l, 0, eager)
	}
	fill(t, l, r, 5)
	return l
}

func findings(t testing.TB, l *Ledger) ([]Finding, Checked) {
	t.Helper()
	var list []Finding
	sum, err := l.Check(context.Background(), CheckOptions{Report: func(f Finding) { list = append(list, f) }})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Findings != len(list) {
		t.Errorf("%d findings reported, %d counted", len(list), sum.Findings)
	}
	return list, sum
}

func TestCheckOfASoundLedger(t *testing.T) {
	tbl := newTable()
	l := compacted(t, tbl)
	list, sum := findings(t, open(t, tbl))
	if len(list) > 0 {
		t.Errorf("findings: %v", list)
	}
	all := whole(t, l, 0)
	if int(sum.Records) != len(all) || sum.Tokens != 3 || sum.Tombstones == 0 || sum.Entries == 0 {
		t.Errorf("%d records, checked %+v", len(all), sum)
	}
}

// TestCheckFindsAnyDamage flips a byte of every stored item, deletes it, and puts
// it in the place of another: each is found, or harmless.
func TestCheckFindsAnyDamage(t *testing.T) {
	tbl := newTable()
	l := compacted(t, tbl)
	truth := whole(t, l, 0)
	all := everything(t, tbl)
	for i, it := range all {
		for name, damage := range map[string]func(){
			"flip": func() {
				v := bytes.Clone(it.Value)
				v[(i*7)%len(v)] ^= 0x10
				put(t, tbl, it.Key, v, it)
			},
			"cut":    func() { put(t, tbl, it.Key, it.Value[:len(it.Value)/2], it) },
			"swap":   func() { put(t, tbl, it.Key, all[(i+1)%len(all)].Value, it) },
			"delete": func() { del(t, tbl, it.Key) },
		} {
			damage()
			list, sum := findings(t, open(t, tbl))
			if len(list) == 0 && !harmless(it, name, len(truth), sum) {
				t.Errorf("%s of %v is not found", name, it.Key)
			}
			checkRead(t, tbl, truth, fmt.Sprintf("%s of %v", name, it.Key))
			put(t, tbl, it.Key, it.Value, it)
		}
	}
	if list, _ := findings(t, open(t, tbl)); len(list) > 0 {
		t.Errorf("after all was put back: %v", list)
	}
}

// harmless says whether what is gone was not needed: a tombstone or a key that has
// expired reads the same, an empty shard has no manifest, and the last item of a
// log that no mark and no manifest knows of leaves no trace.
func harmless(it table.Item, damage string, records int, sum Checked) bool {
	if damage != "delete" {
		return false
	}
	return it.Partition != partition(0) || len(it.Value) == tombstoneSize || int(sum.Records) < records && sum.Records > 0
}

// checkRead reads what can be read: never anything but the truth.
func checkRead(t *testing.T, tbl table.Table, truth []string, what string) {
	t.Helper()
	l, err := Open(context.Background(), Config{Table: tbl, Ring: testRing(t), Now: start, Rand: chacha(5), Shards: 1, CacheBytes: -1, Sleep: noSleep})
	if err != nil {
		return // the root
	}
	for at := Position(0); at < Position(len(truth)); {
		parts, err := l.Scan(context.Background(), 0, at, End, 1<<20)
		if err != nil {
			at++ // what is behind is still there
			continue
		}
		if len(parts) == 0 {
			return
		}
		end := parts[len(parts)-1].end()
		if got := names(t, parts); !slices.Equal(got, truth[parts[0].First:end]) {
			t.Fatalf("%s: at %d was read %v", what, at, got)
		}
		at = end
	}
}

func put(t testing.TB, tbl table.Table, k table.Key, v []byte, like table.Item) {
	t.Helper()
	it := table.Item{Key: k, Value: v, Version: like.Version, Expires: like.Expires}
	if err := tbl.Write(context.Background(), table.Op{Kind: table.Put, Item: it}); err != nil {
		t.Fatal(err)
	}
}

func del(t testing.TB, tbl table.Table, k table.Key) {
	t.Helper()
	if err := tbl.Write(context.Background(), table.Op{Kind: table.Delete, Item: table.Item{Key: k}}); err != nil {
		t.Fatal(err)
	}
}

// everything is what a ledger of one shard has stored, besides its root.
func everything(t testing.TB, tbl table.Table) []table.Item {
	t.Helper()
	list := items(t, tbl, partition(0))
	list = append(list, items(t, tbl, manifestKey(0).Partition)...)
	for i := range 256 {
		list = append(list, items(t, tbl, fmt.Sprintf("token/%02x", i))...)
	}
	for _, it := range items(t, tbl, partition(0)) {
		if len(it.Value) == referenceSize {
			ref, err := read(&it)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, items(t, tbl, mergedKey(0, ref.id).Partition)...)
		}
	}
	return list
}

// TestRebuild makes a manifest again that was damaged, deleted or cut off.
func TestRebuild(t *testing.T) {
	tbl := newTable()
	l := compacted(t, tbl)
	truth := whole(t, l, 0)
	want := checkManifest(t, l, tbl)
	for _, it := range items(t, tbl, manifestKey(0).Partition) {
		for name, damage := range map[string]func(){
			"flip":   func() { put(t, tbl, it.Key, append([]byte{9}, it.Value[1:]...), it) },
			"delete": func() { del(t, tbl, it.Key) },
		} {
			damage()
			if err := open(t, tbl).Rebuild(context.Background(), 0, eager); err != nil {
				t.Fatalf("%s of %v: %v", name, it.Key, err)
			}
			fresh := open(t, tbl)
			if list, _ := findings(t, fresh); len(list) > 0 {
				t.Errorf("%s of %v: %v", name, it.Key, list)
			}
			if m := checkManifest(t, fresh, tbl); m.High < want.High/2 {
				t.Errorf("%s of %v: the manifest reaches to %d, was %d", name, it.Key, m.High, want.High)
			}
			if got := whole(t, fresh, 0); !slices.Equal(got, truth) {
				t.Errorf("%s of %v: the log changed", name, it.Key)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	tbl := newTable()
	l := compacted(t, tbl)
	list, err := open(t, tbl).Status(context.Background())
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	st := list[0]
	if int(st.Records) != len(whole(t, l, 0)) || st.Merged == 0 || st.Debt.Items < 5 || st.Damaged != "" {
		t.Errorf("%+v", st)
	}
	_, sum := findings(t, l)
	if st.Bytes != sum.Bytes {
		t.Errorf("status says %d bytes, a check read %d", st.Bytes, sum.Bytes)
	}
}

// TestCheckFindsForgottenShards: a root that was rolled back hides a log.
func TestCheckFindsForgottenShards(t *testing.T) {
	tbl := newTable()
	l := open(t, tbl)
	before := items(t, tbl, rootKey().Partition)[0]
	if err := l.Grow(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		mustAppend(t, l, batchOf(fmt.Sprint(i), 1))
	}
	put(t, tbl, before.Key, before.Value, before)
	list, _ := findings(t, open(t, tbl))
	if len(list) != 2 || !strings.Contains(list[0].String(), "rolled back") {
		t.Errorf("%v", list)
	}
}
