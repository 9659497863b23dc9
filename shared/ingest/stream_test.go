package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/source"
	"docket/shared/source/sourcetest"
)

func never() bool { return false }

// after says true from its n-th call on.
func after(n int) func() bool {
	return func() bool { n--; return n < 0 }
}

func origin(name string) Origin {
	return Origin{Owner: "test", Name: name, Life: KeyLife, Principal: "test", Kinds: source.All}
}

// stream gives a text until it has ended, with at most so many calls of stop each
// time, by an Ingester of its own each time.
func (w *world) stream(t *testing.T, o Origin, text string, looks func() int) (total Result, refused []string) {
	t.Helper()
	var at Progress
	for range 10_000 {
		r, next, ended, err := w.ingester(w.Ledger).Stream(context.Background(), strings.NewReader(text), o, at, after(looks()), func(r Refusal) { refused = append(refused, r.String()) })
		if err != nil {
			t.Fatal(err)
		}
		total.Add(r)
		if ended {
			return total, refused
		}
		if next.Refused != total.Refused || next.Entry < at.Entry {
			t.Fatalf("progress %+v after %+v with %d refused", next, at, total.Refused)
		}
		at = next
	}
	t.Fatal("it does not end")
	return total, refused
}

// TestStreamInPieces: a text that is stopped anywhere and continued has each record
// once and each refusal once, and the same as without a stop.
func TestStreamInPieces(t *testing.T) {
	var b strings.Builder
	for i := range 6000 {
		if i%700 == 3 {
			b.WriteString("{bad\n")
		}
		b.WriteString(record(i))
	}
	for name, text := range map[string]string{"plain": b.String(), "packed": string(sourcetest.Packed(t, b.String()))} {
		whole := newWorld(t)
		want, wantRefused := whole.stream(t, origin(name), text, func() int { return 1 << 30 })
		if want != (Result{Stored: 6000, Refused: 9}) {
			t.Fatalf("%+v", want)
		}
		for seed := range uint64(5) {
			w := newWorld(t)
			r := rand.New(rand.NewPCG(seed, 11))
			got, refused := w.stream(t, origin(name), text, func() int { return 4 + r.IntN(12) })
			got.Stored, got.Before = got.Stored+got.Before, 0
			if diff := cmp.Diff(wantRefused, refused); diff != "" || got != want {
				t.Errorf("%s, seed %d: %+v; want %+v\n%s", name, seed, got, want, diff)
			}
			if diff := cmp.Diff(whole.stored(), w.stored()); diff != "" {
				t.Errorf("%s, seed %d: %s", name, seed, diff)
			}
		}
	}
}

// TestStreamWithoutTime makes no progress and says so.
func TestStreamWithoutTime(t *testing.T) {
	w := newWorld(t)
	r, next, ended, err := w.ingester(w.Ledger).Stream(context.Background(), strings.NewReader(record(1)), origin("a"), Progress{}, after(0), func(Refusal) {})
	if r != (Result{}) || next != (Progress{Entry: 1}) || ended || err != nil {
		t.Errorf("%+v, %+v, %v, %v", r, next, ended, err)
	}
}

// TestStreamIdentity: the origin tells texts apart, not their content; the same
// origin with other content is refused, and nothing of it stored.
func TestStreamIdentity(t *testing.T) {
	w := newWorld(t)
	always := func() int { return 1 << 30 }
	for i := range 3 {
		if r, _ := w.stream(t, origin(fmt.Sprint(i)), record(1), always); r != (Result{Stored: 1}) {
			t.Errorf("%+v", r)
		}
	}
	if r, _ := w.stream(t, origin("1"), record(1), always); r != (Result{Before: 1}) {
		t.Errorf("again: %+v", r)
	}
	r, refused := w.stream(t, origin("1"), record(2), always)
	if r != (Result{Refused: 1}) || len(refused) != 1 || refused[0] != "record 1, line 1: something else was stored under its identity before" {
		t.Errorf("other content: %+v, %q", r, refused)
	}
	if n := len(w.stored()); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
}

// TestStreamKinds: a queue of records is no way in for events.
func TestStreamKinds(t *testing.T) {
	w := newWorld(t)
	event := `{"eventVersion":"1","eventTime":"2026-01-01T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets"}`
	envelope := `{"id":"1","detail-type":"t","detail":` + strings.TrimSpace(record(1)) + `}`
	text := event + "\n" + envelope + "\n" + record(2)
	for kinds, want := range map[source.Kinds]Result{
		source.All: {Stored: 3}, source.Records: {Stored: 1, Refused: 2}, source.Events: {Stored: 1, Refused: 2},
		source.Envelopes: {Stored: 1, Refused: 2}, source.Events | source.Records: {Stored: 2, Refused: 1},
	} {
		o := origin(fmt.Sprint(kinds))
		o.Kinds = kinds
		if r, refused := w.stream(t, o, text, func() int { return 1 << 30 }); r != want {
			t.Errorf("%d: %+v, %q; want %+v", kinds, r, refused, want)
		}
	}
}

// TestStreamFaults: a medium that fails is an error; what came before it is stored
// once, whether it goes on from there or from the beginning.
func TestStreamFaults(t *testing.T) {
	w := newWorld(t)
	text := records(2500)
	none := func(r Refusal) { t.Errorf("refused: %v", r) }
	broken := &failing{Reader: strings.NewReader(text), good: int64(len(text) - 10)}
	r, next, ended, err := w.ingester(w.Ledger).Stream(context.Background(), broken, origin("a"), Progress{}, never, none)
	if !errors.Is(err, errCut) || ended || r != (Result{Stored: 2000}) || next != (Progress{Entry: 2001}) {
		t.Errorf("%+v, %+v, %v, %v", r, next, ended, err)
	}
	for i, want := range []Result{{Stored: 500}, {Before: 500}} {
		r, _, ended, err = w.ingester(w.Ledger).Stream(context.Background(), strings.NewReader(text), origin("a"), next, never, none)
		if r != want || !ended || err != nil {
			t.Errorf("%d: %+v, %v, %v", i, r, ended, err)
		}
	}
	if r, _ := w.stream(t, origin("a"), text, func() int { return 1 << 30 }); r != (Result{Before: 2500}) {
		t.Errorf("from the beginning: %+v", r)
	}
}
