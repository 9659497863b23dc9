package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/table"
	"docket/shared/table/memory"
)

func testNow() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func newDirectory(t *testing.T) (*Directory, *memory.Table) {
	t.Helper()
	tbl := memory.New(testNow)
	return Open(tbl, testNow), tbl
}

func update(t *testing.T, d *Directory, change func(*Draft) error) Result {
	t.Helper()
	r, err := d.Edit("tester", rand.Reader).Update(context.Background(), change)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func snapshot(t *testing.T, d *Directory) *Snapshot {
	t.Helper()
	s, err := d.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEmptyDirectory(t *testing.T) {
	d, _ := newDirectory(t)
	s := snapshot(t, d)
	if s.Version() != 0 || len(s.Accounts()) != 0 || len(s.Groups()) != 2 {
		t.Errorf("version %d, %d accounts, groups %v", s.Version(), len(s.Accounts()), s.Groups())
	}
	if r := s.Rights("nobody"); r.Read || r.Write || !r.Scope.Empty() {
		t.Errorf("nobody may %+v", r)
	}
}

func TestAnEditHoldsFromTheNextSnapshotOnInEveryDirectory(t *testing.T) {
	d, tbl := newDirectory(t)
	other := Open(tbl, testNow)
	if _, ok := snapshot(t, other).Account("bob"); ok {
		t.Fatal("bob exists before")
	}
	r := update(t, d, func(f *Draft) error { return f.AddAccount(Account{Name: `Corp\Bob`, Schemes: []string{"basic"}}) })
	if got := fmt.Sprint(r.Changes); got != `[+ account Corp\Bob: schemes: none -> basic]` {
		t.Errorf("changes %s", got)
	}
	for _, dir := range []*Directory{d, other, Open(tbl, testNow)} {
		if a, ok := snapshot(t, dir).Account("BOB@corp"); !ok || a.Name != `Corp\Bob` {
			t.Errorf("account %+v, %t", a, ok)
		}
	}
	update(t, other, func(f *Draft) error { return f.RemoveAccounts(false, "bob") })
	if _, ok := snapshot(t, d).Account("bob"); ok {
		t.Error("bob is still there after another directory removed him")
	}
}

func TestAnEditWithoutEffectWritesNothing(t *testing.T) {
	d, _ := newDirectory(t)
	add := func(f *Draft) error { return f.AddAccount(Account{Name: "bob"}) }
	first := update(t, d, add)
	again := update(t, d, func(f *Draft) error { return f.UpdateAccount("BOB", func(*Account) {}) })
	if again.Version != first.Version || len(again.Changes) != 0 {
		t.Errorf("an edit without effect made version %d of %d: %v", again.Version, first.Version, again.Changes)
	}
	_, err := d.Edit("t", rand.Reader).Update(context.Background(), add)
	if !errors.Is(err, ErrExists) {
		t.Errorf("adding twice: %v", err)
	}
}

func TestConcurrentEditsAreAllThere(t *testing.T) {
	const editors, each = 8, 12
	tbl := memory.New(testNow)
	var wg sync.WaitGroup
	for e := range editors {
		wg.Go(func() {
			edit := Open(tbl, testNow).Edit(fmt.Sprint("editor ", e), rand.Reader)
			for i := range each {
				_, err := edit.Update(context.Background(), func(f *Draft) error {
					if err := f.AddAccount(Account{Name: fmt.Sprintf("e%d\\a%d", e, i)}); err != nil {
						return err
					}
					return f.UpdateGroup(AdministratorsGroup, func(g *Group) { g.Members = append(g.Members, fmt.Sprintf("e%d\\a%d", e, i)) })
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	d := Open(tbl, testNow)
	s := snapshot(t, d)
	if n := len(s.Accounts()); n != editors*each {
		t.Errorf("%d accounts, want %d", n, editors*each)
	}
	if m, _ := s.Group(AdministratorsGroup); m.Len() != editors*each {
		t.Errorf("%d members, want %d", m.Len(), editors*each)
	}
	if s.Version() != editors*each {
		t.Errorf("version %d after %d edits", s.Version(), editors*each)
	}
	log, err := d.Log(context.Background(), 0, MaxLogPage)
	if err != nil || len(log) != editors*each {
		t.Fatalf("%d log entries, %v", len(log), err)
	}
	for i, e := range log {
		if e.Version != uint64(len(log)-i) || e.When != testNow().Unix() || !strings.HasPrefix(e.By, "editor ") || len(e.Changes) != 2 {
			t.Fatalf("log entry %d: %+v", i, e)
		}
	}
}

// addMany adds n accounts with a role and in a group, each with verifiers of so
// many bytes.
func addMany(n, sealed int) func(*Draft) error {
	return func(f *Draft) error {
		g := Group{Name: `Corp\All`}
		for i := range n {
			a := Account{Name: fmt.Sprintf("Corp\\user%05d", i), Schemes: []string{"basic"}, Verifiers: []Verifier{{Scheme: "basic", Sealed: make([]byte, sealed)}}}
			if err := f.AddAccount(a); err != nil {
				return err
			}
			if err := f.Grant(Assignment{Role: Contributor, Account: a.Name}); err != nil {
				return err
			}
			g.Members = append(g.Members, a.Name)
		}
		return f.AddGroup(g)
	}
}

// watched fails writes and counts content.
type watched struct {
	table.Table
	before func(n int, ops []table.Op) error // before the n-th Write, from 1
	after  func(n int) error
	n      int
}

func (w *watched) Write(ctx context.Context, ops ...table.Op) error {
	w.n++
	if w.before != nil {
		if err := w.before(w.n, ops); err != nil {
			return err
		}
	}
	err := w.Table.Write(ctx, ops...)
	if err == nil && w.after != nil {
		return w.after(w.n)
	}
	return err
}

func contentItems(t *testing.T, tbl table.Table) map[string]int {
	t.Helper()
	sizes := map[string]int{}
	q := table.Query{Partition: contentPartition}
	for {
		page, err := tbl.Query(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			sizes[it.Sort] = it.Size()
		}
		if !page.More {
			return sizes
		}
		q.From = page.Items[len(page.Items)-1].Sort + "\x00"
	}
}

func TestALargeEditIsAtomicAndASmallOneAfterItIsSmall(t *testing.T) {
	const n = 3000
	mem := memory.New(testNow)
	reader := Open(mem, testNow)
	w := &watched{Table: mem}
	w.before = func(int, []table.Op) error {
		if got := len(snapshot(t, reader).Accounts()); got != 0 {
			t.Errorf("a reader sees %d accounts half way", got)
		}
		return nil
	}
	d := Open(w, testNow)
	update(t, d, addMany(n, 1200))
	if w.n < 2 {
		t.Fatalf("%d writes: the edit was not large", w.n)
	}
	if got := len(snapshot(t, reader).Accounts()); got != n {
		t.Fatalf("%d accounts, want %d", got, n)
	}
	for name, size := range contentItems(t, mem) {
		if size > table.MaxItem/2 {
			t.Errorf("%s has %d bytes", name, size)
		}
	}
	w.n = 0
	w.before = func(_ int, ops []table.Op) error {
		if len(ops) > 8 || size(ops) > 3*leafTarget {
			t.Errorf("a small edit writes %d items with %d bytes", len(ops), size(ops))
		}
		return nil
	}
	update(t, d, func(f *Draft) error {
		return f.SetPassword(`corp\user00077`, []Verifier{{Scheme: "basic", Sealed: []byte{7}}})
	})
	if w.n != 1 {
		t.Errorf("a small edit took %d writes", w.n)
	}
	a, _ := snapshot(t, reader).Account("user00077")
	if len(a.Verifiers) != 1 || a.Verifiers[0].Sealed[0] != 7 || a.PasswordSet != testNow().Unix() {
		t.Errorf("account %+v", a)
	}
}

func TestContentThatNobodyNamesIsRemoved(t *testing.T) {
	mem := memory.New(testNow)
	d := Open(mem, testNow)
	update(t, d, addMany(500, 160))
	for i := range 10 {
		update(t, d, func(f *Draft) error { return f.RemoveAccounts(true, fmt.Sprintf(`corp\user%05d`, i*40)) })
	}
	all := contentItems(t, mem)
	if want := len(d.latest.Load().tree) + 1; len(all) != want {
		t.Errorf("%d items of content, want %d", len(all), want)
	}
	broken := errors.New("power cut")
	w := &watched{Table: mem, before: func(n int, _ []table.Op) error {
		if n > 1 {
			return broken
		}
		return nil
	}}
	_, err := Open(w, testNow).Edit("t", rand.Reader).Update(context.Background(), func(f *Draft) error {
		for _, a := range listed(f.state.accounts) {
			if err := f.SetPassword(a.Name, []Verifier{{Scheme: "digest", Sealed: make([]byte, 12000)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Fatalf("the edit ended with %v", err)
	}
	if left := len(contentItems(t, mem)); left <= len(all) {
		t.Fatalf("%d items of content: nothing was left by the edit", left)
	}
	later := Open(mem, func() time.Time { return testNow().Add(72 * time.Hour) })
	update(t, later, func(f *Draft) error {
		for i := range 600 {
			if err := f.AddAccount(Account{Name: fmt.Sprintf(`late\u%d`, i), Verifiers: []Verifier{{Scheme: "digest", Sealed: make([]byte, 7000)}}}); err != nil {
				return err
			}
		}
		return nil
	})
	if left, want := len(contentItems(t, mem)), len(later.latest.Load().tree)+1; left != want {
		t.Errorf("%d items of content, want %d", left, want)
	}
}

func TestALostAnswerIsNeitherLostNorDoneTwice(t *testing.T) {
	for _, test := range []struct {
		name string
		done bool // the write whose answer is lost was applied
	}{{"applied", true}, {"not applied", false}} {
		t.Run(test.name, func(t *testing.T) {
			mem := memory.New(testNow)
			w := &watched{Table: mem}
			lost := func(n int) error {
				if n == 1 {
					return fmt.Errorf("answer lost: %w", table.ErrUnavailable)
				}
				return nil
			}
			if test.done {
				w.after = lost
			} else {
				w.before = func(n int, _ []table.Op) error { return lost(n) }
			}
			d := Open(w, testNow)
			r := update(t, d, func(f *Draft) error { return f.AddAccount(Account{Name: "bob"}) })
			if r.Version != 1 || len(r.Changes) != 1 {
				t.Errorf("result %+v", r)
			}
			if s := snapshot(t, Open(mem, testNow)); s.Version() != 1 || len(s.Accounts()) != 1 {
				t.Errorf("version %d, accounts %v", s.Version(), s.Accounts())
			}
		})
	}
}

func TestUnknownOutcomeIsSaid(t *testing.T) {
	w := &watched{Table: memory.New(testNow), before: func(int, []table.Op) error { return table.ErrUnavailable }}
	_, err := Open(w, testNow).Edit("t", rand.Reader).Update(context.Background(), func(f *Draft) error { return f.AddAccount(Account{Name: "bob"}) })
	if !errors.Is(err, ErrUnknown) || !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	w.before = func(int, []table.Op) error { return table.ErrBusy }
	_, err = Open(w, testNow).Edit("t", rand.Reader).Update(context.Background(), func(f *Draft) error { return f.AddAccount(Account{Name: "bob"}) })
	if errors.Is(err, ErrUnknown) || !errors.Is(err, table.ErrBusy) {
		t.Errorf("error %v", err)
	}
}

func TestTooManyChangesAreRefusedWhole(t *testing.T) {
	d, mem := newDirectory(t)
	_, err := d.Edit("t", rand.Reader).Update(context.Background(), func(f *Draft) error {
		for i := range 4000 {
			if err := f.AddAccount(Account{Name: fmt.Sprintf("u%d", i), Note: strings.Repeat("x", MaxNote)}); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, ErrTooMuch) {
		t.Errorf("error %v", err)
	}
	if n := len(contentItems(t, mem)); n != 0 {
		t.Errorf("%d items were written", n)
	}
}
