package client

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/wire"
)

// seen is one request as a server saw it.
type seen struct {
	Method, Target, Body string
	Header               http.Header
}

// scripted is a server that gives the answers of a list, in order; the last one
// for ever.
type scripted struct {
	mu      sync.Mutex
	answers []http.HandlerFunc
	seen    []seen
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := requestBody(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		body = []byte("unreadable: " + err.Error())
	}
	s.seen = append(s.seen, seen{r.Method, r.RequestURI, string(body), r.Header})
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	answer(w, r)
}

func requestBody(r *http.Request) ([]byte, error) {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		from = z
	}
	return io.ReadAll(from)
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "r1")
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// start starts a server and a client of it whose pauses are only counted.
func start(t *testing.T, c Config, answers ...http.HandlerFunc) (*Client, *scripted, *[]time.Duration) {
	t.Helper()
	s := &scripted{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	var pauses []time.Duration
	c.URL = server.URL
	if c.Sleep == nil {
		c.Sleep = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	}
	made, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made, s, &pauses
}

const record = `{"RID":"2026010100000000000000000000000000000000000000001","Action":"Read","ObjectType":"t","What":"w","When":"2026-01-01T00:00:00Z","Where":"h","Who":"u"}`

func TestRequests(t *testing.T) {
	page := status(200, `{"ActivityRecordList":[`+record+`],"ContinuationMark":"next"}`)
	c, s, _ := start(t, Config{User: `CORP\u`, Password: "p:ä", Format: wire.JSON}, page, page, page, status(200, ""))
	ctx := context.Background()
	first, err := c.Enum(ctx, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if first.Mark != "next" || len(first.Records) != 1 || first.Records[0].Who != "u" || first.Records[0].Action != activity.Read {
		t.Errorf("page %+v", first)
	}
	if _, err := c.Enum(ctx, "mark", 7); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Search(ctx, "", []filter.Entry{{Field: filter.Who, Text: "u"}}, 2); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(ctx, []byte(`[]`), ""); err != nil {
		t.Fatal(err)
	}
	const base = "/netwrix/api/v1/activity_records"
	want := []seen{
		{Method: "GET", Target: base + "/enum?format=json"},
		{Method: "POST", Target: base + "/enum?format=json&count=7", Body: string(wire.AppendMark(nil, wire.JSON, "mark"))},
		{Method: "POST", Target: base + "/search?format=json&count=2", Body: string(wire.AppendSearch(nil, wire.JSON, wire.Search{Entries: []filter.Entry{{Field: filter.Who, Text: "u"}}}))},
		{Method: "POST", Target: base + "/?format=json", Body: "[]"},
	}
	for i := range want {
		got := s.seen[i]
		if user, password, ok := (&http.Request{Header: got.Header}).BasicAuth(); !ok || user != `CORP\u` || password != "p:ä" {
			t.Errorf("request %d is signed %q", i, got.Header["Authorization"])
		}
		if key := got.Header.Get("Idempotency-Key"); (key != "") != (i == 3) {
			t.Errorf("request %d has the key %q", i, key)
		}
		got.Header = nil
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestXML(t *testing.T) {
	page := wire.AppendPageEnd(wire.AppendPageStart(nil, wire.XML, "m"), wire.XML, "m")
	c, s, _ := start(t, Config{Format: wire.JSON}, status(200, string(page)))
	got, err := c.In(wire.XML).Enum(context.Background(), "", 0)
	if err != nil || got.Mark != "m" || len(got.Records) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.HasSuffix(s.seen[0].Target, "?format=xml") {
		t.Errorf("asked for %s", s.seen[0].Target)
	}
}

func TestRepeats(t *testing.T) {
	busy := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "2")
		status(503, `{"ErrorList":[{"Category":"ServerError","Description":"busy"}]}`)(w, r)
	}
	c, s, pauses := start(t, Config{Format: wire.JSON}, cutOff, busy, status(502, "<html>"), status(200, ""))
	if err := c.Write(context.Background(), []byte("[1]"), "key 1"); err != nil {
		t.Fatal(err)
	}
	if len(s.seen) != 4 {
		t.Fatalf("%d attempts", len(s.seen))
	}
	for i, r := range s.seen {
		if r.Header.Get("Idempotency-Key") != "key 1" || r.Body != "[1]" {
			t.Errorf("attempt %d: %+v", i, r)
		}
	}
	if p := *pauses; len(p) != 3 || p[0] < firstPause || p[0] > 2*firstPause || p[1] < 2*time.Second || p[1] > 4*time.Second || p[2] < 4*firstPause {
		t.Errorf("pauses %v", p)
	}
}

func TestGivesUp(t *testing.T) {
	c, s, pauses := start(t, Config{Format: wire.JSON, Attempts: 3}, status(503, `{"ErrorList":[{"Category":"ServerError","Description":"busy"}]}`))
	_, err := c.Enum(context.Background(), "", 0)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status != 503 || len(s.seen) != 3 || len(*pauses) != 2 {
		t.Errorf("%v after %d attempts", err, len(s.seen))
	}
	if want := "busy"; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "[request r1]") {
		t.Errorf("%q does not say %q", err, want)
	}
}

func TestNotRepeated(t *testing.T) {
	for _, code := range []int{400, 404, 405, 413, 500, 302} {
		c, s, _ := start(t, Config{Format: wire.JSON}, status(code, ""))
		err := c.Write(context.Background(), []byte("[]"), "")
		var refused *Refused
		if !errors.As(err, &refused) || refused.Status != code || len(s.seen) != 1 {
			t.Errorf("%d: %v after %d attempts", code, err, len(s.seen))
		}
	}
	c, s, _ := start(t, Config{}, status(503, ""))
	if err := c.WriteOnce(context.Background(), []byte("[]")); err == nil || len(s.seen) != 1 || s.seen[0].Header.Get("Idempotency-Key") != "" {
		t.Errorf("a write without a key: %v after %d attempts", err, len(s.seen))
	}
}

func TestErrorList(t *testing.T) {
	want := []wire.Error{{Category: wire.InputError, Description: "Who is required.", Location: "/ActivityRecordList/ActivityRecord[2]/Who"}}
	for _, f := range []wire.Format{wire.JSON, wire.XML} {
		c, _, _ := start(t, Config{Format: f}, status(400, string(wire.AppendErrors(nil, f, want))))
		err := c.Write(context.Background(), []byte("x"), "")
		var refused *Refused
		if !errors.As(err, &refused) || !cmp.Equal(refused.Errors, want) {
			t.Errorf("%v: %v", f, err)
		}
		if want := "InputError: Who is required. (at /ActivityRecordList/ActivityRecord[2]/Who)"; !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %q", f, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c, s, _ := start(t, Config{Sleep: func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }}, status(503, ""))
	if _, err := c.Enum(ctx, "", 0); !errors.Is(err, context.Canceled) || len(s.seen) != 1 {
		t.Errorf("%v after %d attempts", err, len(s.seen))
	}
}

func TestBadAnswers(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"ActivityRecordList":[]}`, `{"ActivityRecordList":[{}],"ContinuationMark":"m"`, `[]`} {
		c, _, _ := start(t, Config{Format: wire.JSON}, status(200, body))
		if page, err := c.Enum(context.Background(), "", 0); err == nil {
			t.Errorf("%q was read as %+v", body, page)
		}
	}
}

func TestGzip(t *testing.T) {
	c, s, _ := start(t, Config{Format: wire.JSON, Gzip: true}, status(200, ""), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("gzip is not asked for: %v", r.Header)
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, `{"ActivityRecordList":[`+record+`],"ContinuationMark":"m"}`)
		z.Close()
	})
	body := strings.Repeat(" ", 5000) + "[]"
	if err := c.Write(context.Background(), []byte(body), ""); err != nil {
		t.Fatal(err)
	}
	if s.seen[0].Body != body || s.seen[0].Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the server saw %d bytes, %v", len(s.seen[0].Body), s.seen[0].Header)
	}
	page, err := c.Enum(context.Background(), "", 0)
	if err != nil || len(page.Records) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestTLS(t *testing.T) {
	s := &scripted{answers: []http.HandlerFunc{status(200, `{"ActivityRecordList":[],"ContinuationMark":"m"}`)}}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	server.Config.ErrorLog = nil
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for _, c := range []struct {
		name    string
		config  Config
		trusted bool
	}{
		{"unknown", Config{}, false},
		{"insecure", Config{Insecure: true}, true},
		{"given", Config{CACert: cert}, true},
	} {
		c.config.URL, c.config.Format = server.URL, wire.JSON
		c.config.Sleep = func(context.Context, time.Duration) error {
			t.Errorf("%s: it tries again", c.name)
			return errors.New("no")
		}
		made, err := New(c.config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = made.Enum(context.Background(), "", 0)
		if (err == nil) != c.trusted || Untrusted(err) == c.trusted {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := New(Config{URL: server.URL, CACert: []byte("no PEM")}); err == nil {
		t.Error("a certificate that is none was taken")
	}
}

func TestURL(t *testing.T) {
	const path = "/netwrix/api/v1/activity_records"
	for in, want := range map[string]string{
		"host":                          "https://host:9699" + path,
		"host:1":                        "https://host:1" + path,
		"http://host":                   "http://host:9699" + path,
		"https://host:443/":             "https://host:443" + path,
		"https://h/netwrix/api/v1/":     "https://h:9699" + path,
		"https://[::1]:2" + path:        "https://[::1]:2" + path,
		"":                              "",
		"ftp://host":                    "",
		"https://u:p@host":              "",
		"https://host/other":            "",
		"https://host/netwrix/api/v1?x": "",
		"https://":                      "",
		"https://a b":                   "",
	} {
		got, err := baseURL(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "u:p@") {
			t.Errorf("%v shows the password", err)
		}
	}
}
