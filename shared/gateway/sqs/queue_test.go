package sqs

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func newService() *Service { return New(Config{Base: "http://localhost", Rand: rand.Reader}) }

func send(t *testing.T, q *Queue, body string) Message {
	t.Helper()
	m, err := q.Send(body, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// receive takes what is there within a time.
func receive(t *testing.T, q *Queue, wait time.Duration) []Delivery {
	t.Helper()
	got, err := q.Receive(t.Context(), 10, wait, -1)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestRedelivery: a message that nobody deletes is hidden for the visibility
// timeout, comes again with a count, and is a dead letter after the last try, with
// its ID, attributes and time.
func TestRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		dead := s.Create(Settings{Name: "dead", Retention: 14 * 24 * time.Hour})
		q := s.Create(Settings{Name: "q", Visibility: time.Minute, MaxReceives: 3, Dead: dead})
		m, err := q.Send("one", map[string]Attribute{"A": {Type: "String", Text: "b"}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for try := 1; try <= 3; try++ {
			got := receive(t, q, 0)
			if len(got) != 1 || got[0].Receives != try || got[0].ID != m.ID {
				t.Fatalf("try %d: %+v", try, got)
			}
			if early := receive(t, q, 59*time.Second); len(early) != 0 {
				t.Fatalf("try %d: it came again before its timeout: %+v", try, early)
			}
			time.Sleep(time.Second)
		}
		if got := receive(t, q, 0); len(got) != 0 {
			t.Fatalf("a fourth delivery: %+v", got)
		}
		letters := receive(t, dead, 0)
		if len(letters) != 1 {
			t.Fatalf("dead letters: %+v", letters)
		}
		l := letters[0]
		if l.ID != m.ID || l.Body != "one" || l.Attributes["A"].Text != "b" || !l.Sent.Equal(m.Sent) || l.Source != q.ARN() || l.Receives != 1 {
			t.Errorf("the dead letter is not the message: %+v", l)
		}
		if ready, inFlight, _ := q.Count(); ready+inFlight != 0 {
			t.Errorf("%d ready and %d in flight are left", ready, inFlight)
		}
	})
}

func TestDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newService().Create(Settings{Name: "q", Visibility: time.Minute})
		send(t, q, "one")
		first := receive(t, q, 0)[0]
		time.Sleep(time.Minute)
		second := receive(t, q, 0)[0]
		if err := q.Delete(first.Receipt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		third := receive(t, q, 0)
		if len(third) != 1 {
			t.Fatal("the receipt of an earlier delivery deleted the message")
		}
		if second.Receipt == third[0].Receipt {
			t.Error("two deliveries have one receipt")
		}
		if err := q.Delete(third[0].Receipt); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, q, time.Hour); len(got) != 0 {
			t.Errorf("a deleted message came again: %+v", got)
		}
		if err := q.Delete("nonsense"); err == nil {
			t.Error("a receipt that is none was accepted")
		}
	})
}

func TestHide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newService().Create(Settings{Name: "q", Visibility: time.Minute})
		send(t, q, "one")
		d := receive(t, q, 0)[0]
		if err := q.Hide(d.Receipt, 2*time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, q, 119*time.Second); len(got) != 0 {
			t.Fatal("it came again before the longer timeout")
		}
		if got := receive(t, q, time.Second); len(got) != 1 {
			t.Fatal("it did not come again after the longer timeout")
		} else if err := q.Hide(got[0].Receipt, 0); err != nil {
			t.Fatal(err)
		} else if err := q.Hide(got[0].Receipt, 0); code(err) != "MessageNotInflight" {
			t.Errorf("hide what is not in flight: %v", err)
		}
		if got := receive(t, q, 0); len(got) != 1 {
			t.Error("it did not come again at once")
		}
	})
}

