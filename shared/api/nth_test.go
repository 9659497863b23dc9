package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/api"
	"docket/shared/ledger"
	"docket/shared/table"
	"docket/shared/table/faulty"
	"docket/shared/table/memory"
	"docket/shared/wire"
)

// nthOperation is what meets a fault at its n-th call of the store. It returns the
// status that the client got, 200 or 503 for one that has none.
type nthOperation struct {
	name string
	// run may write; what it may have added is its record's What.
	run func(w *nthWorld) int
	// added is how many records are there after success; after a failure all of
	// them or none.
	added int
	// exact says that the same again makes it exactly so.
	exact bool
}

type nthWorld struct {
	*station
	faults []*faulty.Table // the tables
	before []string        // What of all records
	page   []activity.Stored
	mark   string

	// Opened before faults begin; nil is a new one.
	warm       *api.Handler
	warmLedger *ledger.Ledger
}

func (w *nthWorld) instance() *api.Handler {
	if w.warm != nil {
		return w.warm
	}
	return w.station.instance()
}

func (w *nthWorld) ledger() *ledger.Ledger {
	if w.warmLedger != nil {
		return w.warmLedger
	}
	return w.station.ledger()
}

func nthOperations() []nthOperation {
	three := strings.TrimSuffix(oneRecord("new a"), "]") + "," + strings.Trim(oneRecord("new b"), "[]") + "," + strings.TrimPrefix(oneRecord("new c"), "[")
	return []nthOperation{
		{"write", func(w *nthWorld) int { return w.write(w.instance(), w.ordinary, three, "") }, 3, false},
		{"write with a key", func(w *nthWorld) int { return w.write(w.instance(), w.ordinary, three, "key") }, 3, true},
		{"write with recognised repeats", func(w *nthWorld) int { return w.write(w.instance(), w.feeder, three, "") }, 3, true},
		{"enum", func(w *nthWorld) int { return w.ask(http.MethodGet, "/enum?format=json&count=7", "") }, 0, true},
		{"search", func(w *nthWorld) int {
			return w.ask(http.MethodPost, "/search?format=json&count=7", `{"FilterList":{"Who":"w"}}`)
		}, 0, true},
		{"compact", func(w *nthWorld) int {
			l := w.ledger()
			for s := range ledger.Shard(ledger.DefaultShards) {
				if _, err := l.Compact(context.Background(), s, ledger.Compaction{All: true, Retain: -1, Busy: -1}); err != nil {
					return http.StatusServiceUnavailable
				}
			}
			return http.StatusOK
		}, 0, true},
	}
}

// newNthWorld has single records and a part that was compacted before.
func newNthWorld(t *testing.T) *nthWorld {
	w := &nthWorld{station: newStation(t)}
	h := w.instance()
	add := func(from, to int) {
		for i := from; i < to; i++ {
			what := fmt.Sprint("old ", i)
			w.before = append(w.before, what)
			if code := w.write(h, w.ordinary, oneRecord(what), ""); code != http.StatusOK {
				t.Fatalf("write: %d", code)
			}
		}
	}
	add(0, 12)
	for s := range ledger.Shard(ledger.DefaultShards) {
		if _, err := w.ledger().Compact(t.Context(), s, ledger.Compaction{All: true, Retain: -1, Busy: -1}); err != nil {
			t.Fatal(err)
		}
	}
	add(12, 24)
	slices.Sort(w.before)
	return w
}

// ask reads one page and keeps it, if it came.
func (w *nthWorld) ask(method, path, body string) int {
	r := httptest.NewRequest(method, api.Root+path, strings.NewReader(body))
	r.Header.Set("X-Test-Account", w.ordinary)
	answer := httptest.NewRecorder()
	w.instance().ServeHTTP(answer, r)
	if answer.Code == http.StatusOK {
		var err error
		if w.page, w.mark, err = wire.ReadPage(wire.JSON, answer.Body.Bytes()); err != nil {
			w.tb.Fatal(err)
		}
	} else if answer.Code == http.StatusServiceUnavailable && answer.Header().Get("Retry-After") == "" {
		w.tb.Error("a 503 without Retry-After")
	}
	return answer.Code
}

