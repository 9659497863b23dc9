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

// visit is a script at one server. All visits of a client are one run of it,
// since some take seconds to start.
type visit struct {
	of       int // place in offers
	protocol string
	url      string
	bodies   bodies
	watch    *watch // nil at a real server
}

func (c *client) sendAll(t *testing.T, who account, ca string, visits []visit) [][][]string {
	t.Helper()
	var all []exchange
	for _, v := range visits {
		all = append(all, script(v.url, v.bodies)...)
	}
	flat := c.send(t, who, ca, all)
	statuses := make([][][]string, len(visits))
	for i := range visits {
		for _, x := range all[i*len(steps) : (i+1)*len(steps)] {
			statuses[i] = append(statuses[i], flat[:len(x)])
			flat = flat[len(x):]
		}
	}
	return statuses
}

func TestClientsSignIn(t *testing.T) {
	var mu sync.Mutex
	observed := map[string]*row{}
	who := tester
	who.ticket = newTicket(t)
	t.Run("clients", func(t *testing.T) {
		for _, c := range matrix {
			t.Run(c.name, func(t *testing.T) {
				c.require(t)
				t.Parallel()
				r := c.try(t, who)
				mu.Lock()
				defer mu.Unlock()
				observed[c.name] = r
			})
		}
	})
	if !t.Failed() {
		documented(t, observed)
	}
}

// try runs the script against watched servers, of every offer and protocol, and
// notes what happened.
func (c *client) try(t *testing.T, who account) *row {
	t.Helper()
	b := writeBodies(t, "m")
	var visits []visit
	for i, o := range Offers {
		plain, secure := newWatch(t, o, who.ticket), newWatch(t, o, who.ticket)
		visits = append(visits, visit{i, "HTTP", plain.plain.URL, b, plain}, visit{i, "HTTPS", secure.tls.URL, b, secure})
	}
	r := &row{}
	for i, statuses := range c.sendAll(t, who, visits[0].watch.ca, visits) {
		v := visits[i]
		for step, x := range script(v.url, v.bodies) {
			c.verify(t, v, step, x, statuses[step])
		}
		r.note(v, statuses)
	}
	return r
}

// verify checks what the server saw of an exchange, and what the client said of
// it.
func (c *client) verify(t *testing.T, v visit, step int, x exchange, statuses []string) {
	t.Helper()
	where := fmt.Sprintf("%v, %s, %s", Offers[v.of], v.protocol, steps[step])
	if want := c.want(v.of, len(x)); !slices.Equal(statuses, want) {
		t.Errorf("%s: statuses %v; want %v\n%s", where, statuses, want, v.watch.dump())
		return
	}
	var admitted []seen
	for _, s := range v.watch.of(fmt.Sprint(step + 1)) {
		if s.scheme != none {
			admitted = append(admitted, s)
		}
	}
	for i, r := range x {
		if statuses[i] != "200" {
			continue
		}
		if len(admitted) == 0 {
			t.Errorf("%s: fewer requests admitted than answered\n%s", where, v.watch.dump())
			return
		}
		got := admitted[0]
		admitted = admitted[1:]
		if want := r.text(t); got.body != want {
			t.Errorf("%s: request %d arrived with %d bytes; want %d", where, i+1, len(got.body), len(want))
		}
		if got.scheme != c.by[v.of] {
			t.Errorf("%s: signed in by %q; want %q", where, got.scheme, c.by[v.of])
		}
	}
	if len(admitted) > 0 {
		t.Errorf("%s: more requests admitted than answered\n%s", where, v.watch.dump())
	}
}

// text is the body of a request.
func (r *request) text(t *testing.T) string {
	t.Helper()
	if r.body == "" {
		return ""
	}
	text, err := os.ReadFile(r.body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (w *watch) dump() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, s := range w.seen {
		fmt.Fprintf(&b, "  %s %s with %s, by %q, %d bytes, from %s\n", s.exchange, s.method, s.sent, s.scheme, len(s.body), s.connection)
	}
	return b.String()
}
