package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"docket/shared/client"
	"docket/shared/wire"
)

// store is a server's memory: it takes records all or none, once a key, and
// refuses those whose Who is "bad".
type store struct {
	mu      sync.Mutex
	whats   []string
	keys    map[string][32]byte
	blind   bool // errors name no record
	largest int  // a larger request is 413; 0 is no limit

	before func(n int) error // called with the number of the request
	after  func(n int) error // called when it was stored, before the answer
	calls  int
}

func (s *store) Write(_ context.Context, body []byte, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.before != nil {
		if err := s.before(s.calls); err != nil {
			return err
		}
	}
	if err := s.take(body, key); err != nil {
		return err
	}
	if s.after != nil {
		return s.after(s.calls)
	}
	return nil
}

func (s *store) take(body []byte, key string) error {
	sum := sha256.Sum256(body)
	if old, again := s.keys[key]; again {
		if old != sum {
			return &client.Refused{Status: http.StatusBadRequest, Errors: []wire.Error{{Category: wire.InputError, Description: "key reused"}}}
		}
		return nil
	}
	if s.largest > 0 && len(body) > s.largest {
		return &client.Refused{Status: http.StatusRequestEntityTooLarge}
	}
	recs, err := wire.ReadRecords(wire.Sniff(body), body)
	var invalid *wire.Invalid
	if errors.As(err, &invalid) {
		return s.refuse(invalid.Errors)
	}
	if err != nil {
		return err
	}
	var errs []wire.Error
	for i := range recs {
		if recs[i].Who == "bad" {
			errs = append(errs, wire.Error{Category: wire.InputError, Description: "Who is bad.", Location: wire.RecordLocation(wire.JSON, i) + "/Who"})
		}
	}
	if errs != nil {
		return s.refuse(errs)
	}
	for i := range recs {
		s.whats = append(s.whats, recs[i].What)
	}
	if s.keys == nil {
		s.keys = map[string][32]byte{}
	}
	s.keys[key] = sum
	return nil
}

func (s *store) refuse(errs []wire.Error) error {
	if s.blind {
		errs = []wire.Error{{Category: wire.InputError, Description: "something is wrong"}}
	}
	return &client.Refused{Status: http.StatusBadRequest, Errors: errs}
}

func (s *store) importer() *Importer {
	return &Importer{Writer: func(wire.Format) Writer { return s }, Run: "run"}
}

// lines makes NDJSON of n records whose What is their number; bad ones as told.
func lines(n int, bad ...int) string {
	var b strings.Builder
	for i := range n {
		who := "u"
		if slices.Contains(bad, i) {
			who = "bad"
		}
		fmt.Fprintf(&b, `{"Who":%q,"Where":"h","ObjectType":"t","What":"%d","Action":"Read","When":"2026-01-01T00:00:00Z"}`+"\n", who, i)
	}
	return b.String()
}

func numbers(n int, without ...int) []string {
	var list []string
	for i := range n {
		if !slices.Contains(without, i) {
			list = append(list, fmt.Sprint(i))
		}
	}
	return list
}

func TestImport(t *testing.T) {
	s := &store{}
	im := s.importer()
	im.Batch = 10
	if err := im.File(context.Background(), "f", strings.NewReader(lines(35))); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.whats, numbers(35)) || s.calls != 4 {
		t.Errorf("%d requests stored %q", s.calls, s.whats)
	}
	if r := im.Result(); r != (Result{Stored: 35}) {
		t.Errorf("%+v", r)
	}
	if err := im.File(context.Background(), "empty", strings.NewReader("")); err != nil || s.calls != 4 {
		t.Errorf("an empty file: %v, %d requests", err, s.calls)
	}
}

func TestImportFormats(t *testing.T) {
	array := "[" + strings.ReplaceAll(strings.TrimSpace(lines(7)), "\n", ",") + "]"
	recs, err := wire.ReadRecords(wire.JSON, []byte(array))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"array": array,
		"form":  `{"ActivityRecordList":` + array + `,"ContinuationMark":"m"}`,
		"xml":   string(wire.AppendRecords(nil, wire.XML, recs)),
	} {
		s := &store{}
		im := s.importer()
		im.Batch = 3
		if err := im.File(context.Background(), name, strings.NewReader(text)); err != nil || !slices.Equal(s.whats, numbers(7)) {
			t.Errorf("%s: %v, stored %q", name, err, s.whats)
		}
	}
}