func code(err error) string {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// TestLongPolling: who waits gets a message when it comes, and not before.
func TestLongPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newService().Create(Settings{Name: "q"})
		begun := time.Now()
		go func() {
			time.Sleep(7 * time.Second)
			if _, err := q.Send("late", nil, 5*time.Second); err != nil {
				t.Error(err)
			}
		}()
		if got := receive(t, q, 10*time.Second); len(got) != 0 || time.Since(begun) != 10*time.Second {
			t.Errorf("%d after %s", len(got), time.Since(begun))
		}
		if got := receive(t, q, 10*time.Second); len(got) != 1 || time.Since(begun) != 12*time.Second {
			t.Errorf("%d after %s; want the one that was delayed to 12 s", len(got), time.Since(begun))
		}
	})
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		dead := s.Create(Settings{Name: "dead", Retention: time.Hour})
		q := s.Create(Settings{Name: "q", Retention: time.Hour, Visibility: time.Minute, MaxReceives: 1, Dead: dead})
		send(t, q, "one")
		receive(t, q, 0)
		time.Sleep(time.Minute)
		receive(t, q, 0) // makes it a dead letter
		if ready, _, _ := dead.Count(); ready != 1 {
			t.Fatal("there is no dead letter")
		}
		time.Sleep(time.Hour)
		if got := receive(t, dead, 0); len(got) != 0 {
			t.Error("the retention is not counted from when the message was sent first")
		}
	})
}

// TestRepeat: each deleted message comes exactly once more.
func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{Rand: rand.Reader, Repeat: 1}).Create(Settings{Name: "q"})
		send(t, q, "one")
		n := 0
		for got := receive(t, q, time.Hour); len(got) > 0; got = receive(t, q, time.Hour) {
			n += len(got)
			if err := q.Delete(got[0].Receipt); err != nil {
				t.Fatal(err)
			}
		}
		if n != 2 {
			t.Errorf("%d deliveries; want 2", n)
		}
	})
}

func TestVisibilityZero(t *testing.T) {
	q := newService().Create(Settings{Name: "q"})
	send(t, q, "one")
	for range 2 {
		if got, err := q.Receive(t.Context(), 10, 0, 0); err != nil || len(got) != 1 {
			t.Fatalf("%d deliveries, %v; want one at a time", len(got), err)
		}
	}
}

func TestRefusals(t *testing.T) {
	q := newService().Create(Settings{Name: "q", MaxBytes: 1000})
	many := map[string]Attribute{}
	for _, name := range strings.Split("a b c d e f g h i j k", " ") {
		many[name] = Attribute{Type: "String", Text: "x"}
	}
	for name, c := range map[string]struct {
		body       string
		attributes map[string]Attribute
		code       string
	}{
		"empty":               {"", nil, "MissingParameter"},
		"too long":            {strings.Repeat("x", 1001), nil, "InvalidParameterValue"},
		"long with attribute": {strings.Repeat("x", 990), map[string]Attribute{"name": {Type: "String", Text: "text"}}, "InvalidParameterValue"},
		"control character":   {"a\x00b", nil, "InvalidMessageContents"},
		"not UTF-8":           {"a\xffb", nil, "InvalidMessageContents"},
		"too many attributes": {"x", many, "InvalidParameterValue"},
		"name":                {"x", map[string]Attribute{"AWS.x": {Type: "String", Text: "x"}}, "InvalidParameterValue"},
		"type":                {"x", map[string]Attribute{"n": {Type: "Text", Text: "x"}}, "InvalidParameterValue"},
		"no value":            {"x", map[string]Attribute{"n": {Type: "String"}}, "InvalidParameterValue"},
	} {
		if _, err := q.Send(c.body, c.attributes, 0); code(err) != c.code {
			t.Errorf("%s: %v; want %s", name, err, c.code)
		}
	}
	if ready, _, _ := q.Count(); ready != 0 {
		t.Errorf("%d messages were taken", ready)
	}
	if _, err := q.Send(strings.Repeat("x", 1000), nil, 0); err != nil {
		t.Errorf("a message of the most bytes: %v", err)
	}
}

func BenchmarkQueue(b *testing.B) {
	q := newService().Create(Settings{Name: "q"})
	body := strings.Repeat("x", 500)
	b.ReportAllocs()
	for b.Loop() {
		for range 10 {
			if _, err := q.Send(body, nil, 0); err != nil {
				b.Fatal(err)
			}
		}
		got, err := q.Receive(b.Context(), 10, 0, -1)
		if err != nil || len(got) != 10 {
			b.Fatal(len(got), err)
		}
		for _, d := range got {
			if err := q.Delete(d.Receipt); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
