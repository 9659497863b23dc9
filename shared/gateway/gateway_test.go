package gateway

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

type reply struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, s *httptest.Server, method, target string, header map[string]string, body []byte) reply {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

func echoed(t *testing.T, r reply) seen {
	t.Helper()
	var e seen
	if err := json.Unmarshal([]byte(r.body), &e); err != nil || r.status != http.StatusOK {
		t.Fatalf("status %d, %v in %.300s; want what the function saw", r.status, err, r.body)
	}
	return e
}

func TestEvent(t *testing.T) {
	_, s := newGateway(t)
	e := echoed(t, ask(t, s, "GET", "/stage/v1/list/?b=2&a=%20x&a=y", map[string]string{"X-Thing": "1", "User-Agent": "test/1"}, nil))
	ev := e.Event
	if ev.Path != "/v1/list/" || ev.Resource != "/v1/list" || ev.RequestContext.Path != "/stage/v1/list/" || ev.RequestContext.Stage != "stage" {
		t.Errorf("paths %q, %q, %q: the path keeps its slash and has no stage", ev.Path, ev.Resource, ev.RequestContext.Path)
	}
	if got := ev.MultiValueQueryStringParameters["a"]; len(got) != 2 || got[0] != " x" || ev.QueryStringParameters["a"] != "y" || ev.QueryStringParameters["b"] != "2" {
		t.Errorf("query %v, %v: decoded, all values, the last alone", ev.MultiValueQueryStringParameters, ev.QueryStringParameters)
	}
	if ev.Headers["X-Thing"] != "1" || ev.RequestContext.Identity.UserAgent != "test/1" || ev.RequestContext.Identity.SourceIP != "127.0.0.1" || ev.RequestContext.RequestID == "" {
		t.Errorf("headers %v, context %+v", ev.Headers, ev.RequestContext)
	}
	if e.Plain != "text" || e.Table != "things-1" || e.Name != "512" || e.Left <= 0 || e.Left > 2e9 {
		t.Errorf("%+v: want the template's variables, memory and time", e)
	}
}

func TestRoutes(t *testing.T) {
	_, s := newGateway(t)
	for _, c := range []struct {
		method, path, resource string
		status                 int
	}{
		{"GET", "/stage/v1/list", "/v1/list", 200},
		{"GET", "/stage/v1/list/", "/v1/list", 200},
		{"DELETE", "/stage/v1/list", "", 403}, // no method there, and MISSING_AUTHENTICATION_TOKEN is not customised
		{"PUT", "/stage/v1/7/sub", "/v1/{id}/sub", 200},
		{"PUT", "/stage/v1/list/sub", "/v1/{id}/sub", 200},
		{"GET", "/stage/v1/7/other", "/v1/{rest+}", 200},
		{"GET", "/stage/v1/7/sub/deeper", "/v1/{rest+}", 200},
		{"GET", "/stage/v1//sub", "/v1/{rest+}", 200},
		{"GET", "/stage/v1/%6cist", "/v1/{rest+}", 403}, // a {id} without methods
		{"GET", "/stage/v2", "", 403},
		{"GET", "/stage", "", 403},
		{"GET", "/stages/v1/list", "", 403},
		{"GET", "/v1/list", "", 403},
	} {
		r := ask(t, s, c.method, c.path, nil, nil)
		if r.status != c.status {
			t.Errorf("%s %s: status %d; want %d", c.method, c.path, r.status, c.status)
			continue
		}
		if c.status == 200 {
			if e := echoed(t, r); e.Event.Resource != c.resource {
				t.Errorf("%s %s: resource %s; want %s", c.method, c.path, e.Event.Resource, c.resource)
			}
		}
	}
	if e := echoed(t, ask(t, s, "GET", "/stage/v1/7/sub", map[string]string{"X-HTTP-Method-Override": "patch"}, nil)); e.Event.HTTPMethod != "PATCH" {
		t.Errorf("method %s; want the overriding one", e.Event.HTTPMethod)
	}
}

func TestAuthorizer(t *testing.T) {
	_, s := newGateway(t)
	post := func(decision string) reply {
		return ask(t, s, "POST", "/stage/v1/list", map[string]string{"Decision": decision}, nil)
	}
	if e := echoed(t, post("allow")); e.Event.RequestContext.Authorizer["account"] != "ann" || e.Event.RequestContext.Authorizer["number"] != "7" || e.Event.RequestContext.Authorizer["principalId"] != "p" {
		t.Errorf("authorizer %v; want its context, as texts", e.Event.RequestContext.Authorizer)
	}
	r := post("deny")
	if r.status != 401 || r.body != "" || r.header.Get("WWW-Authenticate") != `Say, "please"` || r.header.Get("X-Request-Id") == "" {
		t.Errorf("%+v; want an empty 401 with the authorizer's challenge", r)
	}
	for _, broken := range []string{"crash", "nonsense"} {
		if r := post(broken); r.status != 500 || r.body != "broken" {
			t.Errorf("%s: %+v; want the default of its class", broken, r)
		}
	}
	if echoed(t, post("allow")).Pid == 0 {
		t.Error("the authorizer does not come back after a crash")
	}
}

func TestBodies(t *testing.T) {
	_, s := newGateway(t)
	post := func(header map[string]string, body []byte) reply {
		return ask(t, s, "POST", "/stage/v1/7/sub", header, body)
	}
	if e := echoed(t, post(map[string]string{"Content-Type": "Application/XML; charset=utf-16"}, []byte{0xff, 0xfe})); !e.Event.IsBase64Encoded || e.Event.Body != "//4=" {
		t.Errorf("binary: %q", e.Event.Body)
	}
	if e := echoed(t, post(map[string]string{"Content-Type": "text/plain"}, []byte("a\xffb"))); e.Event.IsBase64Encoded || e.Event.Body != "a\ufffdb" {
		t.Errorf("text: %q; want what is not UTF-8 spoilt, as API Gateway does", e.Event.Body)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte("plain")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	packed := map[string]string{"Content-Encoding": "gzip"}
	if e := echoed(t, post(packed, z.Bytes())); e.Event.Body != "plain" || e.Event.Headers["Content-Encoding"] != "" {
		t.Errorf("gzip: %q %v; want it expanded", e.Event.Body, e.Event.Headers)
	}
	if r := post(packed, []byte("no gzip")); r.status != 400 {
		t.Errorf("damaged gzip: status %d; want 400", r.status)
	}
	for size, want := range map[int]string{5 << 20: "", 7 << 20: `{"message":"Request Too Long"}`, 11 << 20: `{"message":null}`} {
		r := post(map[string]string{"Content-Type": "text/plain"}, bytes.Repeat([]byte("x"), size))
		if want == "" && r.status != 200 || want != "" && (r.status != 413 || r.body != want) {
			t.Errorf("%d bytes: status %d, %.100s", size, r.status, r.body)
		}
	}
	if r := ask(t, s, "GET", "/stage/v1/7/sub", map[string]string{"X-Long": strings.Repeat("x", maxHeaders)}, nil); r.status != 400 {
		t.Errorf("headers over the limit: status %d; want 400", r.status)
	}
}

func TestAnswers(t *testing.T) {
	_, s := newGateway(t)
	get := func(do, accept string) reply {
		return ask(t, s, "GET", "/stage/v1/list?do="+do, map[string]string{"Accept": accept}, nil)
	}
	if r := get("binary", ""); r.status != 201 || r.body != "\x00\xff" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v; want the bytes, and a type although none was given", r)
	}
	r := get("headers", "")
	if r.header.Get("WWW-Authenticate") != "" || r.header.Get("X-Amzn-Remapped-Www-Authenticate") != "Basic" || r.header.Get("X-Amzn-Remapped-Server") != "mine" ||
		r.header.Get("X-Amzn-Remapped-Date") != "today" || strings.Join(r.header.Values("X-Own"), ",") != "a,b" {
		t.Errorf("%v; want some headers renamed, and all values of the others", r.header)
	}
	for _, do := range []string{"fail", "crash", "malformed", "large"} {
		if r := get(do, ""); r.status != 504 || r.body != "broken" {
			t.Errorf("%s: %d %q; want the default answer with the status of its type", do, r.status, r.body)
		}
	}
	if r := get("hang", "application/xml, */*"); r.status != 503 || r.body != "<late/>" || r.header.Get("Retry-After") != "1" || r.header.Get("Content-Type") != "application/xml" {
		t.Errorf("%+v; want the answer for a time-out, by Accept", r)
	}
	if r := get("hang", "text/html"); !strings.HasPrefix(r.body, `{"late":"00000000-`) {
		t.Errorf("%q; want the JSON answer with the request's id", r.body)
	}
	echoed(t, get("", ""))
}

// TestInstances: one at a time goes through an instance, which is used again.
func TestInstances(t *testing.T) {
	g, s := newGateway(t)
	first := echoed(t, ask(t, s, "GET", "/stage/v1/list", nil, nil))
	second := echoed(t, ask(t, s, "GET", "/stage/v1/list", nil, nil))
	if first.Pid != second.Pid || second.Count != 2 {
		t.Errorf("processes %d and %d, count %d; want the same for one after the other", first.Pid, second.Pid, second.Count)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if r := ask(t, s, "GET", "/stage/v1/list", nil, nil); r.status != 200 {
				t.Errorf("status %d", r.status)
			}
		})
	}
	all.Wait()
	pids := map[int]bool{}
	for in := range g.pools["Echo"].all {
		pids[in.process.Process.Pid] = true
	}
	if len(pids) < 1 || len(pids) > 9 {
		t.Errorf("%d instances for 8 requests at once", len(pids))
	}
	s.Close()
	g.Close()
	for pid := range pids {
		if p, err := os.FindProcess(pid); err == nil && p.Signal(syscall.Signal(0)) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
}
