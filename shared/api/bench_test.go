package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/api"
	"docket/shared/generate"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table/memory"
	"docket/shared/wire"
)

const reader = `Bench\Reader`

// known is a Guard that believes everybody to be the same account.
type known struct{}

func (known) Caller(context.Context, *http.Request) (api.Caller, error) {
	return api.Caller{Account: reader}, nil
}

// newHandler is the API over tables in memory, with one administrator.
func newHandler(tb testing.TB) (*api.Handler, *ledger.Ledger) {
	tb.Helper()
	ctx := context.Background()
	ring, err := keys.Generate(rand.Reader, time.Now(), "Bench")
	if err != nil {
		tb.Fatal(err)
	}
	directory := access.Open(memory.New(time.Now), time.Now)
	_, err = directory.Edit("bench", rand.Reader).Update(ctx, func(d *access.Draft) error {
		if err := d.AddAccount(access.Account{Name: reader}); err != nil {
			return err
		}
		return d.Grant(access.Assignment{Role: access.GlobalAdministrator, Account: reader})
	})
	if err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	l, err := ledger.Open(ctx, ledger.Config{Table: memory.New(time.Now), Ring: ring, Now: time.Now, Rand: rand.Reader, Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	engine := search.New(search.Config{Ledger: l, Marks: mark.NewCodec(ring, rand.Reader), State: memory.New(time.Now), Ring: ring, Now: time.Now, Log: log})
	return api.New(api.Config{
		Guard: known{}, Directory: directory, Writer: l, Reader: engine, Limits: api.ServeLimits, Now: time.Now, Rand: rand.Reader, Log: log,
	}), l
}

func call(tb testing.TB, h http.Handler, method, path string, body []byte) *httptest.ResponseRecorder {
	tb.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, api.Root+path, bytes.NewReader(body)))
	if w.Code != http.StatusOK {
		tb.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w
}

func generated(tb testing.TB, n int) []activity.Record {
	tb.Helper()
	g, err := generate.New(generate.Config{N: n, Seed: 1})
	if err != nil {
		tb.Fatal(err)
	}
	return g.Records(n)
}

func BenchmarkWrite(b *testing.B) {
	for _, f := range []wire.Format{wire.JSON, wire.XML} {
		b.Run(f.String(), func(b *testing.B) {
			h, _ := newHandler(b)
			const n = 1000
			body := wire.AppendRecords(nil, f, generated(b, n))
			path := "/?format=xml"
			if f == wire.JSON {
				path = "/?format=json"
			}
			b.ReportAllocs()
			for b.Loop() {
				call(b, h, http.MethodPost, path, body)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

var markPattern = map[wire.Format]*regexp.Regexp{
	wire.JSON: regexp.MustCompile(`"ContinuationMark":"([^"]+)"`),
	wire.XML:  regexp.MustCompile(`<ContinuationMark>([^<]+)<`),
}

func BenchmarkEnum(b *testing.B) {
	for _, f := range []wire.Format{wire.JSON, wire.XML} {
		b.Run(f.String(), func(b *testing.B) {
			h, l := newHandler(b)
			const n, batch = 50_000, 1000
			recs := generated(b, n)
			for i := 0; i < n; i += batch {
				if _, err := l.Append(context.Background(), ledger.Batch{Records: recs[i : i+batch]}); err != nil {
					b.Fatal(err)
				}
			}
			path := "/enum?format=xml&count=1000"
			if f == wire.JSON {
				path = "/enum?format=json&count=1000"
			}
			b.ReportAllocs()
			for b.Loop() {
				answer := call(b, h, http.MethodGet, path, nil).Body.Bytes()
				for page := 1; page < n/batch; page++ {
					m := markPattern[f].FindSubmatch(answer)
					if m == nil {
						b.Fatalf("no mark in %.200s", answer)
					}
					answer = call(b, h, http.MethodPost, path, wire.AppendMark(nil, f, string(m[1]))).Body.Bytes()
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkPoll(b *testing.B) {
	h, _ := newHandler(b)
	m := markPattern[wire.JSON].FindSubmatch(call(b, h, http.MethodGet, "/enum?format=json", nil).Body.Bytes())
	body := fmt.Appendf(nil, "%q", m[1])
	b.ReportAllocs()
	for b.Loop() {
		call(b, h, http.MethodPost, "/enum?format=json", body)
	}
}
