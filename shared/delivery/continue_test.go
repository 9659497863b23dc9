package delivery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/ingest"
)

// longFile has 9,000 records, some of them bad, one every 1,500 entries.
func longFile() string {
	var b strings.Builder
	for i := range 9000 {
		if i%1500 == 7 {
			b.WriteString("bad\n")
		}
		b.WriteString(record(i) + "\n")
	}
	return b.String()
}

// TestContinued: a file that takes several invocations is stored once, its bad
// records are told once, and redriving all letters stores nothing.
func TestContinued(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		looks int // at the time, that reading all of the file takes
	}{"plain": {longFile(), 6}, "packed": {packed(t, longFile()), 2}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := rand.New(rand.NewPCG(4, 5))
			m := Message{ID: "m", Body: w.put("long", "1", c.text), Received: 1}
			var total ingest.Result
			turns, continued := 0, 0
			for next := []Message{m}; len(next) > 0; turns++ {
				if turns > 1000 {
					t.Fatal("it does not end")
				}
				looks := c.looks + 2 + r.IntN(6)
				s := New(w.config()).Take(context.Background(), Files, next, func() bool { looks--; return looks < 0 }, "")
				total.Add(s.Records)
				continued += s.Continued
				this := next[0]
				next = next[:0]
				for i, l := range w.letters[Address{Queue: Files}] {
					next = append(next, Message{ID: fmt.Sprint(turns, i), Body: l.Body, Attributes: l.Attributes, Received: 1})
				}
				delete(w.letters, Address{Queue: Files})
				if len(s.Retry) > 0 {
					next = append(next, this)
				}
			}
			if total != (ingest.Result{Stored: 9000, Refused: 6}) || continued < 2 || len(w.stored()) != 9000 {
				t.Errorf("%+v in %d turns, %d continued, %d stored", total, turns, continued, len(w.stored()))
			}
			var lines []string
			for _, reason := range w.dead(Files) {
				_, list, _ := strings.Cut(reason, ": ")
				lines = append(lines, strings.Split(list, "; ")...)
			}
			var want []string
			for i := range 6 {
				n := i*1501 + 8
				want = append(want, fmt.Sprintf("record %d, line %d: this is not one complete JSON object", n, n))
			}
			if diff := cmp.Diff(want, lines); diff != "" {
				t.Error(diff)
			}

			letters := w.letters[Address{Files, true}]
			clear(w.letters)
			for i, l := range letters {
				w.take(Files, Message{ID: fmt.Sprint("redriven ", i), Body: l.Body, Attributes: l.Attributes, Received: 1})
			}
			if len(w.stored()) != 9000 {
				t.Errorf("redriven: %d stored", len(w.stored()))
			}
			for i, l := range w.letters[Address{Files, true}] {
				if diff := cmp.Diff(letters[i], l); diff != "" {
					t.Errorf("a letter that was redriven is another one: %s", diff)
				}
			}
			if len(w.letters[Address{Files, true}]) != len(letters) {
				t.Errorf("%d letters, want %d", len(w.letters[Address{Files, true}]), len(letters))
			}
		})
	}
}

// TestStuck: a file that makes no progress is not put back for ever.
func TestStuck(t *testing.T) {
	w := newWorld(t)
	m := Message{ID: "m", Body: w.put("long", "1", strings.Repeat(" ", 10<<20)), Received: 4}
	take := func() Summary {
		looks := 6
		return New(w.config()).Take(context.Background(), Files, []Message{m}, func() bool { looks--; return looks < 0 }, "")
	}
	if s := take(); len(s.Retry) != 1 || s.Continued != 0 {
		t.Errorf("%+v", s)
	}
	m.Received = 5
	if s := take(); len(s.Retry) != 0 || s.Refused != 1 || s.Continued != 0 {
		t.Errorf("%+v", s)
	}
	want := []string{"given up after 5 tries, the last one: from record 1 on: not one batch of records could be stored in the time of an invocation"}
	if diff := cmp.Diff(want, w.dead(Files)); diff != "" {
		t.Error(diff)
	}
}

// TestProgressText: what we write we read, and nothing else.
func TestProgressText(t *testing.T) {
	for _, p := range []ingest.Progress{{}, {Entry: 1}, {Entry: 1001, Refused: 3}, {Entry: 1001, Refused: 3, Until: 3001}} {
		if got, err := parseProgress(progressText(p)); got != p || err != nil {
			t.Errorf("%+v: %+v, %v", p, got, err)
		}
	}
	for _, text := range []string{"entry", "entry=", "entry=x", "entry=-1", "line=1", "entry=1 x", "entry=99999999999999999999"} {
		if p, err := parseProgress(text); err == nil {
			t.Errorf("%q: %+v", text, p)
		}
	}
	w := newWorld(t)
	m := Message{ID: "m", Body: w.put("k", "1", record(1)), Attributes: map[string]Attribute{Progress: {Type: "String", Text: "now"}}}
	check(t, w.ending(Files, m), refused(`the attribute DocketProgress is not of the form "entry=N refused=N"`))
}

// TestLetters: attributes of others are kept as far as there is room, and a reason
// is a text that SQS takes.
func TestLetters(t *testing.T) {
	m := Message{ID: "m", Body: "b", Attributes: map[string]Attribute{Identity: {Type: "String", Text: "first"}, Reason: {Type: "String", Text: "old"}}}
	for i := range 10 {
		m.Attributes[fmt.Sprint("a", i)] = Attribute{Type: "Binary", Binary: []byte{byte(i)}}
	}
	l := letter(&m, map[string]string{Reason: "new", FromQueue: "files"})
	if len(l.Attributes) != maxAttributes || l.Attributes[Identity].Text != "first" || l.Attributes[Reason].Text != "new" {
		t.Errorf("%+v", l)
	}
	if a := l.Attributes["a6"]; a.Type != "Binary" || len(a.Binary) != 1 || a.Binary[0] != 6 {
		t.Errorf("%+v", a)
	}
	if _, there := l.Attributes["a7"]; there {
		t.Error("there is more than room for")
	}
	for text, want := range map[string]string{
		"a\x00b\x1fc":                           "a\ufffdb\ufffdc",
		"\xff":                                  "\ufffd",
		"\ufffe":                                "\ufffd",
		"tab\tline\nü":                          "tab\tline\nü",
		strings.Repeat("x", MaxReason):          strings.Repeat("x", MaxReason),
		strings.Repeat("ü", MaxReason/2) + "yy": strings.Repeat("ü", MaxReason/2-3) + " (cut)",
	} {
		if got := clip(text); got != want {
			t.Errorf("%.20q: %.40q of %d bytes; want %.40q", text, got, len(got), want)
		}
	}
	var r refusals
	for i := range 1000 {
		r.add(ingest.Refusal{From: i, Through: i, Reason: "a reason of some length"})
	}
	text := r.reason(ingest.Result{Stored: 5})
	if len(text) > MaxReason || !strings.HasPrefix(text, "1000 of 1005 records") || !strings.HasSuffix(text, " more") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}
