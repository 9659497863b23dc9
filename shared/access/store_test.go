package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"docket/shared/table"
	"docket/shared/table/memory"
)

// put replaces an item of the directory's table behind its back.
func put(t *testing.T, tbl table.Table, key table.Key, value string) {
	t.Helper()
	items, err := tbl.Get(context.Background(), key)
	if err != nil || len(items) != 1 {
		t.Fatalf("get %s: %d items, %v", key, len(items), err)
	}
	it := items[0]
	it.Value = []byte(value)
	if err := tbl.Write(context.Background(), table.Op{Item: it}); err != nil {
		t.Fatal(err)
	}
}

func TestDamageIsSaidAndNotServed(t *testing.T) {
	for _, test := range []struct {
		name  string
		wreck func(t *testing.T, tbl *memory.Table, v *version)
	}{
		{"head is garbage", func(t *testing.T, tbl *memory.Table, v *version) { put(t, tbl, headKey(), "{") }},
		{"head has no token", func(t *testing.T, tbl *memory.Table, v *version) { put(t, tbl, headKey(), `{"format":1}`) }},
		{"head of a later release", func(t *testing.T, tbl *memory.Table, v *version) {
			put(t, tbl, headKey(), `{"format":2,"token":"x"}`)
		}},
		{"index is garbage", func(t *testing.T, tbl *memory.Table, v *version) {
			put(t, tbl, contentKey(indexName(v.Token)), `[{"from":"","leaf":""}]`)
		}},
		{"index is out of order", func(t *testing.T, tbl *memory.Table, v *version) {
			put(t, tbl, contentKey(indexName(v.Token)), `[{"from":"","leaf":"a"},{"from":"","leaf":"b"}]`)
		}},
		{"index is gone", func(t *testing.T, tbl *memory.Table, v *version) {
			remove(t, tbl, contentKey(indexName(v.Token)))
		}},
		{"leaf is gone", func(t *testing.T, tbl *memory.Table, v *version) { remove(t, tbl, contentKey(v.tree[0].name)) }},
		{"leaf is garbage", func(t *testing.T, tbl *memory.Table, v *version) { put(t, tbl, contentKey(v.tree[0].name), `[`) }},
		{"leaf has null", func(t *testing.T, tbl *memory.Table, v *version) { put(t, tbl, contentKey(v.tree[0].name), `[null]`) }},
		{"leaf has what is nothing", func(t *testing.T, tbl *memory.Table, v *version) {
			put(t, tbl, contentKey(v.tree[0].name), `[{}]`)
		}},
		{"leaf is out of order", func(t *testing.T, tbl *memory.Table, v *version) {
			put(t, tbl, contentKey(v.tree[0].name), `[{"account":{"name":"b"}},{"account":{"name":"a"}}]`)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, tbl := newDirectory(t)
			update(t, d, func(f *Draft) error { return f.AddAccount(Account{Name: "bob"}) })
			test.wreck(t, tbl, d.latest.Load())
			fresh := Open(tbl, testNow)
			if _, err := fresh.Snapshot(context.Background()); !errors.Is(err, ErrDamaged) {
				t.Errorf("snapshot: %v", err)
			}
			_, err := fresh.Edit("t", rand.Reader).Update(context.Background(), func(f *Draft) error { return f.AddAccount(Account{Name: "eve"}) })
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("edit: %v", err)
			}
		})
	}
}

func remove(t *testing.T, tbl table.Table, key table.Key) {
	t.Helper()
	if err := tbl.Write(context.Background(), table.Op{Kind: table.Delete, Item: table.Item{Key: key}}); err != nil {
		t.Fatal(err)
	}
}

// hooked runs before each Get.
type hooked struct {
	table.Table
	before func(keys []table.Key)
}

func (h *hooked) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	h.before(keys)
	return h.Table.Get(ctx, keys...)
}

func TestAReaderThatIsOvertakenBeginsAgain(t *testing.T) {
	d, tbl := newDirectory(t)
	update(t, d, addMany(300, 160))
	edits := 0
	h := &hooked{Table: tbl}
	h.before = func(keys []table.Key) {
		if keys[0].Partition == contentPartition && edits < 5 {
			edits++
			update(t, d, func(f *Draft) error { return f.AddAccount(Account{Name: fmt.Sprint("late", edits)}) })
		}
	}
	s := snapshot(t, Open(h, testNow))
	if n := len(s.Accounts()); n != 305 || s.Version() != 6 {
		t.Errorf("%d accounts at version %d", n, s.Version())
	}
	edits = -1000
	_, err := Open(h, testNow).Snapshot(context.Background())
	if !errors.Is(err, table.ErrBusy) {
		t.Errorf("a reader that is always overtaken: %v", err)
	}
}

func TestAnUnchangedDirectoryCostsOneSmallRead(t *testing.T) {
	d, tbl := newDirectory(t)
	update(t, d, addMany(50, 160))
	reads := 0
	h := &hooked{Table: tbl, before: func([]table.Key) { reads++ }}
	follower := Open(h, testNow)
	first := snapshot(t, follower)
	reads = 0
	if again := snapshot(t, follower); again != first || reads != 1 {
		t.Errorf("%d reads, the same snapshot %t", reads, again == first)
	}
}

