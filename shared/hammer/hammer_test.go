package hammer_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/api"
	"docket/shared/client"
	"docket/shared/hammer"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table/memory"
	"docket/shared/wire"
)

const account = `Test\Admin`

type everybody struct{}

func (everybody) Caller(context.Context, *http.Request) (api.Caller, error) {
	return api.Caller{Account: account}, nil
}

// newServer is the API over tables in memory.
func newServer(t *testing.T) http.Handler {
	t.Helper()
	ring, err := keys.Generate(rand.Reader, time.Now(), "Test")
	if err != nil {
		t.Fatal(err)
	}
	directory := access.Open(memory.New(time.Now), time.Now)
	_, err = directory.Edit("test", rand.Reader).Update(t.Context(), func(d *access.Draft) error {
		if err := d.AddAccount(access.Account{Name: account}); err != nil {
			return err
		}
		return d.Grant(access.Assignment{Role: access.GlobalAdministrator, Account: account})
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	l, err := ledger.Open(t.Context(), ledger.Config{Table: memory.New(time.Now), Ring: ring, Now: time.Now, Rand: rand.Reader, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	engine := search.New(search.Config{Ledger: l, Marks: mark.NewCodec(ring, rand.Reader), State: memory.New(time.Now), Ring: ring, Now: time.Now, Log: log})
	return api.New(api.Config{
		Guard: everybody{}, Directory: directory, Writer: l, Reader: engine, Limits: api.ServeLimits, Now: time.Now, Rand: rand.Reader, Log: log,
	})
}

func hit(t *testing.T, h http.Handler, d time.Duration) *hammer.Report {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	config := client.Config{URL: s.URL, Attempts: 2, Connections: 8}
	kept, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Fresh = true
	fresh, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	r, err := hammer.Do(t.Context(), hammer.Config{
		Client: kept, Fresh: fresh, Run: "test", Seed: 7, For: d, Writers: 3, Readers: 2, Searchers: 1, Batch: 20, Rate: 3000, MaxRecords: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSoundServer: nothing is found where nothing is wrong, and all was tried.
func TestSoundServer(t *testing.T) {
	r := hit(t, newServer(t), 2*time.Second)
	if r.Findings != 0 {
		t.Errorf("%d findings: %v", r.Findings, r.First)
	}
	if r.Acked == 0 || r.Unknown == 0 || r.Bad == 0 || r.Again == 0 || r.Walks < 3 || r.Searches == 0 || r.Repeats == 0 {
		t.Errorf("not all was tried: %+v", r)
	}
}

// liar is a server that answers wrongly.
type liar struct {
	sound http.Handler
	pages *atomic.Int64 // that had records
	// page changes what enum (or search) gives; number counts the pages from 1.
	enum, search func(number int64, recs []activity.Stored) []activity.Stored
	write        func(w http.ResponseWriter, r *http.Request, sound http.Handler)
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	change := l.enum
	switch {
	case strings.HasSuffix(r.URL.Path, "/search"):
		change = l.search
	case !strings.HasSuffix(r.URL.Path, "/enum"):
		if l.write != nil {
			l.write(w, r, l.sound)
			return
		}
	}
	if change == nil {
		l.sound.ServeHTTP(w, r)
		return
	}
	format := wire.XML
	if r.URL.Query().Get("format") == "json" {
		format = wire.JSON
	}
	answer := httptest.NewRecorder()
	l.sound.ServeHTTP(answer, r)
	recs, next, err := wire.ReadPage(format, answer.Body.Bytes())
	if err == nil && len(recs) > 0 {
		recs = change(l.pages.Add(1), recs)
		body := wire.AppendPageStart(nil, format, next)
		for i := range recs {
			if i > 0 {
				body = wire.AppendSeparator(body, format)
			}
			body = wire.AppendRecord(body, format, &recs[i])
		}
		answer.Body = bytes.NewBuffer(wire.AppendPageEnd(body, format, next))
	}
	maps.Copy(w.Header(), answer.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the client may have gone
}

type page = []activity.Stored

// always is every page.
func always(change func(page) page) func(int64, page) page {
	return func(_ int64, recs page) page { return change(recs) }
}

// often is every other page: what is hidden once is seen at another time, and
// both must be told apart from what never was.
func often(change func(page) page) func(int64, page) page {
	return func(n int64, recs page) page {
		if n%2 != 0 {
			return recs
		}
		return change(recs)
	}
}

func refusedAccepted(w http.ResponseWriter, r *http.Request, sound http.Handler) {
	answer := httptest.NewRecorder()
	sound.ServeHTTP(answer, r)
	w.WriteHeader(http.StatusOK)
}

// TestLyingServer: each way to be wrong is found, and called by its name.
func TestLyingServer(t *testing.T) {
	for name, c := range map[string]struct {
		liar liar
		want []hammer.Kind // one of them
	}{
		"a record is dropped in the middle of a batch": {liar{enum: often(func(p page) page { return append(slices.Clone(p[:len(p)/2]), p[len(p)/2+1:]...) })}, is(hammer.Order)},
		"the last record of a page is dropped":         {liar{enum: often(func(p page) page { return p[:len(p)-1] })}, is(hammer.Order, hammer.Part, hammer.Lost)},
		"a whole page is dropped":                      {liar{enum: often(func(page) page { return nil })}, is(hammer.Lost)},
		"a record comes twice":                         {liar{enum: often(func(p page) page { return append(p, p[0]) })}, is(hammer.Repeated)},
		"two records are swapped": {liar{enum: often(func(p page) page {
			for i := range len(p) - 1 {
				p[i], p[i+1] = p[i+1], p[i]
			}
			return p
		})}, is(hammer.Order)},
		"a field is altered":         {liar{enum: often(func(p page) page { p[0].Workstation += "x"; return p })}, is(hammer.Altered)},
		"a time is altered":          {liar{enum: often(func(p page) page { p[0].When++; return p })}, is(hammer.Altered)},
		"a detail is dropped":        {liar{enum: often(dropDetail)}, is(hammer.Altered)},
		"a RID changes":              {liar{enum: often(func(p page) page { p[0].RID[30] ^= 1; return p })}, is(hammer.Altered)},
		"a record was never sent":    {liar{enum: often(func(p page) page { p[0].What = "hammer-test/4000000000/0/x"; return p })}, is(hammer.Altered)},
		"a search drops a record":    {liar{search: always(func(p page) page { return p[:len(p)-1] })}, is(hammer.Lost)},
		"a search repeats a record":  {liar{search: always(func(p page) page { return append(p, p[0]) })}, is(hammer.Repeated)},
		"a search gives too much":    {liar{search: always(func(p page) page { p[0].What = "other"; return p })}, is(hammer.Foreign)},
		"a search gives older first": {liar{search: always(func(p page) page { slices.Reverse(p); return p })}, is(hammer.Order)},
		"a search is not stable":     {liar{search: func(n int64, p page) page { return p[min(n%2, int64(len(p)-1)):] }}, is(hammer.Unstable)},
		"a write is acknowledged and not done": {liar{write: func(w http.ResponseWriter, r *http.Request, sound http.Handler) {
			if r.ContentLength%4 == 0 {
				return // 200
			}
			sound.ServeHTTP(w, r)
		}}, is(hammer.Lost)},
		"a write is done twice": {liar{write: func(w http.ResponseWriter, r *http.Request, sound http.Handler) {
			r.Header.Del("Idempotency-Key")
			sound.ServeHTTP(w, r)
		}}, is(hammer.Repeated)},
		"a refusal is told as success": {liar{write: refusedAccepted}, is(hammer.Answer)},
		"what was refused is stored":   {liar{write: storeRefused}, is(hammer.Refused)},
		"a good write is refused": {liar{write: func(w http.ResponseWriter, r *http.Request, sound http.Handler) {
			w.WriteHeader(http.StatusBadRequest)
		}}, is(hammer.Answer)},
	} {
		t.Run(name, func(t *testing.T) {
			c.liar.sound, c.liar.pages = newServer(t), new(atomic.Int64)
			// A busy machine gets less done in a time, so more of it is tried.
			var r *hammer.Report
			for _, d := range []time.Duration{600 * time.Millisecond, 3 * time.Second, 10 * time.Second} {
				r = hit(t, &c.liar, d)
				if slices.ContainsFunc(r.First, func(f hammer.Finding) bool { return slices.Contains(c.want, f.Kind) }) {
					return
				}
				c.liar.sound = newServer(t)
			}
			t.Errorf("%d findings, none of kind %q: %.3v", r.Findings, c.want, r.First)
		})
	}
}

func is(kinds ...hammer.Kind) []hammer.Kind { return kinds }

func dropDetail(p page) page {
	for i := range p {
		if n := len(p[i].Details); n > 0 {
			p[i].Details = p[i].Details[:n-1]
		}
	}
	return p
}

// storeRefused drops the key, so that a body with the key of another is stored,
// and tells the client that it was refused.
func storeRefused(w http.ResponseWriter, r *http.Request, sound http.Handler) {
	answer := httptest.NewRecorder()
	copied := new(bytes.Buffer)
	_, _ = copied.ReadFrom(r.Body)
	again := r.Clone(r.Context())
	r.Body = http.NoBody
	again.Body = readCloser{bytes.NewReader(copied.Bytes())}
	sound.ServeHTTP(answer, again)
	if answer.Code == http.StatusBadRequest {
		again.Body = readCloser{bytes.NewReader(copied.Bytes())}
		again.Header.Del("Idempotency-Key")
		sound.ServeHTTP(httptest.NewRecorder(), again)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the client may have gone
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
