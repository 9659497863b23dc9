package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/api"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/table/bolt"
	"docket/shared/table/memory"
	"docket/shared/wire"
)

// station is an installation whose time the test sets, and of which there may be
// many instances.
type station struct {
	tb               testing.TB
	clock            atomic.Int64 // Unix nanoseconds
	ring             *keys.Ring
	directory        *access.Directory
	accounts         table.Table // of the directory
	records, state   table.Table
	feeder, ordinary string
}

// named is a Guard that believes a header.
type named struct{}

func (named) Caller(_ context.Context, r *http.Request) (api.Caller, error) {
	return api.Caller{Account: r.Header.Get("X-Test-Account")}, nil
}

func (s *station) now() time.Time { return time.Unix(0, s.clock.Load()) }

func (s *station) pass(d time.Duration) { s.clock.Add(int64(d)) }

// newStation has two accounts, of which the feeder's repeats are recognised.
func newStation(tb testing.TB) *station {
	tb.Helper()
	s := &station{tb: tb, feeder: `Corp\feeder`, ordinary: `Corp\ordinary`}
	s.clock.Store(1_790_000_000e9)
	s.records, s.state, s.accounts = memory.New(s.now), memory.New(s.now), memory.New(s.now)
	var err error
	if s.ring, err = keys.Generate(rand.Reader, s.now(), "Test"); err != nil {
		tb.Fatal(err)
	}
	s.directory = access.Open(s.accounts, s.now)
	_, err = s.directory.Edit("test", rand.Reader).Update(context.Background(), func(d *access.Draft) error {
		for _, a := range []access.Account{{Name: s.feeder, RecogniseRepeats: true}, {Name: `Corp\feeder2`, RecogniseRepeats: true}, {Name: s.ordinary}} {
			if err := d.AddAccount(a); err != nil {
				return err
			}
			if err := d.Grant(access.Assignment{Role: access.GlobalAdministrator, Account: a.Name}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// ledger is one whose waits pass at once.
func (s *station) ledger() *ledger.Ledger {
	s.tb.Helper()
	l, err := ledger.Open(context.Background(), ledger.Config{
		Table: s.records, Ring: s.ring, Now: s.now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Sleep: s.sleep,
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return l
}

func (s *station) sleep(ctx context.Context, d time.Duration) error {
	s.pass(d)
	return ctx.Err()
}

// instance is a process of its own over the same tables.
func (s *station) instance() *api.Handler {
	s.tb.Helper()
	log := slog.New(slog.DiscardHandler)
	l := s.ledger()
	engine := search.New(search.Config{Ledger: l, Marks: mark.NewCodec(s.ring, rand.Reader), State: s.state, Ring: s.ring, Now: s.now, Log: log})
	return api.New(api.Config{
		Guard: named{}, Directory: s.directory, Writer: l, Reader: engine, Limits: api.ServeLimits, Now: s.now, Rand: rand.Reader, Log: log,
	})
}

func (s *station) write(h http.Handler, account, body, key string) int {
	r := httptest.NewRequest(http.MethodPost, api.Root+"/?format=json", strings.NewReader(body))
	r.Header.Set("X-Test-Account", account)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// count walks the whole store.
func (s *station) count(h http.Handler) int {
	s.tb.Helper()
	n := 0
	for method, body := http.MethodGet, []byte(nil); ; method = http.MethodPost {
		r := httptest.NewRequest(method, api.Root+"/enum?format=json", bytes.NewReader(body))
		r.Header.Set("X-Test-Account", s.ordinary)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		recs, mark, err := wire.ReadPage(wire.JSON, w.Body.Bytes())
		if err != nil || w.Code != http.StatusOK {
			s.tb.Fatalf("enum: %d %v", w.Code, err)
		}
		if len(recs) == 0 {
			return n
		}
		n += len(recs)
		body = wire.AppendMark(nil, wire.JSON, mark)
	}
}

func (s *station) expect(h http.Handler, what string, status, wantStatus, records int) {
	s.tb.Helper()
	if n := s.count(h); status != wantStatus || n != records {
		s.tb.Errorf("%s: %d and %d records in store; want %d and %d", what, status, n, wantStatus, records)
	}
}

func oneRecord(what string) string {
	return fmt.Sprintf(`[{"Who":"w","Where":"h","ObjectType":"o","What":%q,"Action":"Read","When":"2026-01-01T00:00:00Z"}]`, what)
}

func TestRepeatedBodies(t *testing.T) {
	s := newStation(t)
	a, b := s.instance(), s.instance()
	body := oneRecord("x")
	s.expect(a, "first", s.write(a, s.feeder, body, ""), 200, 1)
	s.expect(a, "at once", s.write(a, s.feeder, body, ""), 200, 1)
	s.pass(14*time.Minute + 59*time.Second)
	s.expect(a, "at 14:59", s.write(a, s.feeder, body, ""), 200, 1)
	s.expect(a, "at 14:59 on another instance", s.write(b, s.feeder, body, ""), 200, 1)
	s.expect(a, "at 14:59 after a restart", s.write(s.instance(), s.feeder, body, ""), 200, 1)
	s.expect(a, "one byte more", s.write(a, s.feeder, body+" ", ""), 200, 2)
	s.expect(a, "another account", s.write(a, `Corp\feeder2`, body, ""), 200, 3)
	s.expect(a, "not opted in", s.write(a, s.ordinary, body, ""), 200, 4)
	s.expect(a, "not opted in, again", s.write(a, s.ordinary, body, ""), 200, 5)
	s.expect(a, "with a key it is the key that counts", s.write(a, s.feeder, body, "k"), 200, 6)
	s.pass(2 * time.Minute)
	s.expect(a, "after the window", s.write(a, s.feeder, body, ""), 200, 7)
	s.expect(b, "again, in its own window", s.write(b, s.feeder, body, ""), 200, 7)
	s.pass(14 * time.Minute)
	s.expect(b, "the window counts from the last that was stored", s.write(b, s.feeder, body, ""), 200, 7)
	s.pass(100 * time.Hour)
	s.expect(b, "after the item has expired", s.write(b, s.feeder, body, ""), 200, 8)
}

func TestRepeatedBodiesAtOnce(t *testing.T) {
	s := newStation(t)
	instances := []*api.Handler{s.instance(), s.instance(), s.instance()}
	for round := range 10 {
		// The second half begins with a window that has ended, so that all want to
		// replace one item.
		body := oneRecord(fmt.Sprint("x", round%5))
		if round == 5 {
			s.pass(20 * time.Minute)
		}
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if code := s.write(instances[i%3], s.feeder, body, ""); code != 200 {
					t.Errorf("status %d", code)
				}
			})
		}
		wg.Wait()
		if n := s.count(instances[0]); n != round+1 {
			t.Fatalf("round %d: %d records; want %d", round, n, round+1)
		}
	}
}

func TestIdempotencyKeyEdges(t *testing.T) {
	s := newStation(t)
	a, b := s.instance(), s.instance()
	s.expect(a, "first", s.write(a, s.ordinary, oneRecord("x"), "k"), 200, 1)
	s.expect(a, "again", s.write(a, s.ordinary, oneRecord("x"), "k"), 200, 1)
	s.expect(a, "other instance", s.write(b, s.ordinary, oneRecord("x"), "k"), 200, 1)
	s.expect(a, "after a restart", s.write(s.instance(), s.ordinary, oneRecord("x"), "k"), 200, 1)
	s.expect(a, "another body", s.write(b, s.ordinary, oneRecord("y"), "k"), 400, 1)
	s.expect(a, "a bad body with a new key", s.write(b, s.ordinary, `[{}]`, "l"), 400, 1)
	s.expect(a, "and then a good one with it", s.write(b, s.ordinary, oneRecord("y"), "l"), 200, 2)
	s.expect(a, "another account's", s.write(a, s.feeder, oneRecord("x"), "k"), 200, 3)
	s.pass(24*time.Hour - time.Second)
	s.expect(a, "until 24 hours are over", s.write(a, s.ordinary, oneRecord("x"), "k"), 200, 3)
	s.pass(25 * time.Hour)
	s.expect(a, "after two days it is a new key", s.write(a, s.ordinary, oneRecord("z"), "k"), 200, 4)
	for i := range 10 {
		var wg sync.WaitGroup
		for _, h := range []*api.Handler{a, b, a, b} {
			wg.Go(func() {
				if code := s.write(h, s.ordinary, oneRecord("twin"), fmt.Sprint("twin", i)); code != 200 {
					t.Errorf("twin: %d", code)
				}
			})
		}
		wg.Wait()
		s.expect(a, "twins", 200, 200, 5+i)
	}
}

// TestRepeatAfterRestart: keys and repeats are in the store, not in the process.
func TestRepeatAfterRestart(t *testing.T) {
	s := newStation(t)
	path := filepath.Join(t.TempDir(), "records")
	for range 3 {
		db, err := bolt.Open(path, bolt.Options{Now: s.now, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		s.records = db.Table("records")
		h := s.instance()
		s.write(h, s.feeder, oneRecord("keyed"), "k")
		s.expect(h, "repeated", s.write(h, s.feeder, oneRecord("bare"), ""), 200, 2)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