func TestGroupsOfAnySize(t *testing.T) {
	d, tbl := newDirectory(t)
	const n = 3000
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf("Corp\\user%05d", i)
	}
	update(t, d, func(f *Draft) error { return f.AddGroup(Group{Name: "Big", Members: members, Note: "big"}) })
	w := &watched{Table: tbl, before: func(_ int, ops []table.Op) error {
		if bytes := size(ops); bytes > 3*leafTarget {
			t.Errorf("a change of one member writes %d bytes", bytes)
		}
		return nil
	}}
	small := Open(w, testNow)
	update(t, small, func(f *Draft) error {
		return f.UpdateGroup("big", func(g *Group) { g.Members = append(g.Members[1:], "new") })
	})
	g, _ := snapshot(t, Open(tbl, testNow)).FindGroup("BIG")
	want := append(slices.Clone(members[1:]), "new")
	if !slices.Equal(g.Members, sortNames(want)) || g.Note != "big" {
		t.Errorf("%d members, note %q", len(g.Members), g.Note)
	}
	update(t, d, func(f *Draft) error {
		return f.UpdateGroup("big", func(g *Group) { g.Members = nil })
	})
	if g, _ := snapshot(t, Open(tbl, testNow)).FindGroup("big"); len(g.Members) != 0 || g.Note != "big" {
		t.Errorf("%d members, note %q", len(g.Members), g.Note)
	}
}

func TestEntriesAndListsAreLimited(t *testing.T) {
	d, _ := newDirectory(t)
	long := strings.Repeat("x", MaxName)
	for name, change := range map[string]func(*Draft) error{
		"note": func(f *Draft) error { return f.AddAccount(Account{Name: "a", Note: strings.Repeat("x", MaxNote+1)}) },
		"name": func(f *Draft) error { return f.AddAccount(Account{Name: long + "x"}) },
		"verifiers": func(f *Draft) error {
			return f.AddAccount(Account{Name: "a", Verifiers: make([]Verifier, MaxVerifiers+1)})
		},
		"entry": func(f *Draft) error {
			return f.AddAccount(Account{Name: "a", Verifiers: []Verifier{{Scheme: "s", Sealed: make([]byte, MaxEntry)}}})
		},
		"depth": func(f *Draft) error { return f.AddFolder(strings.Repeat("a/", MaxDepth) + "a") },
		"items": func(f *Draft) error {
			_, err := f.AddPlan(Plan{Name: "p", Items: make([]string, MaxItems+1)})
			return err
		},
		"members": func(f *Draft) error { return f.AddGroup(Group{Name: "g", Members: make([]string, MaxMembers+1)}) },
		"folders": func(f *Draft) error {
			for i := range MaxFolders + 1 {
				if err := f.AddFolder(fmt.Sprint(i)); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		_, err := d.Edit("t", rand.Reader).Update(context.Background(), change)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s over its limit: %v", name, err)
		}
	}
	if s := snapshot(t, d); s.Version() != 0 {
		t.Errorf("version %d", s.Version())
	}
}

func TestTheLogOfALargeEditIsWhole(t *testing.T) {
	d, tbl := newDirectory(t)
	update(t, d, func(f *Draft) error { return f.AddAccount(Account{Name: "first"}) })
	update(t, d, addMany(2500, 1))
	update(t, d, func(f *Draft) error { return f.AddAccount(Account{Name: "last"}) })
	log, err := Open(tbl, testNow).Log(context.Background(), 0, 10)
	if err != nil || len(log) != 3 {
		t.Fatalf("%d entries, %v", len(log), err)
	}
	if n := len(log[1].Changes); n < 5001 || log[1].Changes[0].Name != `Corp\user00000` || log[1].By != "tester" {
		t.Errorf("%d changes by %s, the first %v", n, log[1].By, log[1].Changes[0])
	}
	details := 0
	for _, c := range log[1].Changes {
		if c.Kind == "group" {
			details += len(c.Details)
		}
	}
	if details != 2500 {
		t.Errorf("%d of 2500 members are in the log", details)
	}
	page, err := d.Log(context.Background(), log[1].Version, 1)
	if err != nil || len(page) != 1 || page[0].Version != 1 {
		t.Errorf("log before %d: %+v, %v", log[1].Version, page, err)
	}
}

func TestTheLogHasNoSecrets(t *testing.T) {
	d, tbl := newDirectory(t)
	update(t, d, func(f *Draft) error {
		return f.AddAccount(Account{Name: "bob", Verifiers: []Verifier{{Scheme: "digest-md5", Form: "BOB", Sealed: []byte("canary")}}})
	})
	update(t, d, func(f *Draft) error {
		return f.SetPassword("bob", []Verifier{{Scheme: "basic", Sealed: []byte("canary2")}})
	})
	page, err := tbl.Query(context.Background(), table.Query{Partition: logPartition})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	for _, it := range page.Items {
		if s := string(it.Value); strings.Contains(s, "canary") || strings.Contains(s, "Y2FuYXJ5") || !strings.Contains(s, "password set") {
			t.Errorf("log item %s", s)
		}
	}
}

func FuzzParseLeaf(f *testing.F) {
	f.Add(`[{"account":{"name":"Corp\\bob","verifiers":[{"scheme":"basic","sealed":"AAA="}]}},{"group":{"name":"g","members":["a"]}}]`, "")
	f.Add(`[{"role":{"role":"Reviewer","account":"bob","plan":"{42F64379-163E-4A43-A9C5-4514C5A23798}"}}]`, "role/")
	f.Add(`[{"settings":{"defaultDomain":"x"}},null]`, "")
	f.Fuzz(func(t *testing.T, value, from string) {
		l, err := parseLeaf("x", from, []byte(value))
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		newSnapshot(1, tree{l}.state())
	})
}
