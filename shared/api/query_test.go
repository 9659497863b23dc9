package api

import (
	"errors"
	"testing"

	"docket/shared/wire"
)

func TestParseQuery(t *testing.T) {
	for _, c := range []struct {
		raw      string
		want     params
		problems int
	}{
		{"", params{wire.XML, false, 1000}, 0},
		{"format=json", params{wire.JSON, true, 1000}, 0},
		{"count=5&format=xml", params{wire.XML, true, 5}, 0},
		{"%66ormat=%6Ason", params{wire.JSON, true, 1000}, 0},
		{"x=1&y&=&&count=100001", params{wire.XML, false, maxCount}, 0},
		{"count=99999999999999999999999", params{wire.XML, false, maxCount}, 0},
		{"x=%zz;&count=2", params{wire.XML, false, 2}, 0},
		{"format=json&count=0", params{wire.JSON, true, 1000}, 1},
		{"format=yaml&count=x", params{wire.XML, false, 1000}, 2},
		{"count=%zz", params{wire.XML, false, 1000}, 1},
		{"count", params{wire.XML, false, 1000}, 1},
		{"count=1&count=2&count=3", params{wire.XML, false, 1}, 2},
		{"Count=0&FORMAT=yaml", params{wire.XML, false, 1000}, 0},
	} {
		got, err := parseQuery(c.raw)
		var invalid *wire.Invalid
		n := 0
		if errors.As(err, &invalid) {
			n = len(invalid.Errors)
		}
		if got != c.want || n != c.problems {
			t.Errorf("parseQuery(%q) = %+v, %v; want %+v and %d problems", c.raw, got, err, c.want, c.problems)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"format=json&count=10", "count=FIVE", "a=b&&=&%", "format=%6ason;count=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := parseQuery(raw)
		if p.count < 1 || p.count > maxCount {
			t.Errorf("count %d of %q", p.count, raw)
		}
		var invalid *wire.Invalid
		if err != nil && !errors.As(err, &invalid) {
			t.Errorf("%q: %v is not an answer", raw, err)
		}
	})
}

func TestTakesGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "deflate, gzip": true, "GZIP;q=0.3": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"*": true, "*;q=0": false, "identity": false, "gzip;q=0, *": false, "br, *;q=0.1": true, "gzip;q=x": false, "gzipped": false,
	} {
		if got := takesGzip([]string{header}); got != want {
			t.Errorf("takesGzip(%q) = %v; want %v", header, got, want)
		}
	}
}

func TestRoute(t *testing.T) {
	for _, c := range []struct {
		method, path string
		endpoint     Endpoint
		allow        int
	}{
		{"GET", Root + "/enum", Enum, 0}, {"POST", Root + "/enum/", Enum, 0}, {"POST", Root + "/search", Search, 0},
		{"POST", Root, Write, 0}, {"POST", Root + "/", Write, 0},
		{"GET", Root, NoEndpoint, 1}, {"PUT", Root + "/enum", NoEndpoint, 2}, {"get", Root + "/enum", NoEndpoint, 2},
		{"GET", "", NoEndpoint, 0}, {"GET", Root + "//", NoEndpoint, 0}, {"GET", Root + "enum", NoEndpoint, 0}, {"GET", Root + "/enum//", NoEndpoint, 0},
	} {
		endpoint, allow := Route(c.method, c.path)
		if endpoint != c.endpoint || len(allow) != c.allow {
			t.Errorf("Route(%s %s) = %v, %v; want %v and %d methods", c.method, c.path, endpoint, allow, c.endpoint, c.allow)
		}
	}
}
