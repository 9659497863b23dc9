package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const base = "/netwrix/api/v1/activity_records"

// bodies are files with what is posted.
type bodies struct{ mark, records string }

func writeBodies(t *testing.T, mark string) bodies {
	t.Helper()
	dir := t.TempDir()
	b := bodies{filepath.Join(dir, "mark.json"), filepath.Join(dir, "records.json")}
	one := `{"Who":"Enterprise\\Alice","ObjectType":"File","Action":"Modified","What":"\\\\server\\share\\plan.docx","When":"2026-03-04T05:06:07Z","Where":"server"}`
	records := "[" + strings.Repeat(one+",\n", 199) + one + "]" // 30 KB: more than one segment on the wire
	for file, text := range map[string]string{b.mark: `"` + mark + `"`, b.records: records} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// script is what each client does at a server: it reads, goes on by a mark,
// writes, each as the first request of a fresh client, and does all three on
// one connection.
func script(url string, b bodies) []exchange {
	n := 0
	next := func() string { n++; return fmt.Sprintf("&exchange=%d", n) }
	get := func(x string) request { return request{"GET", url + base + "/enum?format=json&count=1" + x, ""} }
	enum := func(x string) request { return request{"POST", url + base + "/enum?format=json&count=1" + x, b.mark} }
	write := func(x string) request { return request{"POST", url + base + "/?format=json" + x, b.records} }
	list := []exchange{{get(next())}, {enum(next())}, {write(next())}}
	x := next()
	return append(list, exchange{get(x), write(x), enum(x)})
}

var steps = []string{"GET enum", "POST enum", "POST write", "three in a row"}

func TestClientsSignIn(t *testing.T) {
	var mu sync.Mutex
	rows := map[string]*row{}
	t.Run("clients", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				c.require(t)
				t.Parallel()
				r := &row{scheme: c.scheme, kept: true, results: map[string]string{}}
				for _, secure := range []bool{false, true} {
					c.try(t, secure, r)
				}
				mu.Lock()
				defer mu.Unlock()
				rows[c.name] = r
			})
		}
	})
	if !t.Failed() {
		documented(t, rows)
	}
}

// try runs the script against a watched server and notes what happened.
func (c *client) try(t *testing.T, secure bool, r *row) {
	t.Helper()
	w := newWatch(t, "basic,digest")
	url, protocol := w.plain.URL, "HTTP"
	if secure {
		url, protocol = w.tls.URL, "HTTPS"
	}
	s := script(url, writeBodies(t, "m"))
	statuses := c.send(t, tester, w.ca, s)
	if !slices.Equal(statuses, []string{"200", "200", "200", "200", "200", "200"}) {
		t.Fatalf("%s: statuses %v; want 200 six times\n%s", protocol, statuses, w.dump())
	}
	c.verify(t, w, s)
	for i, step := range steps {
		r.results[step] += " " + protocol
		got := w.of(fmt.Sprint(i + 1))
		r.asks = r.asks || len(got) > 0 && got[0].scheme == ""
		r.kept = r.kept && !slices.ContainsFunc(got, func(s seen) bool { return s.connection != got[0].connection })
	}
}

// verify checks what the server saw of a script.
func (c *client) verify(t *testing.T, w *watch, s []exchange) {
	t.Helper()
	for i, x := range s {
		got := w.of(fmt.Sprint(i + 1))
		admitted := slices.DeleteFunc(slices.Clone(got), func(s seen) bool { return s.scheme == "" })
		if len(admitted) != len(x) {
			t.Errorf("%s: %d requests admitted; want %d\n%s", steps[i], len(admitted), len(x), w.dump())
			continue
		}
		for j, r := range x {
			want := ""
			if r.body != "" {
				text, err := os.ReadFile(r.body)
				if err != nil {
					t.Fatal(err)
				}
				want = string(text)
			}
			if admitted[j].body != want {
				t.Errorf("%s: request %d arrived with %d bytes; want %d", steps[i], j+1, len(admitted[j].body), len(want))
			}
			if admitted[j].scheme != c.scheme {
				t.Errorf("%s: signed in by %q; the table says %q", steps[i], admitted[j].scheme, c.scheme)
			}
		}
		for _, s := range got {
			if s.connection != got[0].connection && !c.reconnects {
				t.Errorf("%s: more than one connection\n%s", steps[i], w.dump())
				break
			}
		}
	}
}

func (w *watch) dump() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, s := range w.seen {
		fmt.Fprintf(&b, "  %s %s by %q, %d bytes, from %s\n", s.exchange, s.method, s.scheme, len(s.body), s.connection)
	}
	return b.String()
}