// walk goes on after the page that was given, to the end, and returns What of
// all, in order of text.
func (w *nthWorld) walk() []string {
	w.tb.Helper()
	h, found := w.instance(), []string{}
	for _, r := range w.page {
		found = append(found, r.What)
	}
	for mark := w.mark; ; {
		method, body := http.MethodPost, wire.AppendMark(nil, wire.JSON, mark)
		if mark == "" {
			method, body = http.MethodGet, nil
		}
		r := httptest.NewRequest(method, api.Root+"/enum?format=json&count=5", bytes.NewReader(body))
		r.Header.Set("X-Test-Account", w.ordinary)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		recs, next, err := wire.ReadPage(wire.JSON, answer.Body.Bytes())
		if answer.Code != http.StatusOK || err != nil {
			w.tb.Fatalf("walk: %d %v", answer.Code, err)
		}
		if len(recs) == 0 {
			slices.Sort(found)
			return found
		}
		for _, r := range recs {
			found = append(found, r.What)
		}
		mark = next
	}
}

// judge looks at what a walk gave: all that was there, and of what was added all
// or nothing.
func (w *nthWorld) judge(op nthOperation, found []string, must bool) {
	w.tb.Helper()
	old, fresh := []string{}, []string{}
	for _, what := range found {
		if strings.HasPrefix(what, "new") {
			fresh = append(fresh, what)
		} else {
			old = append(old, what)
		}
	}
	if !slices.Equal(old, w.before) {
		w.tb.Errorf("the walk gave %q; want %q", old, w.before)
	}
	want := []string{"new a", "new b", "new c"}[:op.added]
	if !slices.Equal(fresh, want) && (must || len(fresh) > 0) {
		w.tb.Errorf("of what was written the walk gave %q; want %q (or nothing: %v)", fresh, want, !must)
	}
}

// same compares a search's page, if one came, with that of a quiet search.
func (w *nthWorld) same(status int) {
	w.tb.Helper()
	page := w.page
	again := w.ask(http.MethodPost, "/search?format=json&count=7", `{"FilterList":{"Who":"w"}}`)
	equal := slices.EqualFunc(page, w.page, func(a, b activity.Stored) bool { return a.RID == b.RID && a.What == b.What })
	if again != http.StatusOK || len(w.page) != 7 || status == http.StatusOK && !equal {
		w.tb.Errorf("search: %d records with the fault, %d with none, status %d", len(page), len(w.page), again)
	}
	w.page, w.mark = nil, ""
}

// TestFailTheNthCall fails exactly one call of a table, of records, state or
// accounts, each in turn and in each way, at each operation, and then runs quietly.
func TestFailTheNthCall(t *testing.T) {
	for _, op := range nthOperations() {
		for _, fault := range faulty.Faults() {
			t.Run(op.name+"/"+fault.String(), func(t *testing.T) {
				for n := 1; nthCall(t, op, fault, n); n++ {
					if t.Failed() {
						t.Fatalf("at call %d", n)
					}
				}
			})
		}
	}
}

// nthCall reports whether there was an n-th call.
func nthCall(t *testing.T, op nthOperation, fault faulty.Fault, n int) bool {
	w := newNthWorld(t)
	armed, calls := false, 0
	hook := func(*faulty.Call) faulty.Fault {
		if !armed {
			return faulty.None
		}
		calls++
		if calls == n {
			return fault
		}
		return faulty.None
	}
	for _, tbl := range []*table.Table{&w.records, &w.state, &w.accounts} {
		f := faulty.New((*tbl).(*memory.Table), faulty.Options{Seed: uint64(n), Sleep: w.sleep, Now: w.now, Hook: hook})
		*tbl, w.faults = f, append(w.faults, f)
	}
	w.directory = access.Open(w.accounts, w.now)
	w.warm = w.instance()
	w.warmLedger = w.ledger()
	armed = true
	status := op.run(w)
	armed = false
	for _, f := range w.faults {
		f.Restore()
	}
	if status != http.StatusOK && status != http.StatusServiceUnavailable {
		t.Errorf("call %d: status %d; want 200 or 503", n, status)
	}
	for _, f := range w.faults {
		if err := f.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.warm, w.warmLedger = nil, nil
	if op.name == "search" {
		w.same(status)
	}
	w.judge(op, w.walk(), status == http.StatusOK)
	if op.exact {
		w.page, w.mark = nil, ""
		if again := op.run(w); again != http.StatusOK {
			t.Errorf("call %d: again: status %d", n, again)
		}
		if op.name == "search" {
			w.page, w.mark = nil, ""
		}
		w.judge(op, w.walk(), true)
	}
	l := w.ledger()
	if _, err := l.Check(t.Context(), ledger.CheckOptions{Report: func(f ledger.Finding) { t.Errorf("call %d: check: %s", n, f) }}); err != nil {
		t.Error(err)
	}
	return calls >= n
}