func TestRefusedRecords(t *testing.T) {
	damaged := strings.Replace(lines(20, 3, 12, 13), "{\"Who\":\"u\",\"Where\":\"h\",\"ObjectType\":\"t\",\"What\":\"7\"", "{", 1)
	for _, c := range []struct {
		name    string
		text    string
		onError OnError
		blind   bool
		stored  []string
		lines   []int
		reason  string
	}{
		{"stop", lines(20, 3, 12, 13), Stop, false, nil, []int{4}, "Who is bad."},
		{"stop in the second batch", lines(20, 12, 13), Stop, false, numbers(10), []int{13, 14}, "Who is bad."},
		{"skip", lines(20, 3, 12, 13), Skip, false, numbers(20, 3, 12, 13), []int{4, 13, 14}, "Who is bad."},
		{"skip without locations", lines(20, 0, 9, 12), Skip, true, numbers(20, 0, 9, 12), []int{1, 10, 13}, "the server answered 400: InputError: something is wrong"},
		{"skip with missing fields", damaged, Skip, false, numbers(20, 3, 7, 12, 13), []int{4, 8, 13, 14}, ""},
		{"skip a line that is no JSON", lines(3) + "oops\n" + lines(1), Skip, false, []string{"0", "1", "2", "0"}, []int{4}, "this is not one complete JSON object"},
		{"stop at a line that is no JSON", lines(3) + "oops\n", Stop, false, nil, []int{4}, "this is not one complete JSON object"},
		{"all of them", lines(12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Skip, false, nil, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "Who is bad."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &store{blind: c.blind}
			im := s.importer()
			im.Batch, im.OnError = 10, c.onError
			var reported []int
			im.Report = func(r Refusal) {
				reported = append(reported, r.Line)
				if r.File != "f" || (c.reason != "" && r.Reason != c.reason) {
					t.Errorf("reported %+v", r)
				}
			}
			err := im.File(context.Background(), "f", strings.NewReader(c.text))
			if errors.Is(err, ErrRefused) != (c.onError == Stop) || (c.onError == Skip && err != nil) {
				t.Error(err)
			}
			slices.Sort(reported)
			if !slices.Equal(s.whats, c.stored) || !slices.Equal(reported, c.lines) {
				t.Errorf("stored %q, reported lines %v", s.whats, reported)
			}
			if r := im.Result(); r.Stored != int64(len(c.stored)) || r.Refused != int64(len(c.lines)) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestBlindStop(t *testing.T) {
	s := &store{blind: true}
	im := s.importer()
	var got []Refusal
	im.Report = func(r Refusal) { got = append(got, r) }
	err := im.File(context.Background(), "f", strings.NewReader(lines(5, 2)))
	want := []Refusal{{File: "f", Line: 1, Through: 5, Reason: "the server answered 400: InputError: something is wrong"}}
	if !errors.Is(err, ErrRefused) || !cmp.Equal(got, want) || s.calls != 1 {
		t.Errorf("%v, %d requests, reported %+v", err, s.calls, got)
	}
}

func TestTooLarge(t *testing.T) {
	text := lines(9) + strings.Replace(lines(1), `"h"`, `"`+strings.Repeat("h", 600)+`"`, 1)
	s := &store{largest: 500}
	im := s.importer()
	im.OnError = Skip
	var got []int
	im.Report = func(r Refusal) { got = append(got, r.Line) }
	if err := im.File(context.Background(), "f", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.whats, numbers(9)) || !slices.Equal(got, []int{10}) {
		t.Errorf("stored %q, refused %v", s.whats, got)
	}
}

func TestDamagedFile(t *testing.T) {
	s := &store{}
	err := s.importer().File(context.Background(), "f", strings.NewReader("["+strings.ReplaceAll(strings.TrimSpace(lines(5)), "\n", ",")))
	if err == nil || !strings.Contains(err.Error(), "read f: line 1: the file ends within a list") {
		t.Error(err)
	}
	if !slices.Equal(s.whats, numbers(5)) {
		t.Errorf("stored %q: what was read before the damage belongs to the server", s.whats)
	}
}

func TestInFlight(t *testing.T) {
	s := &store{}
	im := s.importer()
	im.Batch, im.InFlight = 7, 4
	if err := im.File(context.Background(), "f", strings.NewReader(lines(500))); err != nil {
		t.Fatal(err)
	}
	got, want := slices.Sorted(slices.Values(s.whats)), slices.Sorted(slices.Values(numbers(500)))
	if !slices.Equal(got, want) {
		t.Errorf("%d records stored", len(got))
	}
}

// A run may be killed before, between and after the two effects of a write; the
// file may grow and the batch size change before the next run. Nothing is lost
// and nothing twice.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, "records.ndjson")
		state := filepath.Join(dir, "state")
		for _, p := range []string{path, state} {
			if err := os.Remove(p); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		size := rapid.IntRange(1, 60).Draw(rt, "records")
		bad := rapid.SliceOfN(rapid.IntRange(0, 60), 0, 3).Draw(rt, "bad")
		s := &store{}
		killed := errors.New("killed")
		runs := 0
		for {
			runs++
			last := runs > 6
			if err := os.WriteFile(path, []byte(lines(size, bad...)), 0o600); err != nil {
				t.Fatal(err)
			}
			st, err := OpenImportState(state, "server", fmt.Sprintf("run %d", rand.Uint64()), time.Now)
			if err != nil {
				rt.Fatal(err)
			}
			im := s.importer()
			im.State, im.OnError = st, Skip
			im.Batch = rapid.IntRange(1, 20).Draw(rt, "batch")
			im.InFlight = rapid.IntRange(1, 3).Draw(rt, "in flight")
			at := s.calls + rapid.IntRange(1, 5).Draw(rt, "kill")
			var atDeath []byte // the state that a killed program leaves behind
			kill := func(n int) error {
				if n < at || last {
					return nil
				}
				if atDeath == nil {
					atDeath = read(t, state)
				}
				return killed
			}
			// Once it is dead a program sends nothing more, whatever its other
			// goroutines were about to do.
			dead := func(int) error {
				if atDeath != nil {
					return killed
				}
				return nil
			}
			s.before, s.after = dead, nil
			if rapid.Bool().Draw(rt, "after") {
				s.after = kill
			} else {
				s.before = kill
			}
			err = im.File(context.Background(), path, bytes.NewReader(read(t, path)))
			if err == nil {
				break
			}
			if !errors.Is(err, killed) || last {
				rt.Fatal(err)
			}
			if err := os.WriteFile(state, atDeath, 0o600); err != nil {
				t.Fatal(err)
			}
			size += rapid.IntRange(0, 10).Draw(rt, "more")
		}
		got, want := slices.Sorted(slices.Values(s.whats)), slices.Sorted(slices.Values(numbers(size, bad...)))
		if !slices.Equal(got, want) {
			rt.Fatalf("after %d runs: stored %q, want %q", runs, got, want)
		}
	})
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStateOfAnother(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	run := func(server, text string) error {
		st, err := OpenImportState(state, server, "run", time.Now)
		if err != nil {
			return err
		}
		s := &store{}
		im := s.importer()
		im.State = st
		return im.File(context.Background(), filepath.Join(dir, "f"), strings.NewReader(text))
	}
	if err := run("a", lines(5)); err != nil {
		t.Fatal(err)
	}
	if err := run("b", lines(5)); err == nil || !strings.Contains(err.Error(), "is of an import into a, not b") {
		t.Errorf("another server: %v", err)
	}
	if err := run("a", lines(5, 0)); err == nil || !strings.Contains(err.Error(), "is not the file that state") {
		t.Errorf("another file: %v", err)
	}
	if err := run("a", lines(4)); err == nil {
		t.Error("a shorter file was taken for the same")
	}
	for _, text := range []string{"", "{", `{"version":2}`, `{"version":1,"kind":"export"}`, `{"version":1,"more":1}`} {
		if err := os.WriteFile(state, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run("a", lines(5)); err == nil {
			t.Errorf("the state %q was taken", text)
		}
	}
}

func TestDoubtful(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	lost := errors.New("lost")
	s := &store{before: func(int) error { return lost }}
	for range 2 {
		st, err := OpenImportState(state, "server", "run", func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		im := s.importer()
		im.State, im.Batch = st, 10
		err = im.File(context.Background(), "f", strings.NewReader(lines(25)))
		if s.before != nil {
			if !errors.Is(err, lost) {
				t.Fatal(err)
			}
			s.before = nil
			now = now.Add(24 * time.Hour)
			continue
		}
		if r := im.Result(); err != nil || r.Stored != 25 || r.Doubtful != 10 && r.Doubtful != 20 {
			t.Errorf("%v, %+v", err, r)
		}
	}
}

func TestBlamed(t *testing.T) {
	at := func(location string) wire.Error { return wire.Error{Description: "d", Location: location} }
	for _, c := range []struct {
		location string
		want     int // -1: nobody
	}{
		{"/ActivityRecordList/ActivityRecord[1]/Who", 0},
		{"/ActivityRecordList/ActivityRecord[5]", 4},
		{"/ActivityRecordList/ActivityRecord[2]/DetailList/Detail[9]/PropertyName", 1},
		{"/ActivityRecordList/ActivityRecord/Who", 0},
		{"/ActivityRecordList/ActivityRecord[6]/Who", -1},
		{"/ActivityRecordList/ActivityRecord[0]/Who", -1},
		{"/ActivityRecordList/ActivityRecord[99999999999999999999]/Who", -1},
		{"/ActivityRecordList", -1},
		{"", -1},
	} {
		got := blamed([]wire.Error{at(c.location)}, 5)
		if c.want < 0 && len(got) > 0 || c.want >= 0 && len(got[c.want]) != 1 {
			t.Errorf("%s: %v", c.location, got)
		}
	}
}
